"""What `bench gate` decides, live: on code that did not change, and on code that was made slower.

    python tests/validation/gate_live.py results/reference/gate-live.jsonl --cycles 30
    python tests/validation/gate_live.py results/reference/gate-live.jsonl --table

Each gate is the command itself in a clone of this repository, against the commit before. A cycle holds:

- `same`: that commit changes nothing; 60 s, and 3% to lose;
- `same-busy` (the first ten cycles): likewise, while another process computes all the time;
- `same-busy-120` (the other cycles): likewise with 120 s;
- `slower-3` (two cycles of three): a training step takes 3% more time; 60 s, and 3% to lose;
- `slower-1` (one cycle of six): 1% more time; 5 minutes, and 1% to lose;
- `loop` and `pytest-benchmark` (one cycle of three): this code twice, first as base, then as head, half a
  minute each, as others time it. Slowdowns are planted in their figures afterwards.

What is there already is left out, so it can be stopped and started again. Nothing else should run on the
machine.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import peers
from live import SLOWER, STEP, revision
from scipy import stats
from script import add_lines, arguments, interval, markdown, read_lines, span

from alexnet_bench.analysis.effect import slices, speed_effect
from alexnet_bench.analysis.metrics import TRAINING
from alexnet_bench.environment import cpu_model, now
from alexnet_bench.records.run_folder import run_records
from alexnet_bench.records.schema import Draw
from alexnet_bench.run.code import ROOT

BENCH = (sys.executable, "-c", "from alexnet_bench.cli import main; main()")
PEER_SECONDS = 60.0
# A usual level of a t test, and the factor that asv takes by default.
LEVEL, FACTOR = 0.05, 1.1


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of gate.

    Args:
        planted: more time a step, as a share.
        busy: whether another process computes meanwhile.
        tolerance: of training throughput.
        budget: seconds.
        every: measured in so many cycles of six,
        cycles: of these.
    """

    planted: float = 0.0
    busy: bool = False
    tolerance: float = 0.03
    budget: int = 60
    every: int = 6
    cycles: range = range(1000)


KINDS = {
    "same": Kind(),
    "same-busy": Kind(busy=True, cycles=range(10)),
    "same-busy-120": Kind(busy=True, budget=120, cycles=range(10, 1000)),
    "slower-3": Kind(planted=0.03, every=4),
    "slower-1": Kind(planted=0.01, tolerance=0.01, budget=300, every=1),
}
PEERS_EVERY = 2


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--cycles", type=int, default=30)
    every = [*KINDS, *peers.MEASURE]
    parser.add_argument("--kinds", nargs="+", choices=every, default=every)
    parser.add_argument("--table", action="store_true", help="print the tables of what is there")
    options = parser.parse_args()
    if not options.table:
        _measure(options.out, options.cycles, options.kinds)
    rows = read_lines(options.out)
    print(table(rows), peers_table(rows), sep="\n\n")


def _measure(out: Path, cycles: int, kinds: list[str]) -> None:
    there = {(row["kind"], row["cycle"]) for row in read_lines(out)}
    for cycle in range(cycles):
        due = [kind for kind, how in KINDS.items() if cycle % 6 < how.every and cycle in how.cycles]
        due += list(peers.MEASURE) if cycle % 6 < PEERS_EVERY else []
        for kind in due:
            if kind in kinds and (kind, cycle) not in there:
                row = {"kind": kind, "cycle": cycle, "started_at": now(), "cpu": cpu_model()}
                row |= _gate(KINDS[kind]) if kind in KINDS else _peer(peers.MEASURE[kind])
                add_lines(out, [row])
                print(json.dumps(row)[:300], flush=True)


def _gate(kind: Kind) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as place, contextlib.ExitStack() as beside:
        if kind.busy:
            competitor = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            beside.callback(competitor.wait)
            beside.callback(competitor.kill)
        clone = Path(place) / "clone"
        _git(ROOT, "clone", "--quiet", str(ROOT), str(clone))
        with (clone / "pyproject.toml").open("a", encoding="utf-8") as file:
            file.write(f"\n[tool.alexnet-bench.gate.thresholds]\ntraining = {kind.tolerance}\n")
        if kind.planted:
            with (clone / STEP).open("a", encoding="utf-8") as file:
                file.write(SLOWER.replace("{share}", str(kind.planted)))
        _git(clone, "commit", "--quiet", "--all", "--message", "head")
        command = [*BENCH, "gate", "--quick", "--base", "HEAD~1", "--budget", f"{kind.budget}s", "--json"]
        started = time.time()
        done = subprocess.run(
            [*command, "--out", str(clone / "run")],
            cwd=clone,
            env=os.environ | {"PYTHONPATH": str(clone), "TF_CPP_MIN_LOG_LEVEL": "3"},
            capture_output=True,
            text=True,
        )
        wall = time.time() - started
        if not done.stdout:
            raise RuntimeError(done.stderr)
        records = run_records(clone / "run")
        sides = ([row for row in records if row.side == side] for side in ("head", "base"))
        seconds = {row.draw: row.duration_seconds for row in records}
        return {
            "revision": revision(),
            "exit_code": done.returncode,
            "wall_seconds": round(wall, 1),
            "drawing_seconds": round(sum(seconds.values()), 1),
            "log_ratios": [round(float(draw.mean()), 5) for draw in speed_effect(*sides, TRAINING).rounds],
            "log_rates": {side: _log_rates(records, side) for side in ("head", "base")},
            "steady": sum(row.steady is True for row in records),
            "decisions": {row["quantity"]: row for row in json.loads(done.stdout)["decisions"]},
        }


