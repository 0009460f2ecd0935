import codecs
import itertools
import textwrap
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexnet_bench import ALEXNET, Ablation
from alexnet_bench.errors import AblationError, BenchError, UnknownNameError
from alexnet_bench.network.factorial import Factorial
from alexnet_bench.network.registry import Registry, load_registry, shipped_folder

MINE = """
    from alexnet_bench import ALEXNET, Ablation

    MINE = Ablation(
        name="{name}",
        factor="dropout",
        control=ALEXNET,
        arms=[ALEXNET.but("{name}-half", dropout=0.25), ALEXNET.but("{name}-none", dropout=0.0)],
    )
"""
BLOCK = """
    from alexnet_bench import ALEXNET, Ablation, block


    @block(parameters=lambda channels: 2 * channels)
    def mine_norm(**layer):
        import keras

        return keras.layers.LayerNormalization(**layer)


    MINE = Ablation(
        name="mine",
        factor="normalization",
        control=ALEXNET,
        arms=[ALEXNET.but("mine-norm", normalization=mine_norm)],
    )
"""
HELPED = """
    from alexnet_bench import ALEXNET, Ablation, block

    from ._helpers import NAME, PARAMETERS, RATE


    @block(name=NAME, parameters=lambda channels: PARAMETERS)
    def mine(**layer):
        from . import _helpers

        return _helpers.NAME


    ARM = ALEXNET.but(NAME, normalization=mine, dropout=RATE)
    MINE = Ablation(name=NAME, factor="several", control=ALEXNET, arms=[ARM])
"""
WITH_ABLATION = """
from alexnet_bench import ALEXNET, Ablation


def ablation(name="x", factor="dropout", arm="x", **more):
    arms = [ALEXNET.but(arm, dropout=0)]
    return Ablation(**{"name": name, "factor": factor, "control": ALEXNET, "arms": arms} | more)


"""
SHIPPED = load_registry()
ABLATIONS = {
    "letters": [("a", {"dropout": 0.1}), ("b", {"towers": 1})],
    "numbers": [("a-1", {"activation": "tanh"}), ("b-2", {"input": "padded"})],
}


def names(selection, registry=SHIPPED):
    return [variant.name for variant in registry.select(selection)]


def refusal(selection):
    """The message with which a selection is refused."""
    with pytest.raises(BenchError) as caught:
        SHIPPED.select(selection)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def load_refusal(folder, *more):
    """The message with which a folder is refused."""
    with pytest.raises(AblationError) as caught:
        load_registry([folder, *more])
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture(scope="module")
def small_registry():
    """alexnet, a, b, a-1, b-2 in two ablations that have alexnet as their control."""
    registry = Registry()
    for name, arms in ABLATIONS.items():
        made = [ALEXNET.but(arm, **fields) for arm, fields in arms]
        registry.add(Ablation(name=name, factor="several", control=ALEXNET, arms=made), Path(f"{name}.py"))
    return registry


# -- what a selection means


def test_all_is_every_variant_with_the_papers_first():
    items = [item for item in SHIPPED.ablations.values() if item.apart]
    apart = {variant.name for item in items for variant in item.variants} - {"alexnet"}
    assert apart
    assert names("all") == [name for name in SHIPPED.variants if name not in apart]
    assert names("all")[0] == "alexnet"


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ("alexnet", ["alexnet"]),
        ("tanh, no-lrn", ["tanh", "no-lrn"]),
        ("@lrn", ["lrn", "no-lrn"]),
        ("@towers", ["alexnet", "single-tower", "one-gpu"]),
        ("@figure-1-[hn]*[el]", ["relu-normal", "tanh-normal", "relu-he", "tanh-he"]),
        ("no-[dl]*", ["no-dropout", "no-lrn"]),
        ("[nt]o-lrn,?anh", ["no-lrn", "tanh"]),
        ("no-lrn+tanh", ["no-lrn+tanh"]),
        ("no-lrn + tanh+no-dropout", ["no-lrn+tanh+no-dropout"]),
        ("no-lrn,@pooling,no-d*", ["no-lrn", "alexnet", "non-overlapping-pooling", "no-dropout"]),
        ("tanh,,tanh,", ["tanh"]),
        (
            "gelu,factorial:normalization,dropout,tanh",
            ["gelu", "tanh", "alexnet", "no-lrn", "no-dropout", "no-lrn+no-dropout"],
        ),
    ],
)
def test_selections(selection, expected):
    assert names(selection) == expected


TERMS = st.sampled_from(
    ["all", "alexnet", "a", "b", "a-1", "b-2", "a*", "*-?", "@letters", "@numbers", "a+b", "b+a", "b-2+a-1+a"]
)


