"""What `bench gate` would have decided on recorded draws: false alarms, and planted slowdowns found.

    python tests/validation/gate_replay.py results/reference/throughput-32 results/reference/gate-replay.json

All comparisons are put in time order, what was planted in them is taken off again, and from every draw on as
many draws are read as the gate would have made in its time. Blocks overlap, so that they are not independent
of each other: intervals of shares are as wide as for the blocks that do not overlap. A slowdown is planted
by making each head that much slower.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from live import PLANTED
from numpy.typing import NDArray
from script import interval, simulate, span, tabulated

from alexnet_bench.records.run_folder import run_records
from alexnet_bench.stats.estimate import FEWEST_UNITS
from alexnet_bench.stats.evidence import PairedDraws
from alexnet_bench.stats.gate import decide
from alexnet_bench.stats.rounds import Slices, paired_rounds

Draw = tuple[NDArray[np.float64], NDArray[np.float64]]
ROUNDS = 12
# By the records: seconds of a draw of two sides before its rounds, and of a round of 0.1 s slices.
DRAW_SECONDS, ROUND_SECONDS = 3.0, 0.2
# Seconds, the tolerance, and what is planted.
CASES = [
    (45, 0.03, (0.0, 0.03, 0.05)),
    (60, 0.03, (0.0, 0.02, 0.03, 0.05)),
    (120, 0.02, (0.0, 0.01, 0.02, 0.03)),
    (300, 0.01, (0.0, 0.005, 0.01, 0.02)),
]


def main() -> None:
    simulate(__doc__, _cases, table, records=1)


def _cases(folder: Path) -> list[dict[str, Any]]:
    draws = list(_in_time_order(folder))
    return [_case(draws, *case, planted) for *case, many in CASES for planted in many]


def _in_time_order(folder: Path) -> Iterator[Draw]:
    """The log rates of head and base in the rounds of each draw, without what was planted."""
    found = []
    for run in sorted(folder.iterdir()):
        share = PLANTED.get(run.name.rpartition("-")[0])
        if share is not None:
            draws: dict[int, dict[str, Any]] = {}
            for row in run_records(run):
                draws.setdefault(row.draw, {})[row.side] = row
            found += [(share, sides) for sides in draws.values()]
    found.sort(key=lambda item: (item[1]["head"].started_at, item[1]["head"].draw))
    for share, sides in found:
        head, base = (
            -np.log(np.divide(sides[side].slice_seconds, sides[side].slice_steps))
            for side in ("head", "base")
        )
        if min(len(head), len(base)) >= ROUNDS:
            yield head[:ROUNDS] + np.log1p(share), base[:ROUNDS]


def _case(draws: list[Draw], seconds: float, threshold: float, planted: float) -> dict[str, Any]:
    draws = [(head - np.log1p(planted), base) for head, base in draws]
    most = int(seconds / (DRAW_SECONDS + ROUNDS * ROUND_SECONDS))
    starts = range(len(draws) - most + 1)
    found = [_gate(draws[start : start + most], threshold) for start in starts]
    return {
        "seconds": seconds,
        "draws": most,
        "threshold": threshold,
        "planted": planted,
        "blocks": len(found),
        "apart": len(draws) // most,
        "decisions": dict(Counter(decision for decision, _ in found)),
        "mean_draws": float(np.mean([count for _, count in found])),
    }


def _gate(draws: list[Draw], threshold: float) -> tuple[str, int]:
    """The decision, and the draws that it took."""
    count = FEWEST_UNITS
    while count < len(draws):
        evidence = _evidence(draws[:count], threshold)
        if evidence.is_settled:
            return decide([evidence])[0], count
        count *= 2
    return decide([_evidence(draws, threshold)])[0], len(draws)


def _evidence(draws: list[Draw], threshold: float) -> PairedDraws:
    sides = (_slices([draw[side] for draw in draws]) for side in (0, 1))
    return PairedDraws(draws=paired_rounds(*sides), tolerance=-np.log1p(-threshold))


def _slices(log_rates: list[NDArray[np.float64]]) -> Slices:
    keys = list(np.ndindex(len(log_rates), ROUNDS))
    rates = np.exp(log_rates).ravel().tolist()
    return Slices(rounds=keys, draws=[draw for draw, _ in keys], rates=rates)


def table(rows: list[dict[str, Any]]) -> str:
    """What was found, as Markdown."""
    lines = [
        {
            "time": f"{row['seconds']} s",
            "tolerance": f"{row['threshold']:.0%}",
            "planted": f"{row['planted']:.1%}" if row["planted"] else "nothing",
            "blocks (apart)": f"{row['blocks']} ({row['apart']})",
            **{
                word: _share(row["decisions"].get(word, 0), row)
                for word in ("regressed", "pass", "inconclusive")
            },
            "draws used, of": f"{row['mean_draws']:.0f} of {row['draws']}",
        }
        for row in rows
    ]
    return tabulated(lines)


def _share(count: int, row: dict[str, Any]) -> str:
    share = count / row["blocks"]
    return f"{share:.1%} {span(interval(round(share * row['apart']), row['apart']))}"


if __name__ == "__main__":
    main()
