"""`bench history`."""

from pathlib import Path

import click

from alexnet_bench.cli import options as shared
from alexnet_bench.cli.group import DONE, FINDING
from alexnet_bench.cli.terminal import complain, print_table, say, say_json

FIGURE = "results/history"
EXAMPLE = """\b
Examples:
  bench history
  bench history results/history.jsonl --out charts
  bench history --strict
"""


@click.command(epilog=EXAMPLE)
@click.argument("file", required=False, type=shared.FILE, metavar="[FILE]")
@click.option(
    "--out",
    type=shared.FOLDER,
    help="Folder for the figure, as PNG and SVG; results/history by default.",
)
@click.option("--strict", is_flag=True, help="Leave with 1 where there is a warning.")
@shared.as_json
def command(file: Path | None, out: Path | None, strict: bool, as_json: bool) -> int:
    """Show the throughput that gates measured, over commits, with its changes.

    Each machine, variant and mode is a series: speed against the yardstick, change points, the commits
    around each. It warns of changes for the worse among the ten newest entries, and of slow losses that no
    single gate found. FILE is what `bench gate` wrote; by default, where it writes.
    """
    from alexnet_bench.analysis.series import series_of
    from alexnet_bench.records.history import read_history
    from alexnet_bench.run.project import find_project
    from alexnet_bench.show.history import as_data, tables, warnings, write_figure

    project = find_project(Path())
    default = project.options.get("history", project.root / shared.HISTORY)
    found = series_of(read_history(file or Path(default)), project.thresholds)
    figure = write_figure(found, out or project.root / FIGURE)
    warned = [line for series in found for line in warnings(series)]
    if as_json:
        say_json({"figure": figure, "series": [as_data(series) for series in found]})
    else:
        for title, table in tables(found).items():
            print_table(table, title)
            print()
        say(f"Figure: {figure}" if figure else "No figure: no entry was set against the yardstick.")
    for line in warned:
        complain("Warning", line)
    return FINDING if warned and strict else DONE