def expand(term, known):
    """What one term means, said in another way than the registry does."""
    if term == "all":
        return known
    if term.startswith("@"):
        return ["alexnet", *(name for name, _ in ABLATIONS[term[1:]])]
    return {"a*": ["alexnet", "a", "a-1"], "*-?": ["a-1", "b-2"]}.get(term, [term])


@given(st.lists(TERMS, min_size=1, max_size=6), st.sampled_from([",", ", ", " ,", ",,"]))
def test_a_selection_is_its_terms_one_after_another_each_variant_once(small_registry, terms, comma):
    every = [expand(term, ["alexnet", "a", "b", "a-1", "b-2"]) for term in terms]

    assert names(comma.join(terms), small_registry) == list(dict.fromkeys(itertools.chain(*every)))


def test_half_a_factorial_has_the_sums_of_an_even_number_of_changes():
    selection = "half-factorial:normalization,dropout,activation,pooling,gelu"
    changes = ("no-lrn", "no-dropout", "tanh", "non-overlapping-pooling")
    names = [variant.name for variant in SHIPPED.select(selection)]

    assert SHIPPED.factorials(selection) == [Factorial(changes=changes, half=True)]
    pairs = ["+".join(pair) for pair in combinations(changes, 2)]
    assert names == ["gelu", "alexnet", *pairs, "+".join(changes)]


def test_a_factorial_crosses_the_first_arm_of_each_factor():
    selection = "factorial:normalization,dropout,activation"

    assert SHIPPED.factorials(selection) == [Factorial(changes=("no-lrn", "no-dropout", "tanh"))]
    assert len(SHIPPED.select(selection)) == 2**3
    assert SHIPPED.select(selection)[-1].changes.keys() == {"normalization", "dropout", "activation"}


# -- what is refused


def test_unknown_names_are_reported_at_once_with_the_closest_and_how_many_there_are():
    message = refusal("no-lnr,alexnet,@lnr,tanhh+no-dropuot,quantum")

    for found in (
        "'no-lnr' (did you mean 'no-lrn'?)",
        "'@lnr' (did you mean '@lrn'?)",
        "'tanhh' (did you mean 'tanh'?)",
        "'no-dropuot' (did you mean 'no-dropout'?)",
        "'quantum'",
    ):
        assert found in message
    assert "'quantum' (did" not in message
    count = len(SHIPPED.variants) + len(SHIPPED.ablations)
    assert message.endswith(f"; there are {count} to choose from, which `bench list` shows")


@given(st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1), min_size=1, max_size=5))
def test_no_unknown_name_is_forgotten(drawn):
    unknown = [f"x{name}" for name in drawn]

    with pytest.raises(UnknownNameError) as caught:
        SHIPPED.select(",".join(["alexnet", *unknown]))

    assert caught.value.unknown == unknown


SEVERAL = "which may mean several; name the variants of a sum"


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        *((empty, "give names, or `all`") for empty in ("", " ", ",", " , ,")),
        ("yes-*", "unknown variant 'yes-*'"),
        ("no-lrn+no-lrn", "sets normalization twice"),
        ("no-lrn+notebook", "sets normalization twice"),
        ("tanh+single-tower+one-gpu", "sets towers twice"),
        ("no-*+tanh", f"'no-*+tanh' adds no-*, {SEVERAL}"),
        ("tanh+@lrn", f"'tanh+@lrn' adds @lrn, {SEVERAL}"),
        ("@lrn+tanh", f"'@lrn+tanh' adds @lrn, {SEVERAL}"),
        ("two-gpu+single-tower", "'two-gpu+single-tower': only towers can be split"),
        ("factorial:normalisation,dropout", "unknown factor 'normalisation' (did you mean 'normalization'?)"),
        ("factorial:dropout", "give 2 to 5 factors"),
        ("half-factorial:dropout,activation,pooling", "give 4 to 5 factors"),
        ("factorial:dropout,dropout", "give 2 to 5 factors, each once"),
    ],
)
def test_a_selection_that_cannot_be_used_is_refused(selection, words):
    assert words in refusal(selection)


# -- the shipped files, and a user's


def test_a_users_folder_stands_beside_the_shipped_one(write_ablations):
    folder = write_ablations({"mine.py": MINE.format(name="mine")})

    registry = load_registry([folder])

    assert list(registry.variants) == [*SHIPPED.variants, "mine-half", "mine-none"]
    assert names("@mine", registry) == ["alexnet", "mine-half", "mine-none"]
    assert names("mine-half+tanh,mine-*", registry) == ["mine-half+tanh", "mine-half", "mine-none"]