def _log_rates(records: Sequence[Draw], side: str) -> list[list[float]]:
    """Of images a second, in the slices of each draw."""
    draws = [slices([row]).rates for row in records if row.side == side]
    return [np.log(rates).round(4).tolist() for rates in draws]


def _peer(measure: Callable[..., dict[str, list[float]]]) -> dict[str, Any]:
    options = argparse.Namespace(topology="alexnet-32", batch_size=128, threads=None)
    with tempfile.TemporaryDirectory() as place:
        found = measure(options, PEER_SECONDS, Path(place))
    # Of a loop, what a t test and asv's rule need.
    return {
        "found": {
            name: values
            if len(values) <= 2
            else {
                "steps": len(values),
                "mean": float(np.mean(values)),
                "median": float(np.median(values)),
                "variance": float(np.var(values, ddof=1)),
            }
            for name, values in found.items()
        }
    }


def _git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=gate", "-c", "user.email=gate@example.org")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], capture_output=True, check=True)


def table(rows: list[dict[str, Any]]) -> str:
    """What the gate decided of training throughput, as Markdown."""
    decided = ("regressed", "pass", "inconclusive")
    titles = ["planted", "beside it", "time", "tolerance", "gates", *decided, "draws"]
    lines = []
    for name, kind in KINDS.items():
        found = _of(rows, name)
        if found:
            decisions = Counter(row["decisions"]["training"]["decision"] for row in found)
            lines.append(
                [
                    f"{kind.planted:.0%}" if kind.planted else "nothing",
                    "a process that computes" if kind.busy else "nothing",
                    f"{kind.budget} s",
                    f"{kind.tolerance:.0%}",
                    str(len(found)),
                    *(f"{decisions[word]} {span(interval(decisions[word], len(found)))}" for word in decided),
                    f"{np.mean([len(row['log_ratios']) for row in found]):.0f}",
                ]
            )
    return markdown(titles, lines)


def peers_table(rows: list[dict[str, Any]]) -> str:
    """How often the gate and others failed a build, or would have, as Markdown."""
    planted = (0.0, 0.01, 0.03)
    gates = {
        "`bench gate`, 60 s, tolerance 3%": ("same", None, "slower-3"),
        "`bench gate`, 5 minutes, tolerance 1%": (None, "slower-1", None),
    }
    rules: dict[str, tuple[str, Callable[[dict[str, Any], float], bool]]] = {
        "pytest-benchmark, 60 s, `--benchmark-compare-fail=mean:3%`": (
            "pytest-benchmark",
            partial(_compare_fails, 0.03),
        ),
        "pytest-benchmark, 60 s, `--benchmark-compare-fail=mean:1%`": (
            "pytest-benchmark",
            partial(_compare_fails, 0.01),
        ),
        "base, then head, 60 s, t test at 5%": ("loop", _t_test_fails),
        "base, then head, 60 s, asv's factor of 1.1": ("loop", _factor_fails),
    }
    titles = [
        "builds that fail",
        *(f"{share:.0%} planted" if share else "nothing planted" for share in planted),
    ]
    lines = []
    for title, kinds in gates.items():
        lines.append(
            [title, *(_failed([row["exit_code"] == 1 for row in _of(rows, kind)]) for kind in kinds)]
        )
    for title, (kind, fails) in rules.items():
        pairs = [row["found"] for row in _of(rows, kind)]
        lines.append([title, *(_failed([fails(pair, share) for pair in pairs]) for share in planted)])
    return markdown(titles, lines)


def _of(rows: list[dict[str, Any]], kind: str | None) -> list[dict[str, Any]]:
    return [row for row in rows if row["kind"] == kind]


def _failed(builds: list[bool]) -> str:
    if not builds:
        return "–"
    return f"{sum(builds)} of {len(builds)} {span(interval(sum(builds), len(builds)))}"


def _compare_fails(tolerance: float, found: dict[str, Any], planted: float) -> bool:
    """Its ratio is that of speeds, head over base."""
    return (1 + planted) / found["mean"][0] > 1 + tolerance


def _t_test_fails(found: dict[str, Any], planted: float) -> bool:
    base, head = found["base"], found["head"]
    sides = [
        (side["mean"] * slower, np.sqrt(side["variance"]) * slower, side["steps"])
        for side, slower in ((head, 1 + planted), (base, 1.0))
    ]
    tested = stats.ttest_ind_from_stats(*sides[0], *sides[1], equal_var=False, alternative="greater")
    return bool(tested.pvalue < LEVEL)


def _factor_fails(found: dict[str, Any], planted: float) -> bool:
    return bool(found["head"]["median"] * (1 + planted) / found["base"]["median"] > FACTOR)


if __name__ == "__main__":
    main()
