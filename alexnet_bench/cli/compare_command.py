"""`bench compare`."""

from pathlib import Path
from typing import Any

import click

from alexnet_bench.cli import completion
from alexnet_bench.cli import options as shared
from alexnet_bench.cli.group import DONE, FINDING
from alexnet_bench.cli.terminal import complain, print_table, say, say_json, say_prose

EXAMPLE = """\b
Examples:
  bench compare results/runs/before results/runs/after
  bench compare --base main --variants alexnet,no-lrn
  bench compare --base HEAD~1 --time-topology alexnet-32 --time-batch-size 128 --budget 2m
  bench compare --base-python old-tensorflow/bin/python
"""


@click.command(epilog=EXAMPLE)
@click.argument("runs", nargs=-1, shell_complete=completion.run, type=shared.FOLDER, metavar="[BEFORE AFTER]")
@click.option("--base", metavar="REV", help="A revision of the repository in the current folder.")
@shared.base_python
@click.option(
    "--variants",
    default="alexnet",
    show_default=True,
    shell_complete=completion.selection,
    help="What to time, as for `bench run`.",
)
@shared.timing
@shared.interval
@shared.budget
@shared.run_folder
@shared.as_json
def command(
    runs: tuple[Path, ...],
    base: str | None,
    base_python: Path | None,
    as_json: bool,
    out: Path | None,
    **options: Any,
) -> int:
    """Compare two runs or, timed now and slice by slice, this code with other code.

    With --base or --base-python, both sides are timed in turn in one job, by this code's timing loop: the
    ratio is of networks and blocks, and of the TensorFlow they run on. Timing ends when every ratio is known
    to --interval (0.5%), or with --budget (5m).
    """
    if runs:
        if len(runs) != 2 or base is not None or base_python is not None:
            raise click.UsageError("give two run folders, or --base and --base-python without any")
        return _compare_runs(runs, as_json)
    return _compare_code(options, base=base, base_python=base_python, out=out, quiet=as_json)


def _compare_runs(runs: tuple[Path, ...], as_json: bool) -> int:
    from alexnet_bench.analysis.comparison import compare_runs, yardstick_change
    from alexnet_bench.records.manifest import read_manifest
    from alexnet_bench.records.run_folder import run_records
    from alexnet_bench.show.tables import comparison_table

    manifests, records = [read_manifest(run) for run in runs], run_records(*runs)
    found, machine = compare_runs(records, manifests), yardstick_change(records, manifests)
    if as_json:
        say_json({"yardstick": machine, "comparisons": found})
        return DONE
    before, after = map(str, runs) if runs[0].name == runs[1].name else (run.name for run in runs)
    print_table(comparison_table(found, (before, after)))
    say()
    say_prose(
        "The runs were timed apart: intervals of throughput are over draws, and do not cover how the "
        "machine changed in between."
    )
    if machine:
        say_prose(
            f"The machine itself, second over first: {machine['flops_per_second']:.3f} in a matrix "
            f"product, {machine['bytes_per_second']:.3f} in a pass over memory."
        )
    return DONE


def _compare_code(options: dict[str, Any], quiet: bool, **sides: Any) -> int:
    from alexnet_bench.analysis.comparison import compare_sides
    from alexnet_bench.analysis.gate import ONLY
    from alexnet_bench.cli.progress import time_sides
    from alexnet_bench.show.tables import comparison_table

    timed = time_sides(options, quiet=quiet, **sides)
    found = compare_sides(timed.records)
    if quiet:
        say_json({"run": timed.run, "comparisons": found})
    else:
        print_table(comparison_table(found, ("Base", "Head")))
        say(f"\nRecords: {timed.run}")
    for name, side in {item.variant: item.only for item in timed.asked if item.only}.items():
        complain("Warning", f"{name}: not comparable: {ONLY[side]}")
    return DONE if all(record.succeeded for record in timed.records) else FINDING
