"""`bench report`."""

from pathlib import Path

import click

from alexnet_bench.cli import completion, options
from alexnet_bench.cli.terminal import say, say_json


@click.command(epilog="Example: bench report results/runs/lrn results/runs/more-seeds --out comparison")
@click.argument("runs", nargs=-1, shell_complete=completion.run, required=True, type=options.FOLDER)
@click.option("--out", type=options.FOLDER, help="Folder to write; RUN/report for one run.")
@click.option(
    "--style",
    type=click.Choice(["screen", "paper"]),
    default="screen",
    show_default=True,
    help="screen: the page with its figures and tables. paper: figures 3.3 and 6.8 inches wide at 8 points, "
    "with captions, and tables that fit a page; into RUN/report/paper for one run.",
)
@options.as_json
def command(runs: tuple[Path, ...], out: Path | None, style: str, as_json: bool) -> None:
    """Write the tables, plots and page of one or several runs again, from their records."""
    from alexnet_bench.analysis.effects import effects
    from alexnet_bench.show.files import read_runs
    from alexnet_bench.show.paper import write_for_paper
    from alexnet_bench.show.report import write_report

    if out is None and len(runs) > 1:
        raise click.UsageError("give --out when reporting several runs together")
    if style == "paper":
        written = write_for_paper(runs, out or runs[0] / "report" / "paper")
    else:
        written = write_report(runs, out or runs[0] / "report")
    if as_json:
        records, plans = read_runs(runs)
        say_json(effects(records, plans.manifests, plans.folders))
    else:
        say(f"Report: {written}")
