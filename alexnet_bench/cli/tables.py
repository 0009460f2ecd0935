"""Tables on the terminal."""

from rich.console import Console
from rich.table import Table as Grid

from alexnet_bench.show.table import Table
from alexnet_bench.words import plain


def print_table(table: Table, title: str | None = None, wrap: bool = False) -> None:
    """Print a table; without `wrap`, its first column is never folded."""
    title = None if title is None else plain(title)
    grid = Grid(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for index, name in enumerate(table.columns):
        grid.add_column(
            plain(name),
            justify="right" if name in table.numeric and not wrap else "left",
            overflow="fold",
            no_wrap=index == 0 and not wrap,
        )
    for row in table.rows:
        grid.add_row(*("\n".join(map(plain, cell.split("\n"))) for cell in row))
    # A name in brackets is no markup, and one in colons no emoji.
    Console(highlight=False, markup=False, emoji=False).print(grid)
