"""What a gate decides against sessions that were stored before, on the same machine.

A machine is another from one hour to the next, by more than the draws of one session tell: sessions are what
is counted. Speeds are set against the yardstick that was timed in the same rounds.
"""

import math
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from alexnet_bench.analysis.decision import Decision, decided
from alexnet_bench.analysis.effect import relative_speed
from alexnet_bench.analysis.gate import UNTIMED, Asked, by_network, typical, undecided
from alexnet_bench.analysis.quantities import Quantity, Thresholds
from alexnet_bench.errors import RecordError, WorkerError
from alexnet_bench.records.files import is_there
from alexnet_bench.records.manifest import MANIFEST, holds_run, read_manifest
from alexnet_bench.records.run_folder import RECORDS, run_records
from alexnet_bench.records.schema import Draw, columns_of, differences
from alexnet_bench.stats.estimate import FEWEST_UNITS
from alexnet_bench.stats.evidence import Apart, Evidence
from alexnet_bench.stats.gate import FALSE_ALARMS, REGRESSED
from alexnet_bench.stats.verdict import INCONCLUSIVE

# A session further is what machines change by; see docs/gate.md.
THRESHOLD = 0.1
_OWN_VERSION = "versions: alexnet-bench"
_COLUMNS = [
    column.name for column in columns_of(Draw) if column.agrees and column.name not in ("side", "mode")
]


def stored_sessions(folder: Path) -> list[list[Draw]]:
    """The records of each session in a baseline's folder; none where there is no folder yet.

    Raises:
        RecordError: the records of one are damaged or of a newer schema.
    """
    if not is_there(folder):
        return []
    try:
        places = [place for place in sorted(folder.iterdir()) if holds_run(place)]
    except OSError as error:
        raise RecordError(f"{folder} cannot be read ({error.strerror}); give another --baseline") from None
    return [[row for row in run_records(place) if isinstance(row, Draw)] for place in places]


def add_session(folder: Path, run: Path) -> int:
    """Copy the records of a run into a baseline's folder, and return how many sessions it then holds.

    Raises:
        WorkerError: nothing was measured.
        RecordError: the folder cannot be written.
    """
    if not any(isinstance(row, Draw) and row.succeeded for row in run_records(run)):
        raise WorkerError(f"nothing was measured in {run}, and the baseline stays as it was")
    manifest = read_manifest(run)
    place = folder / f"{manifest.created_at[:19].replace(':', '')}-{manifest.run_id}"
    try:
        place.mkdir(parents=True)
        # The manifest makes it a session, and comes last.
        for name in (RECORDS, MANIFEST):
            shutil.copy(run / name, place / name)
    except OSError as error:
        raise RecordError(f"{place} cannot be written ({error.strerror}); give another --baseline") from None
    return len(stored_sessions(folder))


def baseline_decisions(
    records: Sequence[Draw],
    stored: Sequence[Sequence[Draw]],
    thresholds: Thresholds,
    false_alarms: float = FALSE_ALARMS,
    asked: Iterable[Asked] = (),
) -> list[Decision]:
    """The decision on every gated quantity of every variant against a baseline, as `decisions` gives them.

    Args:
        records: draws of this code, of one session.
        stored: those of the sessions of the baseline.
    """
    rows = [
        row for network, own in by_network(records, asked) for row in _gated(network, own, stored, thresholds)
    ]
    return decided(rows, false_alarms)


def _gated(
    asked: Asked, own: Sequence[Draw], stored: Sequence[Sequence[Draw]], thresholds: Thresholds
) -> Iterator[tuple[Decision, Evidence | None]]:
    """Every gated quantity of a variant before it is judged, and what is known of it."""
    stored = [[row for row in session if row.variant == asked.variant] for session in stored]
    modes = {*asked.modes, *_modes(own)}
    for quantity, threshold, row in undecided(asked, own, thresholds):
        if not own:
            yield replace(row, decision=INCONCLUSIVE).noted(UNTIMED), None
            continue
        # Memory and start-up are of a worker that built all its modes.
        some, alike = own[0], [session for session in stored if quantity.mode or _modes(session) == modes]
        agreeing = [[draw for draw in session if not _differences(some, draw)] for session in alike]
        sessions = [usable for session in agreeing if (usable := _usable(session, quantity))]
        head = _usable(own, quantity)
        if not head:
            broken = sessions and not any(row.succeeded for row in own)
            row = replace(row, decision=REGRESSED if broken else row.decision)
            yield row.noted(*_failures(own, quantity)), None
            continue
        row = replace(row, head=typical(head, quantity))
        if not sessions:
            yield row.noted(_why_none(some, stored, alike)), None
            continue
        evidence = Apart(
            head=[_goodness(head, quantity)],
            base=[_goodness(session, quantity) for session in sessions],
            tolerance=quantity.loss(threshold),
        )
        row = row.on(evidence, head=row.head)
        if (held := len(sessions)) < FEWEST_UNITS:
            row = row.noted(
                f"a decision takes {FEWEST_UNITS} sessions and the baseline holds {held}; "
                "add some with --record"
            )
        yield row, evidence


def _modes(rows: Iterable[Draw]) -> set[str]:
    return {row.mode for row in rows}


def _differences(some: Draw, other: Draw) -> list[tuple[str, Any, Any]]:
    """Where two draws disagree, but for what is under test."""
    return [
        item
        for name in _COLUMNS
        for item in differences(name, getattr(some, name), getattr(other, name))
        if item[0] != _OWN_VERSION
    ]


def _why_none(some: Draw, stored: Sequence[Sequence[Draw]], alike: Sequence[Sequence[Draw]]) -> str:
    rows = [row for session in stored for row in session]
    if not rows:
        return f"the baseline holds no {some.variant}"
    if not any(alike):
        return "no session of the baseline built the same modes"
    nearest = min(rows, key=lambda row: len(_differences(some, row)))
    found = [f"{name} ({here} here, {there} there)" for name, here, there in _differences(some, nearest)]
    if not found:
        return "no session of the baseline measured it"
    return "the baseline differs in " + " and in ".join(found)


def _usable(rows: Iterable[Draw], quantity: Quantity) -> list[Draw]:
    """The draws that tell of a quantity and count."""
    told = (row for row in rows if quantity.is_told_by(row))
    return [row for row in told if quantity.mode is None or relative_speed(row) is not None]


def _failures(rows: Iterable[Draw], quantity: Quantity) -> Iterator[str]:
    told = [f"{row.status}: {row.error}" for row in rows if not row.succeeded and quantity.concerns(row)]
    yield from dict.fromkeys(told or ["no draw reached a steady state beside a yardstick"])


def _goodness(rows: Iterable[Draw], quantity: Quantity) -> float:
    """The mean logarithm over a session's draws: of the speed against the yardstick, or of what costs."""
    if quantity.mode is None:
        return -float(np.mean([math.log(quantity.metric.of(row)) for row in rows]))
    return float(np.mean([speed for row in rows if (speed := relative_speed(row)) is not None]))
