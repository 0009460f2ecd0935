"""The ways to gate: against other code timed now, a stored baseline, or files of pytest-benchmark."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from alexnet_bench.analysis.decision import Decision
from alexnet_bench.analysis.gate import decisions, enough
from alexnet_bench.analysis.gate_baseline import THRESHOLD, add_session, baseline_decisions, stored_sessions
from alexnet_bench.analysis.gate_pytest_benchmark import benchmark_decisions, read_timings
from alexnet_bench.analysis.quantities import QUANTITIES, TIME
from alexnet_bench.cli.group import DONE
from alexnet_bench.cli.progress import time_sides
from alexnet_bench.cli.terminal import say, say_json
from alexnet_bench.errors import RecordError, UnknownNameError
from alexnet_bench.git import Commit, commits_since
from alexnet_bench.records.schema import Draw
from alexnet_bench.run.effort import baseline_effort, gate_effort
from alexnet_bench.run.project import Project
from alexnet_bench.run.sides import merge_base, repository_at
from alexnet_bench.stats.estimate import FEWEST_UNITS
from alexnet_bench.words import counted, joined


@dataclass(frozen=True, kw_only=True)
class Found:
    """The decisions, what head was held against, what was timed if anything was, and what else to say.

    Args:
        commits: of head, that the base has not.
    """

    rows: list[Decision]
    against: str
    run: Path | None = None
    records: Sequence[Draw] = ()
    notes: Sequence[str] = ()
    commits: Sequence[Commit] = ()


def against_code(project: Project, base: str | None, base_python: Path | None, **timed: Any) -> Found:
    """Time this code and its base in turn; where no base is given, where this branch began."""
    if base is None and base_python is None:
        base = merge_base(repository_at(Path.cwd()))
    found = time_sides(
        base=base,
        base_python=base_python,
        effort=gate_effort,
        is_known=partial(enough, thresholds=project.thresholds),
        named=project.thresholds.named(QUANTITIES),
        **timed,
    )
    rows = decisions(found.records, project.thresholds, project.false_alarms, found.asked)
    notes = _unused(project, rows)
    return Found(
        rows=rows,
        against=found.against,
        run=found.run,
        records=found.records,
        notes=notes,
        commits=commits_since(repository_at(Path.cwd()), base) if base else (),
    )


def against_baseline(project: Project, baseline: Path, **timed: Any) -> Found:
    """Time this code alone, and hold it against stored sessions.

    Raises:
        RecordError: there is none.
    """
    stored = stored_sessions(baseline)
    if not stored:
        raise RecordError(f"{baseline} holds no session; add one with --record on the code to hold against")
    kept = {record.variant for session in stored for record in session}
    named = [name for name in project.thresholds.named(QUANTITIES) if name not in kept]
    found = time_sides(alone=True, effort=baseline_effort, named=named, **timed)
    project = project.by_default(training=THRESHOLD, inference=THRESHOLD)
    rows = baseline_decisions(found.records, stored, project.thresholds, project.false_alarms, found.asked)
    notes = _unused(project, rows)
    return Found(rows=rows, against=str(baseline), run=found.run, records=found.records, notes=notes)


def _unused(project: Project, rows: Sequence[Decision]) -> list[str]:
    """That a variant has a threshold on what only benchmarks have."""
    timed = dict.fromkeys(row.variant for row in rows)
    names = [name for name in project.thresholds.named([TIME.name]) if name in timed]
    if not names:
        return []
    return [
        f"thresholds: {TIME.name} of {joined(names)} is not used: it is for benchmarks; of a variant, "
        f"{joined(list(QUANTITIES))} are gated"
    ]


def record_session(baseline: Path, **timed: Any) -> int:
    """Time this code alone, and add it to a baseline."""
    run = time_sides(alone=True, effort=baseline_effort, **timed).run
    held = add_session(baseline, run)
    if timed["quiet"]:
        say_json({"run": run, "baseline": baseline, "sessions": held})
    else:
        wanted = "" if held >= FEWEST_UNITS else f"; a decision takes {FEWEST_UNITS}, at different times"
        say(f"{baseline} holds {counted(held, 'session')} now{wanted}")
    return DONE


def of_benchmarks(project: Project, new: Sequence[Path], old: Sequence[Path]) -> Found:
    """Time nothing, and decide from files of pytest-benchmark."""
    of_new, of_old = ([read_timings(file) for file in files] for files in (new, old))
    rows = benchmark_decisions(
        of_new, of_old, project.thresholds, project.false_alarms, project.process_spread
    )
    known = {name for file in (*of_new, *of_old) for name in file}
    # No error: it may be in other files, which are gated by themselves.
    unknown = [name for name in project.thresholds.named([TIME.name]) if name not in known]
    notes = [f"thresholds: {UnknownNameError('benchmark', unknown, known)}"] if unknown else []
    return Found(rows=rows, against=", ".join(map(str, old)), notes=notes)
