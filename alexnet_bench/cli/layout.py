"""How tables and prose are laid out: nothing is cut, and no word is broken that a line has room for."""

from collections.abc import Iterator

from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from alexnet_bench.show.table import Table
from alexnet_bench.words import MISSING, plain

_GAP = 2


def lay_out(table: Table, width: int | None) -> Iterator[Grid | Text | Padding]:
    """What rich prints of a table: a grid, or a block a row where a terminal is too narrow for its words.

    Args:
        width: of the terminal; None where lines may be as long as they are.
    """
    # A name may hold anything: none of it acts on the terminal, brackets are no markup and colons no emoji.
    columns = [plain(name) for name in table.columns]
    end = " " if width is None else "\n"
    rows = [[end.join(map(plain, cell.split("\n"))) for cell in row] for row in table.rows]
    table = Table(columns, rows)
    widths = _widths(table, width)
    if widths is None:
        yield from _blocks(table)
    else:
        grid = _grid()
        grid.show_header = True
        for name, fitting in zip(table.columns, widths, strict=True):
            grid.add_column(Text(name), justify="right" if name in table.numeric else "left", width=fitting)
        for row in table.rows:
            grid.add_row(*map(Text, row))
        yield grid


def _grid() -> Grid:
    return Grid(box=None, header_style="bold", padding=(0, _GAP, 0, 0), pad_edge=False, show_header=False)


def _widths(table: Table, most: int | None) -> list[int] | None:
    """Columns as wide as their lines, the widest narrowed as far as need be; None where words would break.

    A number stays on its line, with its interval.
    """
    columns = [[row[at] for row in table.rows] for at in range(len(table.columns))]
    widths, least = list[int](), list[int]()
    for name, cells in zip(table.columns, columns, strict=True):
        widths.append(max(map(_longest_line, (name, *cells))))
        whole = map(_longest_line if name in table.numeric else _longest_word, cells)
        least.append(max([_longest_word(name), *whole]))
    if most is None:
        return widths
    room = most - _GAP * (len(widths) - 1)
    if sum(least) > room:
        return None
    while sum(widths) > room:
        widest = max(range(len(widths)), key=lambda at: (widths[at] > least[at], widths[at]))
        widths[widest] -= 1
    return widths


def _longest_line(cell: str) -> int:
    return max(Text(line).cell_len for line in cell.split("\n"))


def _longest_word(cell: str) -> int:
    return max((Text(word).cell_len for word in cell.split()), default=1)


def _blocks(table: Table) -> Iterator[Text | Padding]:
    """Of each row its first cell and, below it, a line for each other one that says something."""
    for first, *others in table.rows:
        yield Text(first, style="bold")
        block = _grid()
        block.add_column(overflow="fold")
        block.add_column(overflow="fold")
        for name, cell in zip(table.columns[1:], others, strict=True):
            if cell not in ("", MISSING):
                block.add_row(Text(name), Text(cell))
        yield Padding(block, (0, 0, 0, _GAP))