def test_several_folders_and_files_are_read_in_order(write_ablations):
    """Files of one name in two folders do not meet."""
    first = write_ablations({"z.py": MINE.format(name="z"), "lrn.py": MINE.format(name="a")})
    second = write_ablations({"lrn.py": MINE.format(name="b")})

    registry = load_registry([first, second])

    assert list(registry.ablations) == [*SHIPPED.ablations, "a", "z", "b"]


def test_what_is_no_ablation_file_is_passed_over(write_ablations):
    broken = dict.fromkeys(["notes.txt", ".#mine.py", ".hidden.py", "_helpers.py", "_draft.py"], "(")
    folder = write_ablations({"mine.py": MINE.format(name="mine"), "__init__.py": "", **broken})

    assert "mine" in load_registry([folder]).ablations


@pytest.mark.parametrize(
    "written",
    [
        lambda text: codecs.BOM_UTF8 + text.encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: codecs.BOM_UTF8 + text.replace("\n", "\r\n").encode(),
        lambda text: f"# coding: latin-1\n# é\n{text}".encode("latin-1"),
    ],
    ids=["mark", "line-ends", "both", "latin-1"],
)
def test_files_as_windows_editors_write_them(tmp_path, written):
    (tmp_path / "mine.py").write_bytes(written(textwrap.dedent(BLOCK)))

    (variant,) = load_registry([tmp_path]).select("mine-norm")

    assert variant.normalization.source
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "mine.py").write_text(textwrap.dedent(BLOCK), encoding="utf-8")
    (plain,) = load_registry([tmp_path / "plain"]).select("mine-norm")
    assert variant.normalization.source == plain.normalization.source


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_a_file_of_another_encoding_is_one_line(tmp_path, encoding):
    text = "# é\n" + textwrap.dedent(BLOCK)
    (tmp_path / "mine.py").write_bytes(text.encode(encoding))

    message = load_refusal(tmp_path)

    assert message.startswith(str(tmp_path / "mine.py"))
    assert "save it as UTF-8" in message or "not valid Python" in message


def test_a_helper_of_the_same_folder_can_be_imported_when_a_file_is_loaded_and_in_a_block(write_ablations):
    first, second = (
        write_ablations(
            {
                "_helpers.py": f"from ._more import RATE\n\nNAME, PARAMETERS = '{name}', int(100 * RATE)\n",
                "_more.py": f"RATE = {rate}\n",
                "mine.py": HELPED,
            }
        )
        for name, rate in (("first", 0.25), ("second", 0.5))
    )

    registry = load_registry([first, second])

    assert [registry.variants[name].dropout for name in ("first", "second")] == [0.25, 0.5]
    blocks = [registry.variants[name].normalization for name in ("first", "second")]
    assert [block.build() for block in blocks] == ["first", "second"]
    assert [block.parameters(4) for block in blocks] == [25, 50]


def test_another_helper_makes_another_network(write_ablations):
    def source():
        return load_registry([folder]).variants["mine"].normalization.source

    folder = write_ablations(
        {"_helpers.py": "from ._more import RATE\n\nNAME = 'mine'\nPARAMETERS = 1\n", "mine.py": HELPED}
    )
    (folder / "_more.py").write_text("RATE = 0.25\n", encoding="utf-8")
    before = source()
    assert source() == before

    (folder / "_more.py").write_text("RATE = 0.125\n", encoding="utf-8")

    assert source() != before


def test_a_helper_imported_by_its_bare_name_is_told_how(write_ablations):
    folder = write_ablations({"_helpers.py": "", "mine.py": "import _helpers\n"})

    expected = "No module named '_helpers'; of this folder, import it by `from . import _helpers`"
    assert load_refusal(folder).endswith(expected)


def test_a_recipe_field_that_an_arm_leaves_out_is_a_difference():
    """Left out is not left alone: a run's recipe may set it."""
    arm = ALEXNET.but("endless", dropout=0.0, recipe={"stop_at_train_error": None})

    with pytest.raises(AblationError, match="endless differs from alexnet in recipe too"):
        Ablation(name="x", factor="dropout", control=ALEXNET, arms=[arm])


