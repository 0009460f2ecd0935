"""A table of text: the terminal, Markdown, HTML and LaTeX are written from it."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import compress
from typing import Any

from alexnet_bench.words import MISSING, plain

Cells = dict[str, Callable[[Any], str]]
_IN_BRACKETS = re.compile(r" ?\[.*?\]| ?\(.*?\)")
_NUMBERS = re.compile(r"[<+−×]?[\d∞][\d∞.,+−× ]*%?( [A-Za-z/]+)?")
# How the titles of columns of sentences begin.
_SENTENCES = ("Verdict", "Note")
# What Markdown, and GitHub's, makes more than text of: tags, links, code, emphasis, columns, and the names of
# people and issues; at its start, what begins a list, a rule or a title; and of GitHub addresses, issues and
# pictures. A space of no width breaks what no backslash does.
_MARKDOWN = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "@\u200b", "#": "#\u200b"}
    | {sign: f"\\{sign}" for sign in "\\`*_{}[]|~$"}
)
_AT_THE_START = re.compile(r"^(\d*)([-+.)=])(?=[-= ]|$)")
_GITHUBS = re.compile(r"(?<=:)(?=//|[a-z][\w\\-]*:|[+-]1:)|(?<=www)(?=\.)|(?<=gh)(?=-\d)", re.IGNORECASE)


@dataclass(frozen=True)
class Table:
    """A table of text: the titles of its columns, and rows of as many cells."""

    columns: list[str]
    rows: list[list[str]]

    @classmethod
    def of(cls, rows: Iterable[Any], cells: Cells) -> "Table":
        """A line a row, without the columns in which every cell is missing.

        Args:
            rows: whatever the cells are made of.
            cells: by a column's title, how a row becomes its cell.
        """
        lines = [[cell(row) for cell in cells.values()] for row in rows]
        empty = {name for at, name in enumerate(cells) if all(line[at] == MISSING for line in lines)}
        return cls(list(cells), lines).without(*(empty if lines else ()))

    @cached_property
    def numeric(self) -> set[str]:
        """The columns that are aligned right: at least half of what they hold are numbers."""
        shown = {
            name: [row[index] for row in self.rows if row[index] not in (MISSING, "")]
            for index, name in enumerate(self.columns)
        }
        return {name for name, cells in shown.items() if 2 * sum(map(_is_number, cells)) >= len(cells) > 0}

    @cached_property
    def wordy(self) -> set[str]:
        """The columns of sentences, which take room."""
        return {name for name in self.columns if name.startswith(_SENTENCES)}

    def without(self, *columns: str) -> "Table":
        """The same without these columns, where it has them."""
        kept = [name not in columns for name in self.columns]
        return Table(list(compress(self.columns, kept)), [list(compress(row, kept)) for row in self.rows])

    def only(self, *columns: str) -> "Table":
        """Of the same, these columns in this order."""
        places = [self.columns.index(name) for name in columns]
        return Table(list(columns), [[row[at] for at in places] for row in self.rows])

    def markdown(self) -> str:
        """The same as Markdown."""
        rule = ["---:" if name in self.numeric else "---" for name in self.columns]
        lines = [map(escape_markdown, self.columns), rule, *(map(escape_markdown, row) for row in self.rows)]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def escape_markdown(text: str) -> str:
    """Text that Markdown, and GitHub's, shows as it is, in a table too."""
    escaped = _AT_THE_START.sub(r"\1\\\2", on_one_line(text).translate(_MARKDOWN))
    return _GITHUBS.sub("\u200b", escaped)


def on_one_line(text: str) -> str:
    """Text without line ends, in which nothing acts on what shows it."""
    return plain(" ".join(text.split()))


def _is_number(cell: str) -> bool:
    return bool(_NUMBERS.fullmatch(_IN_BRACKETS.sub("", cell)))
