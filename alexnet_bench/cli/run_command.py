"""`bench run`."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from alexnet_bench.cli import completion, faults
from alexnet_bench.cli import options as shared
from alexnet_bench.cli.group import BAD_INPUT, DONE, FINDING, INTERRUPTED
from alexnet_bench.cli.terminal import complain, print_table, say, say_json, say_prose
from alexnet_bench.errors import BenchError
from alexnet_bench.run.settings import EXECUTORS, FOUR_QUESTIONS, LOCAL, MEASURES, PRESETS, Settings

# Who trains changes no number, so that a run may go on elsewhere.
WHERE = ("executor", "ray_address")
# What may be typed beside --resume.
FREE_ON_RESUME = (
    "resume",
    "retry",
    "seeds",
    "ablations",
    *WHERE,
    "trial_timeout",
    "dry_run",
    "tensorboard",
    "as_json",
)
EXAMPLE = """\b
Examples:
  bench run --variants
  bench run --variants @lrn --seeds 5 --out results/runs/lrn
  bench run --variants no-lrn+tanh --measure throughput
  bench run --variants no-lrn+tanh --control no-lrn
  bench run --variants @activation --dataset cifar10:PATH --tune lr
  bench run --variants @lrn --measure accuracy --dataset cifar10:PATH --until-conclusive --budget 30m
  bench run --resume results/runs/lrn --seeds 8
