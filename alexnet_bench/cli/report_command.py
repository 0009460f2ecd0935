"""`bench report`."""

from pathlib import Path

import click

from alexnet_bench.cli import options
from alexnet_bench.cli.terminal import say, say_json


@click.command(epilog="Example: bench report results/runs/lrn results/runs/more-seeds --out comparison")
@click.argument("runs", nargs=-1, required=True, type=options.FOLDER)
@click.option("--out", type=options.FOLDER, help="Folder to write; RUN/report for one run.")
@options.as_json
def command(runs: tuple[Path, ...], out: Path | None, as_json: bool) -> None:
    """Write the tables, plots and page of one or several runs again, from their records."""
    from alexnet_bench.records.manifest import read_manifest
    from alexnet_bench.records.run_folder import run_records
    from alexnet_bench.show.report import effects, folders_by_run, write_report

    if out is None and len(runs) > 1:
        raise click.UsageError("give --out when reporting several runs together")
    page = write_report(runs, out or runs[0] / "report")
    if as_json:
        manifests = [read_manifest(run) for run in runs]
        say_json(effects(run_records(*runs), manifests, folders_by_run(runs, manifests)))
    else:
        say(f"Report: {page}")
