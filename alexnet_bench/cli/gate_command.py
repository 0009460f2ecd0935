"""`bench gate`."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alexnet_bench.cli import completion
from alexnet_bench.cli import options as shared
from alexnet_bench.cli.group import BAD_INPUT, DONE, FINDING, NOTHING_MEASURED
from alexnet_bench.cli.terminal import complain, print_table, say, say_json
from alexnet_bench.errors import BenchError, RecordError, why_unwritable
from alexnet_bench.words import joined, plain

if TYPE_CHECKING:
    from alexnet_bench.analysis.decision import Decision
    from alexnet_bench.cli.gate_ways import Found
    from alexnet_bench.run.project import Project

EXAMPLE = """\b
Examples:
  bench gate
  bench gate --base HEAD~1 --variants alexnet,no-lrn --budget 5m
  bench gate --quick --base main --markdown comment.md --junit gate.xml
  bench gate --base-python old-tensorflow/bin/python
  bench gate --baseline results/baseline --record
  bench gate --baseline results/baseline
  bench gate --pytest-benchmark new.json --against old.json
"""
QUICK = {"time_topology": "alexnet-32", "time_batch_size": (128,), "mode": "training", "budget": 45.0}
QUICK_THRESHOLD = 0.03
_FILES = ("markdown", "junit", "github_benchmark", "bencher")


class _ProjectDefaults(click.Command):
    """A command whose defaults are those of the project's `pyproject.toml`, then its own.

    What is wrong with that file is an error when the command runs, and not when it is asked for help.
    """

    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **extra: Any) -> click.Context:
        """Read the project's defaults before the options are."""
        from alexnet_bench.run.project import find_project

        found: Project | BenchError
        try:
            found = find_project(Path())
            self._check(found)
            extra["default_map"] = dict(found.options)
        except BenchError as error:
            found = error
        context = super().make_context(info_name, args, *rest, **extra)
        context.obj = found
        return context

    def _check(self, project: "Project") -> None:
        """Refuse a default that could not be typed, whether or not this call uses it."""
        from alexnet_bench.network.topology import find_topology
        from alexnet_bench.run.project import unusable
        from alexnet_bench.run.settings import Settings

        context, values = click.Context(self), {}
        for option in self.params:
            if option.name in project.options:
                try:
                    values[option.name] = option.type_cast_value(context, project.options[option.name])
                except click.BadParameter as error:
                    name = option.name.replace("_", "-")
                    raise unusable(project.root, f"{name}: {error.message}") from None
        try:
            Settings(**{name: values[name] for name in values.keys() & Settings.__dataclass_fields__.keys()})
            if "time_topology" in values:
                find_topology(values["time_topology"])
        except BenchError as error:
            raise unusable(project.root, error) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run it."""
        if isinstance(ctx.obj, BenchError):
            raise ctx.obj
        return super().invoke(ctx)


@click.command(cls=_ProjectDefaults, epilog=EXAMPLE)
@click.option(
    "--base",
    metavar="REV",
    help="A revision of the repository in the current folder; by default, where this branch began.",
)
@shared.base_python
@click.option(
    "--baseline",
    type=shared.FOLDER,
    metavar="DIR",
    help="Sessions stored before, on this machine, such as results/baseline.",
)
@click.option("--record", is_flag=True, help="Add a session to --baseline, and decide nothing.")
@click.option(
    "--pytest-benchmark",
    "new",
    type=shared.FILE,
    multiple=True,
    metavar="FILE",
    help="Time nothing, gate a file of pytest-benchmark; once for each run of it.",
)
@click.option(
    "--against",
    "old",
    type=shared.FILE,
    multiple=True,
    metavar="FILE",
    help="What --pytest-benchmark is held against; once for each run of it.",
)
@click.option(
    "--variants",
    default="alexnet",
    show_default=True,
    shell_complete=completion.selection,
    help="What to gate, as for `bench run`.",
)
@shared.timing
@click.option("--budget", type=shared.SECONDS, help="Time for no longer than this; 2m by default.")
@click.option("--quick", is_flag=True, help="Under a minute: training at 32 pixels, for losses of 3%.")
@click.option("--strict", is_flag=True, help="Leave with 3 where something cannot be decided.")
@click.option("--markdown", type=shared.FILE, help="Write a table for a pull request.")
@click.option("--junit", type=shared.FILE, help="Write JUnit XML.")
@click.option(
    "--github-benchmark",
    type=shared.FILE,
    help="Write JSON for github-action-benchmark (customBiggerIsBetter).",
)
@click.option("--bencher", type=shared.FILE, help="Write Bencher's metric format.")
@click.option(
    "--history",
    type=shared.FILE,
    help=f"Add what was measured to this file, for `bench history`; {shared.HISTORY} by default.",
)
@shared.run_folder
@shared.as_json
@click.pass_context
def command(
    context: click.Context,
    new: tuple[Path, ...],
    old: tuple[Path, ...],
    record: bool,
    strict: bool,
    history: Path | None,
    as_json: bool,
    **options: Any,
) -> int:
    """Decide whether this code is slower, bigger or later to start than its base.

    Both are timed slice by slice in one job. Tolerances are set in pyproject.toml, under
    [tool.alexnet-bench.gate]. Exit codes: 0 nothing regressed, 1 something did, 3 nothing could be measured.
    """
    from alexnet_bench.cli import gate_ways

    project: Project = context.obj
    files = {name: options.pop(name) for name in _FILES}
    _refuse_same_file({"history": history} | files, (*new, *old))
    if new or old:
        shared.refuse(context, "--pytest-benchmark", *options, "record", "history", "github_benchmark")
        if not (new and old):
            raise click.UsageError("give both --pytest-benchmark NEW and --against OLD")
        found = gate_ways.of_benchmarks(project, new, old)
    else:
        if record:
            shared.refuse(context, "--record", *_FILES, "history", "strict")
        baseline = _baseline(context, options)
        if record and baseline is None:
            raise click.UsageError("--record needs --baseline, such as --baseline results/baseline")
        timed = {
            "settings": _settings(context, options),
            "out": options["out"],
            "root": project.root,
            "quiet": as_json,
        }
        if options["quick"]:
            project = project.by_default(start_up=None)
        if baseline is None:
            if options["quick"]:
                project = project.by_default(training=QUICK_THRESHOLD)
            found = gate_ways.against_code(project, options["base"], options["base_python"], **timed)
        elif record:
            return gate_ways.record_session(baseline, **timed)
        else:
            found = gate_ways.against_baseline(project, baseline, **timed)
    # What was measured is shown before anything else can fail, and a file that fails keeps back no other.
    _show(found, as_json)
    _warn(found, context.obj)
    written = _keep_history(found, history, project.root / shared.HISTORY)
    written &= _write_files(found, files)
    return _exit_code(found.rows, strict, written)


def _refuse_same_file(written: Mapping[str, Path | None], read: Sequence[Path]) -> None:
    """Refuse to write two things into one file, or something over what is read."""
    places = {os.path.realpath(file): "what is gated" for file in read}
    for name, file in written.items():
        if file is not None:
            option = f"--{name.replace('_', '-')}"
            if other := places.get(place := os.path.realpath(file)):
                raise click.UsageError(f"{option} and {other} are the same file, {file}; give another")
            places[place] = option


def _baseline(context: click.Context, options: dict[str, Any]) -> Path | None:
    """The stored one to hold against; the project's own gives way to a base that was typed."""
    bases = ("base", "base_python")
    if shared.typed(context, "baseline"):
        shared.refuse(context, "--baseline", *bases)
    return None if shared.typed(context, *bases) else options["baseline"]


