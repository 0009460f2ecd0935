"""What a process that computes all the time does to the ratios of draws, from the slices of live gates.

python tests/validation/busy.py results/reference/gate-live.jsonl
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from gate_live import KINDS
from numpy.typing import NDArray
from script import arguments, markdown, read_lines

from alexnet_bench.stats.rounds import faster_half, middle_half

Ratio = Callable[[NDArray[np.float64], NDArray[np.float64]], float]
WAYS: dict[str, Ratio] = {
    "all slices": lambda head, base: float(np.mean(head) - np.mean(base)),
    "faster halves": lambda head, base: float(faster_half(head).mean() - faster_half(base).mean()),
    "middle half of the rounds": lambda head, base: float(middle_half(head - base).mean()),
}


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("gates", type=Path)
    print(table(read_lines(parser.parse_args().gates)))


def table(rows: list[dict[str, Any]]) -> str:
    """By how much the draws of a gate differ, by the way that their ratio is made, as Markdown."""
    gates = [row for row in rows if "log_rates" in row]
    sides = [[row for row in gates if KINDS[row["kind"]].busy == busy] for busy in (False, True)]
    lines = [
        ["gates, draws", *(f"{len(side)}, {sum(len(row['log_ratios']) for row in side)}" for side in sides)],
        *(
            [name, *(_spread([_by(way, row) for row in side]) for side in sides)]
            for name, way in WAYS.items()
        ),
        ["as the gate takes them", *(_spread([row["log_ratios"] for row in side]) for side in sides)],
    ]
    return markdown(
        ["standard deviation of draws", "nothing beside", "beside a process that computes"], lines
    )


def _by(way: Ratio, gate: dict[str, Any]) -> list[float]:
    sides = zip(gate["log_rates"]["head"], gate["log_rates"]["base"], strict=True)
    return [way(np.array(head), np.array(base)) for head, base in sides]


def _spread(gates: list[list[float]]) -> str:
    """Within gates."""
    freedom = sum(len(draws) - 1 for draws in gates)
    return f"{np.sqrt(sum(np.var(draws) * len(draws) for draws in gates) / freedom):.2%}"


if __name__ == "__main__":
    main()
