"""Which variants a selection means where base and head may have different ones."""

import sys
from pathlib import Path

import pytest
from users_repository import BLOCK

from alexnet_bench.errors import BenchError, UnknownNameError
from alexnet_bench.run.code import Code
from alexnet_bench.run.selection import Selected, select_on_sides
from alexnet_bench.run.settings import Settings
from alexnet_bench.run.sides import Side

MINE = {"mine.py": BLOCK.replace("{size}", "1")}
OTHER = {"mine.py": MINE["mine.py"].replace('but("plain"', 'but("other"')}


@pytest.fixture
def select(write_ablations):
    """Select on a head and a base with these files."""

    def call(selection, head, base, named=(), python=Path(sys.executable)):
        own, others = (str(write_ablations(files)) for files in (head, base))
        settings = Settings(variants=selection, ablations=(own,))
        sides = {
            "base": Side(code=Code(python=python), ablations=(others,)),
            "head": Side(code=Code(), ablations=(own,)),
        }
        return select_on_sides(settings, sides, named)

    return call


@pytest.mark.parametrize(
    ("selection", "selected"),
    [
        ("plain", Selected(of_head="plain", only_head=("plain",))),
        ("alexnet,other", Selected(of_head="alexnet", only_base=("other",))),
        (
            "@mine,other+no-lrn",
            Selected(of_head="@mine", only_head=("plain",), only_base=("other", "other+no-lrn")),
        ),
        ("plain+no-lrn", Selected(of_head="plain+no-lrn", only_head=("plain+no-lrn",))),
        ("no-*", Selected(of_head="no-*")),
    ],
)
def test_each_side_says_what_it_has(select, selection, selected):
    assert select(selection, MINE, OTHER) == selected


def test_the_commas_of_a_factorial_are_its_own(select):
    found = select("factorial:dropout,normalization,plain", MINE, OTHER)

    assert (found.of_head, found.only_head) == ("factorial:dropout,normalization,plain", ("plain",))


def test_sides_that_are_alike_have_the_same_and_head_alone_has_all_it_has(select, write_ablations):
    assert select("plain,alexnet", MINE, MINE) == Selected(of_head="plain,alexnet")
    own = str(write_ablations(MINE))
    settings, sides = (
        Settings(variants="plain", ablations=(own,)),
        {"head": Side(code=Code(), ablations=(own,))},
    )
    assert select_on_sides(settings, sides) == Selected(of_head="plain")


@pytest.mark.parametrize("selection", ["plane", "plane,plain", "other", "other,plane"])
def test_what_neither_side_has_or_all_of_what_head_lacks_is_wrong(select, selection):
    with pytest.raises(UnknownNameError, match=r"unknown variants? '(plane|other)'"):
        select(selection, MINE, OTHER)


def test_what_is_spoken_of_must_be_somewhere(select):
    select("alexnet", MINE, OTHER, named=["plain", "other", "no-lrn+tanh"])

    with pytest.raises(BenchError, match=r"thresholds: unknown variant 'plan' \(did you mean 'plain'\?\)"):
        select("alexnet", MINE, OTHER, named=["plain", "plan"])


@pytest.mark.parametrize("broken", ["raise ValueError", "print('a')\n" + OTHER["mine.py"]])
def test_a_base_that_cannot_be_loaded_is_asked_later(select, broken):
    """And one that prints is understood."""
    found = select("plain", MINE, {"mine.py": broken})

    assert found == Selected(of_head="plain", only_head=("plain",) if "print" in broken else ())


def test_a_base_whose_interpreter_is_none_is_asked_later(select, tmp_path):
    assert select("plain", MINE, OTHER, python=tmp_path / "none") == Selected(of_head="plain")


def test_another_interpreter_finds_its_own_packages(select, tmp_path, monkeypatch):
    """Whatever the caller's variables say; else it would not start, and nobody would ask it."""
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    monkeypatch.setenv("PYTHONHOME", "/nowhere")

    found = select("plain", MINE, OTHER, python=python)

    assert found == Selected(of_head="plain", only_head=("plain",))