def _settings(context: click.Context, options: dict[str, Any]) -> dict[str, Any]:
    """The settings of what is timed."""
    ways = ("quick", "base", "base_python", "baseline", "out")
    asked = {name: value for name, value in options.items() if name not in ways}
    if options["quick"]:
        asked |= {name: value for name, value in QUICK.items() if not shared.typed(context, name)}
    return asked


def _show(found: "Found", as_json: bool) -> None:
    from alexnet_bench.show.gate import decisions_table, standing

    if as_json:
        say_json({"run": found.run, "against": found.against, "decisions": found.rows})
        return
    print_table(decisions_table(found.rows, short=True))
    records = "" if found.run is None else f" Records: {found.run}"
    say(f"\nAgainst {plain(found.against)}: {standing(found.rows)}.{records}")


def _warn(found: "Found", project: "Project") -> None:
    """Say what could not be decided and what is broken, and why."""
    from alexnet_bench.run.project import unusable
    from alexnet_bench.show.gate import explained
    from alexnet_bench.stats.gate import REGRESSED, UNDECIDED

    for note in found.notes:
        complain("Warning", note)
    for row in found.rows:
        if row.decision in UNDECIDED or (row.decision == REGRESSED and not row.compared):
            complain("Warning", f"{row.variant}, {row.label}: {explained(row)}")
    if not found.rows:
        off = f"thresholds switch off {joined(project.thresholds.switched_off)}"
        complain("Warning", unusable(project.root, f"nothing is left to gate: {off}"))
    elif not any(row.measured for row in found.rows):
        complain("Warning", "nothing could be measured of this code")


def _keep_history(found: "Found", file: Path | None, default: Path) -> bool:
    """Add what was measured to the history, and return whether a file that was asked for could be written."""
    from alexnet_bench.analysis.history import make_rows
    from alexnet_bench.records.history import append_history

    try:
        append_history(file or default, make_rows(found.records, found.rows))
    except RecordError as error:
        complain("Error" if file else "Warning", error)
        return file is None
    return True


def _write_files(found: "Found", files: Mapping[str, Path | None]) -> bool:
    """Write what was asked for, and return whether all of it could be written.

    A job of GitHub's gets the table as its summary, and the gravest decision as an output; as nobody asked
    for that, it may fail.
    """
    from alexnet_bench.show.gate import FORMATS, gravest

    texts = {name: form(found.rows, found.against, found.commits) for name, form in FORMATS.items()}
    written = [_write(file, texts[name]) for name, file in files.items() if file is not None]
    told = {"GITHUB_STEP_SUMMARY": texts["markdown"], "GITHUB_OUTPUT": f"decision={gravest(found.rows)}\n"}
    for variable, text in told.items():
        if place := os.environ.get(variable):
            _write(Path(place), text, mode="a", level="Warning")
    return all(written)


def _write(file: Path, text: str, mode: str = "w", level: str = "Error") -> bool:
    try:
        if mode == "w":
            file.parent.mkdir(parents=True, exist_ok=True)
        with file.open(mode, encoding="utf-8") as place:
            place.write(text)
    except OSError as error:
        complain(level, f"{file} cannot be written: {why_unwritable(error)}")
        return False
    return True


def _exit_code(rows: Sequence["Decision"], strict: bool, written: bool) -> int:
    from alexnet_bench.stats.gate import REGRESSED, UNDECIDED

    found = {row.decision for row in rows}
    if REGRESSED in found:
        return FINDING
    if not written:
        return BAD_INPUT
    undecided = strict and not found.isdisjoint(UNDECIDED)
    return NOTHING_MEASURED if undecided or not any(row.measured for row in rows) else DONE