def test_ablations_may_share_a_variant_within_a_file(write_ablations):
    folder = write_ablations(
        {
            "mine.py": """
                from alexnet_bench import ALEXNET, Ablation

                HALF = ALEXNET.but("half", dropout=0.25)
                ONE = Ablation(name="one", factor="dropout", control=ALEXNET, arms=[HALF])
                TWO = Ablation(
                    name="two", factor="dropout", control=HALF, arms=[ALEXNET.but("none", dropout=0.0)]
                )
            """
        }
    )

    assert names("@two,@one", load_registry([folder])) == ["half", "none", "alexnet"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def broken(:\n", ", line 1: not valid Python: "),
        ("x = 1\n\x00", "not valid Python: "),
        ("import keras\n", ", line 1: imports keras at module level"),
        ("import os\nfrom keras import layers\n", ", line 2: imports keras at module level"),
        ("import tensorflow.nn as nn\n", "imports tensorflow.nn at module level"),
        ("1 / 0\n", ": ZeroDivisionError: division by zero"),
        ("import no_such_module\n", ": ModuleNotFoundError: No module named 'no_such_module'"),
        ("from alexnet_bench import ALEXNETT\n", ": ImportError: cannot import name 'ALEXNETT'"),
        ("x = 1\n", ": defines no Ablation; see `ablations/lrn.py` for an example"),
        ("", ": defines no Ablation"),
        ("import sys; sys.exit()\n", ": SystemExit: "),
        ("import sys; sys.exit(0)\n", ": SystemExit: 0"),
        ("raise GeneratorExit\n", ": GeneratorExit: "),
        ("class Stop(BaseException): ...\n\n\nraise Stop('now')\n", ": Stop: now"),
        ("raise ValueError('two\\nlines and \\x1b[31m red')\n", r": ValueError: two\nlines and \x1b[31m red"),
        ("x = " + "(" * 5000 + ")" * 5000, ": not valid Python: "),
    ],
    ids=lambda part: part.strip()[:30],
)
def test_a_file_that_cannot_be_used_is_named(write_ablations, text, expected):
    folder = write_ablations({"mine.py": text})

    message = load_refusal(folder)

    assert message.startswith(str(folder / "mine.py"))
    assert expected in message


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('ALEXNET.but("x", dropuot=0)', "unknown variant field 'dropuot' (did you mean 'dropout'?)"),
        ('ALEXNET.but("x", recipe={"epoch": 1})', "unknown recipe field 'epoch'"),
        ('ALEXNET.but("x", recipe={"optimizer": "sdg"})', "unknown optimizer 'sdg' (did you mean 'sgd'?)"),
        ('ALEXNET.but("x", normalization="batch")', "unknown normalization block 'batch'"),
        ('ALEXNET.but("x", dropout="much")', "dropout is 'much'; it must be a finite number"),
        ('ablation(factor="dropuot")', "unknown factor 'dropuot' (did you mean 'dropout'?)"),
        ("ablation(arms=[])", "ablation 'x' has no arms"),
        (
            'ablation(factor="input")',
            "ablation 'x': x differs from alexnet in dropout too; the factor is input (or say 'several')",
        ),
        ('ablation(arm="alexnet")', "'alexnet' is the paper's network; give your variant another name"),
        ('ablation(arm="a+b")', "'a+b' cannot be selected; use letters"),
        ('ablation(arm="all")', "'all' cannot be selected"),
        ('ablation(name="a,b")', "'@a,b' cannot be selected"),
        ("ablation(name=3)", "ablation 3: name is 3; it must be text"),
        ("ablation(arm=None)", "variant None: name is None; it must be text"),
    ],
)
def test_a_wrong_statement_is_reported_with_the_file_it_stands_in(write_ablations, line, expected):
    folder = write_ablations({"mine.py": f"{WITH_ABLATION}\nX = {line}\n"})

    message = load_refusal(folder)

    assert message.startswith(f"{folder / 'mine.py'}: ")
    assert expected in message


def test_a_name_that_two_files_define_is_an_error_naming_both(write_ablations):
    folder = write_ablations({"a.py": MINE.format(name="mine"), "b.py": MINE.format(name="mine")})

    message = load_refusal(folder)

    assert message == (
        f"'@mine' is defined in {folder / 'a.py'} and in {folder / 'b.py'}; rename one of them"
    )


def test_a_users_variant_may_not_take_a_shipped_name(write_ablations):
    text = MINE.format(name="mine").replace("mine-none", "no-dropout")
    folder = write_ablations({"mine.py": text})

    message = load_refusal(folder)

    assert str(shipped_folder() / "dropout.py") in message
    assert str(folder / "mine.py") in message
    assert "'no-dropout' is defined in" in message


def test_a_missing_folder_is_named(tmp_path):
    assert load_refusal(tmp_path / "none").startswith(f"{tmp_path / 'none'} is not a folder; give one that")
    file = tmp_path / "file.py"
    file.touch()
    assert load_refusal(file).startswith(f"{file} is not a folder")


def test_an_unreadable_file_is_named(tmp_path):
    (tmp_path / "gone.py").symlink_to(tmp_path / "nowhere")

    message = load_refusal(tmp_path)

    assert message.startswith(f"{tmp_path / 'gone.py'} cannot be read (No such file or directory)")
