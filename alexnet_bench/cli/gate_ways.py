"""The ways to gate: against other code timed now, a stored baseline, or files of pytest-benchmark."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alexnet_bench.cli.exits import DONE

if TYPE_CHECKING:
    from alexnet_bench.analysis.decision import Decision
    from alexnet_bench.run.project import GateSettings


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a gate found.

    Args:
        rows: the decisions.
        against: what head was held against.
        run: the folder with the records; None where nothing was timed.
        records: that were made.
    """

    rows: list["Decision"]
    against: str
    run: Path | None = None
    records: Sequence[dict[str, Any]] = ()


def against_code(settings: "GateSettings", base: str | None, base_python: Path | None, **timed: Any) -> Found:
    """Time this code and its base in turn; where no base is given, where this branch began."""
    from alexnet_bench.analysis.gate import decisions, enough
    from alexnet_bench.cli.sides import time_sides
    from alexnet_bench.run.base import merge_base, repository_at
    from alexnet_bench.run.gate import gate_effort

    if base is None and base_python is None:
        base = merge_base(repository_at(Path.cwd()))
    records, against, run = time_sides(
        base=base,
        base_python=base_python,
        effort=gate_effort,
        is_known=partial(enough, thresholds=settings.thresholds),
        **timed,
    )
    rows = decisions(records, settings.thresholds, settings.false_alarms)
    return Found(rows=rows, against=against, run=run, records=records)


def against_baseline(settings: "GateSettings", baseline: Path, **timed: Any) -> Found:
    """Time this code alone, and hold it against stored sessions.

    Raises:
        RecordError: there is none.
    """
    from alexnet_bench.analysis.gate_baseline import THRESHOLD, baseline_decisions, stored_sessions
    from alexnet_bench.cli.sides import time_sides
    from alexnet_bench.errors import RecordError
    from alexnet_bench.run.gate import baseline_effort

    stored = stored_sessions(baseline)
    if not stored:
        raise RecordError(f"{baseline} holds no session; add one with --record on the code to hold against")
    records, _, run = time_sides(alone=True, effort=baseline_effort, **timed)
    settings = settings.by_default(training=THRESHOLD, inference=THRESHOLD)
    rows = baseline_decisions(records, stored, settings.thresholds, settings.false_alarms)
    return Found(rows=rows, against=str(baseline), run=run, records=records)


def record_session(baseline: Path, **timed: Any) -> int:
    """Time this code alone, and add it to a baseline."""
    from alexnet_bench.analysis.gate_baseline import add_session
    from alexnet_bench.cli.sides import time_sides
    from alexnet_bench.run.gate import baseline_effort
    from alexnet_bench.stats import FEWEST_UNITS

    _, _, run = time_sides(alone=True, effort=baseline_effort, **timed)
    held = add_session(baseline, run)
    if timed["quiet"]:
        print(json.dumps({"run": str(run), "baseline": str(baseline), "sessions": held}))
        return DONE
    wanted = "" if held >= FEWEST_UNITS else f"; a decision takes {FEWEST_UNITS}, at different times"
    print(f"{baseline} holds {held} session{'s' * (held != 1)} now{wanted}")
    return DONE


def of_benchmarks(settings: "GateSettings", new: Sequence[Path], old: Sequence[Path]) -> Found:
    """Time nothing, and decide from files of pytest-benchmark."""
    from alexnet_bench.analysis.gate_pytest_benchmark import benchmark_decisions, read_timings

    rows = benchmark_decisions(
        [read_timings(file) for file in new],
        [read_timings(file) for file in old],
        settings.thresholds,
        settings.false_alarms,
        settings.process_spread,
    )
    return Found(rows=rows, against=", ".join(map(str, old)))
