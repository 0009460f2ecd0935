"""Tables and prose on terminals of any width, and where there is none."""

import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from alexnet_bench.cli.terminal import print_table, say_prose
from alexnet_bench.show.table import Table

WIDE = Table(
    ["Claim", "Measured", "Verdict"],
    [
        ["overlapping pooling lowers top-1 error", "+0.39 [−1.59, +2.37], 5 pairs", "inconclusive"],
        ["dropout", "–", "not tested at this scale (no record)"],
    ],
)
CELLS = st.text(st.characters(categories=["L", "N"], include_characters=" –[]:_-"), max_size=60)
NAMES = st.text(st.characters(categories=["L"]), min_size=1, max_size=12)


@pytest.fixture
def printed(capsys, monkeypatch):
    """What is printed on a terminal of so many columns; without any, to a pipe."""

    def call(print_it, width=None):
        if width is None:
            monkeypatch.delenv("COLUMNS", raising=False)
        else:
            monkeypatch.setenv("COLUMNS", str(width))
        print_it()
        return capsys.readouterr().out

    return call


def test_a_row_is_a_line_where_there_is_no_terminal(printed):
    out = printed(lambda: print_table(WIDE, "The paper's"))

    title, head, first, second = out.splitlines()
    assert (title, head.split()) == ("The paper's", ["Claim", "Measured", "Verdict"])
    assert first.startswith("overlapping pooling lowers top-1 error  +0.39 [−1.59, +2.37], 5 pairs  incon")
    assert second.endswith("not tested at this scale (no record)")


def test_a_cell_of_two_lines_is_one_line_where_there_is_no_terminal(printed):
    change = Table(["Variant", "Change"], [["alexnet", "+1.0%\n[+0.5%, +1.5%]"]])

    assert printed(lambda: print_table(change)).splitlines()[1] == "alexnet  +1.0% [+0.5%, +1.5%]"
    assert len(printed(lambda: print_table(change), 60).splitlines()) == 3


def test_columns_are_narrowed_at_words(printed):
    out = printed(lambda: print_table(WIDE), 76)

    assert max(map(len, out.splitlines())) <= 76
    assert "Claim " in out.splitlines()[0]
    assert set("\n".join(map("\n".join, WIDE.rows)).split()) <= set(out.split())


def test_a_row_is_a_block_where_its_words_do_not_fit_beside_each_other(printed):
    out = printed(lambda: print_table(WIDE), 40)

    assert out.splitlines() == [
        "overlapping pooling lowers top-1 error",
        "  Measured  +0.39 [−1.59, +2.37], 5",
        "            pairs",
        "  Verdict   inconclusive",
        "dropout",
        "  Verdict  not tested at this scale (no",
        "           record)",
    ]


@given(names=st.lists(NAMES, min_size=1, max_size=5), data=st.data(), width=st.integers(40, 120))
def test_nothing_is_cut_and_no_line_is_too_long(names, data, width):
    rows = data.draw(st.lists(st.lists(CELLS, min_size=len(names), max_size=len(names)), max_size=4))
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
        patch.setenv("COLUMNS", str(width))
        print_table(Table(names, rows))

    lines = said.getvalue().splitlines()
    words = {word for row in rows for cell in row for word in cell.split()} - {"–"}
    # Of letters that are two columns wide, as many fit into the narrowest block.
    assert {word for word in words if len(word) <= 3} <= set(said.getvalue().split())
    assert "…" not in said.getvalue()
    assert all(cell_len(line) <= width for line in lines)


def test_prose_is_folded_on_a_terminal_alone(printed):
    text = "a paragraph of half-known words " * 4

    assert printed(lambda: say_prose(text)) == f"{text}\n"
    folded = printed(lambda: say_prose(text), 30)
    assert folded.split() == text.split()
    assert max(map(len, folded.splitlines())) <= 30


@pytest.mark.parametrize("command", [["list"], ["show", "no-lrn"], ["claims"], ["run", "--dry-run"]])
def test_no_command_cuts_or_folds_its_table_in_a_pipe(bench, monkeypatch, command):
    monkeypatch.delenv("COLUMNS", raising=False)
    code, out, _ = bench(*command)

    assert code == 0
    assert "…" not in out
    whole = {
        "list": "alexnet-2012             normalization averaged-lrn, second_normalization within-map-lrn, ",
        "show": "conv1        11x11/4 valid, 2 towers that see both  55x55x96       34,944          105.4",
        "claims": "without crops and flips the network overfits substantially ",
        "run": "two-gpu       alexnet       placement split",
    }
    assert any(line.startswith(whole[command[0]]) for line in out.splitlines())
