"""A block's source: what makes it another network, and what does not."""

import subprocess
import sys

import pytest

from alexnet_bench.errors import UnknownNameError
from alexnet_bench.network.parts import BLOCKS, within_map_18pct, within_map_lrn
from alexnet_bench.network.registry import load_registry

FILE = """
from functools import cache

from alexnet_bench import ALEXNET, Ablation, block

SCALES = {"wide": 1.0}
KINDS = frozenset({"a", "b", "c", "d"})


def unrelated():
    return 1


class Base:
    def size(self):
        return 1


class Own(Base):
    pass


@cache
def scale():
    return SCALES["wide"]


def helper(value):
    return scale() * value + Own().size()


@block()
def own(**layer):
    import keras

    return keras.layers.Activation(lambda x: helper(x) if KINDS else x, **layer)


def scaled(by):
    @block(name=f"scaled-{by}")
    def build(**layer):
        import keras

        return keras.layers.Activation(lambda x: by * x, **layer)

    return build


ARMS = [ALEXNET.but(item.name, activation=item) for item in (own, scaled(1), scaled(2))]
MINE = Ablation(name="mine", factor="activation", control=ALEXNET, arms=ARMS)
"""
ASK = """
import sys
from pathlib import Path
from alexnet_bench.network.registry import load_registry
print(load_registry([Path(sys.argv[1])]).variants["own"].activation.source)
"""


@pytest.fixture
def own(write_ablations):
    """The block of a file, after replacing something in it."""

    def load(before="", after="", *, name="own", folder=None):
        assert before in FILE
        folder = folder or write_ablations({})
        text = FILE.replace(before, after, 1) if before else FILE
        (folder / "mine.py").write_text(text, encoding="utf-8")
        return load_registry([folder]).variants[name].activation

    return load


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("if KINDS else x", "if KINDS else -x"),
        ("scale() * value", "scale() + value"),
        ('SCALES["wide"]', '2 * SCALES["wide"]'),
        ('{"wide": 1.0}', '{"wide": 2.0}'),
        ("        return 1\n\n\nclass Own", "        return 2\n\n\nclass Own"),
        ('"a", "b"', '"a", "e"'),
        ("@cache\n", ""),
    ],
)
def test_an_edit_of_what_the_block_leads_to_makes_another(own, before, after):
    assert own(before, after).source != own().source


def test_an_edit_of_anything_else_does_not(own):
    edited = own("    return 1\n\n\nclass Base", "    return 2\n\n\nclass Base")
    assert edited.source == own().source


def test_an_edit_in_place_makes_another(own, tmp_path):
    before = own(folder=tmp_path).source
    assert own("scale() * value", "scale() * value * value", folder=tmp_path).source != before


def test_what_a_factory_gave_makes_another(own):
    assert own(name="scaled-1").source != own(name="scaled-2").source


def test_an_edited_module_that_the_block_names_makes_another(own, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    helper = tmp_path / "helper_of_a_block.py"
    helper.write_text("SIZE = 5\n", encoding="utf-8")
    named = ("@block()\ndef own", '@block(modules=("helper_of_a_block",))\ndef own')
    block = own(*named)
    before = block.source

    helper.write_text("SIZE = 3\n", encoding="utf-8")

    assert block.source == before, "what was planned stays what it was"
    assert own(*named).source != before


def test_a_block_that_names_a_module_which_is_not_there_says_so(own):
    block = own("@block()\ndef own", '@block(modules=("no_such_module",))\ndef own')

    with pytest.raises(UnknownNameError, match="unknown module 'no_such_module'"):
        _ = block.source


@pytest.mark.parametrize("seed", ["1", "2"])
def test_every_process_finds_the_same(own, write_ablations, seed):
    folder = write_ablations({"mine.py": FILE})
    command = [sys.executable, "-c", ASK, str(folder)]
    found = subprocess.run(command, capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed})

    assert found.stdout.strip() == own().source


def test_both_normalizations_within_maps_hold_what_they_compute_with():
    """Their file takes a function from that of the paper's LRN."""
    assert within_map_18pct.modules == within_map_lrn.modules
    assert "alexnet_bench.model.lrn" in within_map_18pct.modules


def test_shipped_blocks_are_told_apart():
    blocks = {item for named in BLOCKS.values() for item in named.values() if item}
    assert len({item.source for item in blocks}) == len(blocks)
