"""Whatever is typed as a selection of variants means some, or is refused; nothing takes long."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alexnet_bench.errors import BenchError
from alexnet_bench.network.registry import LONGEST_NAME, LONGEST_SELECTION, LONGEST_SUM, load_registry
from alexnet_bench.network.variant import Variant

PARTS = ["alexnet", "lrn", "no-lrn", "tanh", "no-*", "all", "@lrn", "@*", "factorial:", "half-factorial:"]
PARTS += [
    "normalization",
    "dropout",
    "activation",
    "towers",
    "recipe.bias",
    ",",
    "+",
    "@",
    "*",
    "?",
    "[",
    "]",
]
PARTS += ["!", "-", ":", " ", "\n", "\0", "\udcff", "é", "." * 5]
TEXTS = st.one_of(
    st.lists(st.sampled_from(PARTS), max_size=12).map("".join),
    st.lists(st.sampled_from(["*", "?", "a", "[", "]"]), max_size=200).map("".join),
    st.text(max_size=30),
)


@pytest.fixture(scope="module")
def registry():
    return load_registry()


@settings(max_examples=300)
@given(text=TEXTS)
def test_it_is_used_or_refused(registry, text):
    for ask in (registry.select, registry.find, registry.factorials):
        try:
            found = ask(text)
        except BenchError as error:
            assert 0 < len(str(error)) < 20_000
        else:
            assert isinstance(found, list | Variant)


@pytest.mark.parametrize("text", ["a," * 6000, "*" * 20_000, "no-lrn+" * 3000], ids=lambda text: text[:6])
def test_a_very_long_one_is_refused_at_once(registry, text):
    with pytest.raises(BenchError, match=f"give {LONGEST_SELECTION:,} at most"):
        registry.select(text)


def test_names_are_short_enough_for_files(registry, write_ablations):
    """Files of predictions and models are called by them, with a precision and a seed."""
    fields = {"dropout": "0.1", "towers": "1", "kernels": "'half'", "input": "'padded'", "removed": "'conv3'"}
    names = {field: field[0] * LONGEST_NAME for field in fields}
    arms = [f"ALEXNET.but('{names[field]}', {field}={value})" for field, value in fields.items()]
    text = "from alexnet_bench import ALEXNET, Ablation\n"
    text += f"LONG = Ablation(name='long', factor='several', control=ALEXNET, arms=[{', '.join(arms)}])\n"
    own = load_registry([write_ablations({"long.py": text})])

    assert len(own.find("+".join(list(names.values())[:3])).name) <= LONGEST_SUM
    with pytest.raises(BenchError, match="is too long a name for files; add fewer variants"):
        own.select("+".join(names.values()))
