"""`bench fit`."""

import shlex
import sys
from pathlib import Path
from typing import Any

import click

from alexnet_bench.cli import completion, faults
from alexnet_bench.cli import options as shared
from alexnet_bench.cli.group import DONE, FINDING, INTERRUPTED, NOTHING_MEASURED
from alexnet_bench.cli.run_command import print_plan
from alexnet_bench.cli.terminal import say, say_json
from alexnet_bench.run.settings import CANDIDATES, FIT_BUDGET, FIT_CONTROL

EXAMPLE = """\b
Examples:
  bench fit photos --budget 30m
  bench fit photos --budget 2h --dry-run
  bench fit cifar10:PATH --variants no-lrn,tanh --budget 2h
  bench fit --resume results/runs/photos --budget 1h
"""


@click.command(epilog=EXAMPLE)
@click.argument("path", required=False, shell_complete=completion.data)
@click.option("--budget", type=shared.SECONDS, help="Time for all of it, such as 30m; 30 minutes by default.")
@click.option(
    "--variants",
    default=CANDIDATES,
    show_default=True,
    metavar="SEL",
    shell_complete=completion.selection,
    help=f"The candidates, each held against {FIT_CONTROL}.",
)
@shared.devices
@shared.ablations
@shared.run_folder
@click.option(
    "--resume",
    type=shared.FOLDER,
    shell_complete=completion.run,
    help="Go on with a fit, or show its answer again; --budget may grow.",
)
@click.option("--dry-run", is_flag=True, help="Print what would be done and how long it takes, and stop.")
@shared.as_json
@click.pass_context
def command(
    context: click.Context,
    path: str | None,
    budget: float | None,
    out: Path | None,
    resume: Path | None,
    dry_run: bool,
    as_json: bool,
    **options: Any,
) -> int:
    """Say which variant suits a data set: a folder of photographs, or what --dataset of bench run takes.

    Scale, epochs and batch follow from the data and the budget; learning rates are tuned for each seed; seeds
    are added until it is known or the budget ends. "Cannot tell" is an answer, too.
    """
    from alexnet_bench.records.manifest import holds_run
    from alexnet_bench.records.run_folder import run_folder
    from alexnet_bench.run.resuming import resumed
    from alexnet_bench.run.run import start_run

    if (path is None) == (resume is None):
        raise click.UsageError("give a folder of photographs, or --resume RUN")
    if resume is not None:
        if names := ", ".join(shared.typed(context, "variants", "devices", "out")):
            raise click.UsageError(f"--resume keeps the run's own settings; leave out {names}")
        changed = {} if budget is None else {"budget": budget}
        schedule, note = resumed(resume, None, options["ablations"], changed), ""
        budget = schedule.settings.budget
    else:
        from alexnet_bench.run.fit import plan_fit
        from alexnet_bench.show.fit import budget_note

        budget = FIT_BUDGET if budget is None else budget
        planned = plan_fit(path or "", budget=budget, **options)
        schedule, note = planned.schedule, budget_note(planned.seconds, budget)
    if dry_run:
        print_plan(schedule, as_json, (note,) if note else (), budget)
        return DONE
    with run_folder(resume or out) as folder, faults.kept_in(folder):
        try:
            if resume is None:
                start_run(schedule, folder, shlex.join(["bench", *sys.argv[1:]]))
            return _carry_out(schedule, folder, note, as_json)
        except KeyboardInterrupt:
            if not holds_run(folder):
                raise
            say(
                f"\nInterrupted; what was finished is kept. Go on with:\n{_to_go_on(folder, schedule)}",
                sys.stderr,
            )
            return INTERRUPTED


def _to_go_on(folder: Path, schedule: Any) -> str:
    words = ["bench", "fit", "--resume", str(folder)]
    for ablations in schedule.settings.ablations:
        words += ["--ablations", ablations]
    return shlex.join(words)


def _carry_out(schedule: Any, folder: Path, note: str, as_json: bool) -> int:
    from alexnet_bench.analysis.fit import fit
    from alexnet_bench.cli.renewal import RenewedReport
    from alexnet_bench.records.manifest import read_manifest
    from alexnet_bench.run.cost import costs_of
    from alexnet_bench.run.run import continue_run
    from alexnet_bench.show.fit import sentences
    from alexnet_bench.show.report import write_report

    if not as_json:
        for line in filter(None, (note, *schedule.data_notes)):
            say(line, sys.stderr)
    costs = None if as_json else costs_of(schedule)
    with RenewedReport(folder, quiet=as_json, costs=costs, is_open=True) as progress:
        records = continue_run(schedule, folder, progress)
    page = write_report([folder], folder / "report")
    answer = fit(records, read_manifest(folder), folder)
    if as_json:
        say_json({"run": folder, "best": answer.best, "answer": answer, "sentences": sentences(answer)})
    else:
        for sentence in sentences(answer):
            say(f"\n{sentence}")
        say(f"\nReport: {page}")
    failed = [record for record in records if not record.succeeded]
    for record in failed:
        say(f"{record.variant}: {record.status}: {record.error}", sys.stderr)
    if failed:
        return FINDING
    return NOTHING_MEASURED if not any(record.kind == "trial" for record in records) else DONE
