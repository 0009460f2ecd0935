"""What `bench gate --baseline` would have decided on recorded sessions: false alarms, and slowdowns found.

    python tests/validation/baseline_replay.py results/reference/throughput-32 \\
        results/reference/throughput-227 results/reference/baseline-replay.json

The base side of every comparison is a session of the same code. Each session of a machine is held against the
ones just before it, as the gate does, and, for comparison, by Welch's test over all draws at the same level.
A slowdown is planted by making every slice of the later session that much longer.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from scipy import stats
from script import share, simulate, tabulated

from alexnet_bench.analysis.effect import log_speed, relative_speed
from alexnet_bench.analysis.gate_baseline import THRESHOLD, baseline_decisions
from alexnet_bench.analysis.quantities import Thresholds
from alexnet_bench.records.run_folder import run_records
from alexnet_bench.records.schema import Draw
from alexnet_bench.stats.gate import FALSE_ALARMS

Session = list[Draw]
STORED = (4, 8)
PLANTED = (0.0, 0.05, 0.1, 0.2)
ONLY_SPEED = Thresholds(general={"training": THRESHOLD, "memory": None, "start-up": None})


def main() -> None:
    simulate(__doc__, _replay, table, records="+")


def _replay(*folders: Path) -> dict[str, list[dict[str, Any]]]:
    series = [found for folder in folders for found in _by_machine(folder)]
    return {
        "gates": [_case(series, stored, planted) for stored in STORED for planted in PLANTED],
        "scatter": list(map(_scatter, series)),
    }


def _by_machine(folder: Path) -> Iterator[list[Session]]:
    """The sessions of each machine, in time order."""
    machines: dict[str, list[Session]] = {}
    for run in sorted(folder.iterdir()):
        if (run / "records.jsonl").is_file():
            session = [row for row in run_records(run) if row.side == "base" and row.succeeded]
            machines.setdefault(session[0].device, []).append(session)
    for sessions in machines.values():
        yield sorted(sessions, key=lambda session: session[0].started_at)


def _case(series: list[list[Session]], stored: int, planted: float) -> dict[str, Any]:
    pairs = [
        (_slower(sessions[index], planted), sessions[index - stored : index])
        for sessions in series
        for index in range(stored, len(sessions))
    ]
    found = [baseline_decisions(head, base, ONLY_SPEED)[0].decision for head, base in pairs]
    return {
        "stored": stored,
        "planted": planted,
        "decisions": dict(Counter(found)),
        "regressed_by_draws": sum(_regressed_by_draws(head, base) for head, base in pairs),
        "gates": len(pairs),
    }


def _slower(session: Session, share: float) -> Session:
    return [
        msgspec.structs.replace(
            row, slice_seconds=tuple(seconds * (1 + share) for seconds in row.slice_seconds)
        )
        for row in session
    ]


def _regressed_by_draws(head: Session, base: Iterable[Session]) -> bool:
    one, other = ([relative_speed(row) for row in rows] for rows in (head, chain(*base)))
    return bool(stats.ttest_ind(one, other, equal_var=False, alternative="less").pvalue < FALSE_ALARMS)


def _scatter(sessions: list[Session]) -> dict[str, Any]:
    """Standard deviations of the logarithm of speed from session to session, with and without a yardstick."""
    with_yardstick, without = (
        float(np.std([np.mean([of(row) for row in session]) for session in sessions], ddof=1))
        for of in (relative_speed, log_speed)
    )
    some = sessions[0][0]
    return {
        "device": some.device,
        "topology": some.topology,
        "sessions": len(sessions),
        "with_yardstick": with_yardstick,
        "without": without,
    }


def table(found: dict[str, list[dict[str, Any]]]) -> str:
    """What was found, as Markdown."""
    lines = [
        {
            "stored sessions": row["stored"],
            "planted": f"{row['planted']:.0%}" if row["planted"] else "nothing",
            "gates": row["gates"],
            **{
                word: share(row["decisions"].get(word, 0), row["gates"])
                for word in ("regressed", "pass", "inconclusive")
            },
            "by draws: regressed": share(row["regressed_by_draws"], row["gates"]),
        }
        for row in found["gates"]
    ]
    return tabulated(lines)


if __name__ == "__main__":
    main()