"""


@click.command(epilog=EXAMPLE)
@click.option(
    "--variants",
    is_flag=False,
    flag_value=FOUR_QUESTIONS,
    default=FOUR_QUESTIONS,
    metavar="[SEL]",
    shell_complete=completion.selection,
    help="What to compare, comma-separated: names, globs (no-*), ablations (@lrn), sums (no-lrn+tanh), "
    "factorials (factorial:normalization,dropout; half-factorial:…). "
    "Bare, or left out: the paper's four questions (normalization, dropout, activation, towers and devices).",
)
@click.option(
    "--control",
    metavar="NAME",
    shell_complete=completion.variant,
    help="What every variant is held against, in place of its ablation's control; no claim of the paper is "
    "shown then.",
)
@click.option(
    "--measure",
    default=",".join(MEASURES),
    show_default=True,
    shell_complete=completion.choices(MEASURES),
    help="accuracy, throughput, or both.",
)
@click.option(
    "--preset",
    type=click.Choice(list(PRESETS)),
    default="quick",
    show_default=True,
    help="How much: " + "; ".join(f"{name}: {preset.about}" for name, preset in PRESETS.items()) + ".",
)
@click.option(
    "--dataset",
    default="digits",
    show_default=True,
    shell_complete=completion.dataset,
    help="digits, fashion-mnist[:PATH], cifar10[:PATH], folder:PATH (your own photographs), folds:PATH (few "
    "of them, cross-validated) or tfds:NAME.",
)
@click.option(
    "--topology",
    shell_complete=completion.topology,
    help="Scale of the trained network; the data set's own by default.",
)
@click.option(
    "--recipe",
    shell_complete=completion.recipe,
    help="How it is trained: paper, notebook, figure-1, or as one of cuda-convnet's networks (80sec, 19pct, "
    "18pct, 13pct, 11pct). By default the topology's own: of those networks that of the name, else paper.",
)
@click.option("--batch-size", type=int, help="Images a training step of the accuracy trials.")
@click.option("--epochs", type=int, help="Epochs of the accuracy trials.")
@click.option("--seeds", type=int, help="Accuracy trials of each variant.")
@click.option(
    "--until-conclusive",
    is_flag=True,
    help="Add seeds until every arm has a verdict: looks at 4, 8, 16 and 32 seeds, up to --seeds, within "
    "--budget.",
)
@click.option(
    "--tune",
    type=click.Choice(["lr", "lr-per-seed"]),
    help="Choose each variant's learning rate first, with three seeds of their own: on validation error "
    "after a third of the epochs, or where the recipe stops at a training error, by who is there soonest. "
    "lr-per-seed chooses it for every seed anew, with one tuning seed: intervals then hold what the choice "
    "is unsure of, for about three times the epochs.",
)
@shared.timing
@shared.interval
@shared.budget
@click.option(
    "--jobs",
    type=int,
    help="Accuracy trials at a time; of small images as many as cores and memory allow by default, on a "
    "cluster as many as it holds.",
)
@click.option(
    "--trial-timeout",
    type=shared.SECONDS,
    help="How long a trial may be silent before it is ended as hanging, such as 2h; by default five minutes "
    "and 20 times its longest epoch.",
)
@click.option("--threads", type=int, help="CPU threads of each accuracy trial; its share by default.")
@click.option(
    "--executor",
    type=click.Choice(list(EXECUTORS)),
    default=LOCAL,
    show_default=True,
    help="Who trains: this machine; a Ray cluster; Slurm. Clusters take --measure accuracy alone.",
)
@click.option(
    "--ray-address",
    metavar="ADDRESS",
    help="Of a Ray cluster that is there, such as auto; by default one is started on this machine.",
)
@click.option(
    "--hosts",
    type=int,
    metavar="N",
    help="With --executor slurm: share the batches of data-parallel variants between N nodes, with a device "
    "each. Other variants stay on one.",
)
@click.option("--save-models", is_flag=True, help="Keep every trained model as a .keras file.")
@click.option(
    "--tensorboard",
    is_flag=True,
    help="Write scalars and hyperparameters of each trial and draw for TensorBoard, as they come, to "
    "RUN/tensorboard; takes the extra tensorboard.",
)
@shared.run_folder
@click.option(
    "--resume",
    type=shared.FOLDER,
    shell_complete=completion.run,
    help="Go on with a run, with its own settings: with what is missing, and with what was killed, hung or "
    "ran out of memory (then with half as many trials at a time). With --seeds, add seeds to it. Ablation "
    "files that it names are executed if a run of yours on this machine was given their folder; else give "
    "--ablations.",
)
@click.option("--retry", is_flag=True, help="With --resume: do again what a program's error ended, too.")
@click.option("--dry-run", is_flag=True, help="Print the plan and what it will cost, and stop.")
@shared.as_json
@click.pass_context
def command(
    context: click.Context,
    out: Path | None,
    resume: Path | None,
    retry: bool,
    dry_run: bool,
    tensorboard: bool,
    as_json: bool,
    **options: Any,
) -> int:
    """Train and time variants; write records, tables and plots."""
    from alexnet_bench.records.manifest import holds_run
    from alexnet_bench.records.run_folder import run_folder
    from alexnet_bench.run.resuming import resumed
    from alexnet_bench.run.run import start_run
    from alexnet_bench.run.schedule import Schedule
    from alexnet_bench.show.export import check_tool

    if tensorboard:
        check_tool("tensorboard")
    if resume is None:
        if retry:
            raise click.UsageError("--retry is for a run that goes on; give it with --resume RUN")
        schedule = Schedule(Settings(**options))
    else:
        fixed = [name for name in context.params if name not in FREE_ON_RESUME]
        if names := ", ".join(shared.typed(context, *fixed)):
            raise click.UsageError(
                f"--resume keeps the run's own settings; leave out {names} "
                "(--seeds may grow, --executor and --trial-timeout may change)"
            )
        schedule = resumed(resume, options["seeds"], options["ablations"], _changed(context, options))
    if dry_run:
        print_plan(schedule, as_json)
        return DONE
    with run_folder(resume or out) as folder, faults.kept_in(folder):
        try:
            if resume is None:
                start_run(schedule, folder, shlex.join(["bench", *sys.argv[1:]]))
            return _carry_out(schedule, folder, retry, tensorboard, as_json)
        except KeyboardInterrupt:
            if not holds_run(folder):
                raise
            flags = {"--retry": retry, "--tensorboard": tensorboard, "--json": as_json}
            again = _to_go_on(folder, schedule.settings, flags)
            say(f"\nInterrupted; what was finished is kept. Go on with:\n{again}", sys.stderr)
            return INTERRUPTED


def _changed(context: click.Context, options: dict[str, Any]) -> dict[str, Any]:
    """What changes as a run goes on; an address without an executor is of the one it had."""
    names = [name for name in ("ray_address", "trial_timeout") if shared.typed(context, name)]
    names += WHERE if shared.typed(context, "executor") else ()
    return {name: options[name] for name in names}


def _carry_out(schedule: Any, folder: Path, retry: bool, tensorboard: bool, as_json: bool) -> int:
    from alexnet_bench.cli.renewal import RenewedReport
    from alexnet_bench.run.run import continue_run

    costs, settings = None, schedule.settings
    if not as_json:
        from alexnet_bench.run.cost import costs_of, estimate
        from alexnet_bench.show.plan import cost_line, plan_notes

        costs, plan = costs_of(schedule), schedule.manifest_plan()
        for note in (*plan_notes(plan), *schedule.data_notes):
            say(note, sys.stderr)
        if settings.preset == "paper":
            say(f"All of it takes about {cost_line(estimate(schedule))}.", sys.stderr)
    is_open = bool(settings.looks or schedule.timing.effort.interval)
    shown: dict[str, Any] = {"quiet": as_json, "costs": costs, "is_open": is_open}
    with RenewedReport(folder, tensorboard=tensorboard, **shown) as progress:
        records = continue_run(schedule, folder, progress, retries_errors=retry)
    code = _report(folder, records, as_json)
    if tensorboard:
        from alexnet_bench.show.export import export

        # Those of before, of a run that went on; and what could not be written tells why.
        try:
            export(folder, "tensorboard")
        except BenchError as error:
            complain("Error", error)
            return code or BAD_INPUT
    return code


def _to_go_on(folder: Path, settings: Settings, flags: dict[str, bool]) -> str:
    """The command that goes on with a run as this one would have; all else is in its manifest."""
    words = ["bench", "run", "--resume", str(folder)]
    for ablations in settings.ablations:
        words += ["--ablations", ablations]
    if settings.executor != LOCAL:
        words += ["--executor", settings.executor]
    if settings.ray_address is not None:
        words += ["--ray-address", settings.ray_address]
    return shlex.join([*words, *(flag for flag, is_given in flags.items() if is_given)])


def _report(folder: Path, records: Sequence[Any], as_json: bool) -> int:
    """Write the report and show it; what that needs to import is not waited for before the run."""
    from alexnet_bench.analysis.effects import effects
    from alexnet_bench.analysis.summary import summarize
    from alexnet_bench.records.manifest import read_manifest
    from alexnet_bench.show.report import write_report
    from alexnet_bench.show.sentences import answers

    page, manifest = write_report([folder], folder / "report"), read_manifest(folder)
    summary = summarize(records, [manifest])
    found = effects(records, [manifest], {manifest.run_id: folder})
    if as_json:
        say_json({"run": folder, "variants": summary, "answers": list(answers(found))})
    else:
        _print_result(summary, found)
        say(f"\nReport: {page}")
    failed = [record for record in records if not record.succeeded]
    for record in failed:
        say(f"{record.variant}: {record.status}: {record.error}", sys.stderr)
    return FINDING if failed else DONE


def _print_result(summary: Any, found: Any) -> None:
    from alexnet_bench.show.sentences import answers, noise_floor, reservations
    from alexnet_bench.show.tables import changes_table, summary_table

    print_table(summary_table(summary, found))
    for device, variants in summary.groupby("device", sort=False)["variant"]:
        say()
        say_prose(f"on {device}: {', '.join(dict.fromkeys(variants))}")
    if (changes := changes_table(found)).rows:
        say()
        print_table(changes)
    for sentence in (*reservations(found), *noise_floor(found), *answers(found)):
        say()
        say_prose(sentence)


def print_plan(
    schedule: Any, as_json: bool, further_notes: Sequence[str] = (), most_seconds: float | None = None
) -> None:
    """Print what a run would do, and what it costs, if it is not ended before."""
    from msgspec.structs import asdict

    from alexnet_bench.run.cost import estimate

    plan, cost = schedule.manifest_plan(), estimate(schedule)
    cost["seconds"] = min(cost["seconds"], most_seconds or cost["seconds"])
    images, notes = schedule.images_by_class, (*schedule.data_notes, *further_notes)
    if as_json:
        say_json(asdict(plan) | {"images": images, "notes": notes, "estimate": cost}, indent=2)
        return
    from alexnet_bench.show.plan import images_table, plan_lines, plan_table

    for table in (plan_table(plan), images_table(images)):
        if table.rows:
            print_table(table)
            say()
    for line in plan_lines(plan, cost, notes):
        say_prose(line, indent=12)
