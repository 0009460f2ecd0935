"""How often a report calls identical variants better or worse: simulated records, through the real report.

    python tests/validation/reports.py results/reference/reports.json
    python tests/validation/reports.py results/reference/reports.json --table

Every arm is the control over again: its errors and speeds differ by luck alone. Errors are counted in whole
test images, and every seed is shared by control and arms. Cases that the file holds are left out, so that it
can be stopped and started again.
"""

import json
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from script import arguments, interval, markdown, share, span, write

sys.path.insert(0, str(Path(__file__).parents[1]))

from report_runs import draw, in_run, manifest, trial

from alexnet_bench.analysis.effects import effects
from alexnet_bench.analysis.metrics import THROUGHPUTS

REPORTS = 500
ARMS, SEEDS, IMAGES = (1, 5, 10), (5, 8), (360, 10_000)
DEVIATION, ROUNDS, STEP_NOISE, DRAW_NOISE = 0.007, 6, 0.05, 0.004


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--table", action="store_true", help="print the table of what is there")
    options = parser.parse_args()
    rows = json.loads(options.out.read_text(encoding="utf-8")) if options.out.is_file() else []
    if not options.table:
        left = list(enumerate(product(ARMS, SEEDS, IMAGES)))[len(rows) :]
        with ProcessPoolExecutor() as pool:
            for row in pool.map(_case, left):
                rows.append(row)
                write(options.out, rows)
    print(table(rows))


def _case(numbered: tuple[int, tuple[int, int, int]]) -> dict[str, Any]:
    number, (arms, seeds, images) = numbered
    rng = np.random.default_rng([2026, number])
    found = [_report(rng, arms, seeds, images) for _ in range(REPORTS)]
    wrong = {name: sum(item[name] for item in found) for name in ("error", "throughput")}
    case: dict[str, Any] = {"arms": arms, "seeds": seeds, "images": images, "reports": REPORTS}
    for name, count in wrong.items():
        case[name] = {"reports": count, "interval": interval(count, REPORTS)}
    print(json.dumps(case), flush=True)
    return case


def _report(rng: np.random.Generator, arms: int, seeds: int, images: int) -> dict[str, bool]:
    """Whether a report has a better or worse, of its error and of its throughput."""
    names = ["alexnet", *(f"arm-{number}" for number in range(arms))]
    trials = [
        trial(name, seed, float(np.round(images * rng.normal(0.2, DEVIATION)) / images))
        for name in names
        for seed in range(seeds)
    ]
    draws = [
        draw(name, number, list(100 * np.exp(rng.normal(0, DRAW_NOISE) + rng.normal(0, STEP_NOISE, ROUNDS))))
        for name in names
        for number in range(seeds)
    ]
    run = manifest(variants={name: ["dropout"] * (name != "alexnet") for name in names}, test_images=images)
    rows = effects(in_run([*trials, *draws]), [run])
    called = rows[rows["verdict"].isin(["better", "worse"])]
    timed = called["measure"].isin([metric.name for metric in THROUGHPUTS])
    return {"error": bool((~timed).any()), "throughput": bool(timed.any())}


def table(rows: list[dict[str, Any]]) -> str:
    """What was found, as Markdown."""
    titles = ["arms", "seeds or draws", "test images", "reports", "false on error", "false on throughput"]
    measures = ("error", "throughput")
    lines = [
        [
            *(f"{row[name]:,}" for name in ("arms", "seeds", "images", "reports")),
            *(
                f"{row[name]['reports'] / row['reports']:.1%} {span(row[name]['interval'], 1)}"
                for name in measures
            ),
        ]
        for row in rows
    ]
    every = sum(row["reports"] for row in rows)
    wrong = [sum(row[name]["reports"] for row in rows) for name in measures]
    lines.append(["all", "", "", f"{every:,}", *(share(count, every, 1) for count in wrong)])
    return markdown(titles, lines)


if __name__ == "__main__":
    main()
