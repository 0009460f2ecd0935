"""What makes a build faster or slower than another of the same network, and which redraw draws that anew.

    python tests/validation/redraw.py results/reference/redraw-32.jsonl
    python tests/validation/redraw.py results/reference/redraw-32.jsonl --summary

Processes of one network take their slices in turn; then each is redrawn in one of these ways, and so on:
`nothing`, `trace` (the step compiled anew), `build` (new variables too), `shuffle` (likewise, after random
allocations that move everything) and `process`. Each way is tried with and without huge pages in the heap.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from script import add_lines, arguments, read_lines, tabulated

WAYS = ("nothing", "trace", "build", "shuffle", "process")
HUGE = {"with": "glibc.malloc.hugetlb=1", "without": "glibc.malloc.hugetlb=0"}
PROCESSES, ROUNDS, REDRAWS, STEPS = 4, 12, 7, 2

CHILD = """
import json, random, sys, time
import tensorflow as tf
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.recipe import PAPER
from alexnet_bench.network.topology import find_topology
from alexnet_bench.model.tensorflow_step import Steps, build_steps
from alexnet_bench.network.variant import ALEXNET
from alexnet_bench.worker.timing import Draw

topology, batch = sys.argv[1], int(sys.argv[2])
threads = len(__import__("os").sched_getaffinity(0))
tf.config.threading.set_intra_op_parallelism_threads(threads)
tf.config.threading.set_inter_op_parallelism_threads(threads)
plan = make_plan(ALEXNET, find_topology(topology), classes=1000 if topology == "alexnet-227" else 10)
recipe, draw = PAPER.but(batch_size=batch), None


def build():
    return Draw(
        lambda: build_steps(plan, recipe, seed=0),
        input_shape=plan.input_shape,
        classes=plan.classes,
        batch_size=batch,
    )


for line in sys.stdin:
    what = json.loads(line)
    started = time.perf_counter()
    if what == "slice":
        print(draw.slice("training", STEPS)["seconds"], flush=True)
        continue
    if what == "trace" and draw:
        draw.steps = Steps(draw.steps.model, recipe)
        draw.steps.learning_rate.assign(0.0)
    elif what != "nothing" or not draw:
        draw = None
        if what == "shuffle":
            kept = [tf.zeros([random.randrange(1000, 3_000_000)]) for _ in range(20)]
            random.shuffle(kept)
            del kept[::2]
        draw = build()
    for _ in range(3):
        draw.slice("training", STEPS)
    print(time.perf_counter() - started, flush=True)
"""


class Process:
    """One network in a process of its own."""

    def __init__(self, topology: str, batch_size: int, huge: str) -> None:
        command = [sys.executable, "-c", CHILD.replace("STEPS", str(STEPS)), topology, str(batch_size)]
        environment = os.environ | {"GLIBC_TUNABLES": HUGE[huge], "TF_CPP_MIN_LOG_LEVEL": "3"}
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            text=True,
        )

    def ask(self, what: str) -> float:
        """Seconds that it took."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def end(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--topology", default="alexnet-32")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--summary", action="store_true")
    options = parser.parse_args()
    if not options.summary:
        done = {(row["huge"], row["way"]) for row in read_lines(options.out)}
        for huge, way in product(HUGE, WAYS):
            if (huge, way) not in done:
                _try(way, huge, options)
    print(table(read_lines(options.out)))


def _try(way: str, huge: str, options: argparse.Namespace) -> None:
    rows: list[dict[str, Any]] = []
    processes = [Process(options.topology, options.batch_size, huge) for _ in range(PROCESSES)]
    for redraw in range(REDRAWS):
        cost = []
        for index in range(PROCESSES):
            started = time.perf_counter()
            if way == "process" and redraw:
                processes[index].end()
                processes[index] = Process(options.topology, options.batch_size, huge)
            processes[index].ask("build" if way == "process" else way)
            cost.append(time.perf_counter() - started)
        slices: list[list[float]] = [[] for _ in processes]
        for _ in range(ROUNDS):
            for index in random.sample(range(PROCESSES), PROCESSES):
                slices[index].append(round(processes[index].ask("slice"), 6))
        rows.append({"huge": huge, "way": way, "redraw": redraw, "cost": cost, "slices": slices})
    for process in processes:
        process.end()
    add_lines(options.out, rows)
    print(way, huge, "done", flush=True)


def table(rows: list[dict[str, Any]]) -> str:
    """A row of Markdown for each way, with and without huge pages."""
    by_way = ([row for row in rows if (row["huge"], row["way"]) == case] for case in product(HUGE, WAYS))
    return tabulated(list(map(_line, filter(None, by_way))))


def _line(rows: list[dict[str, Any]]) -> dict[str, object]:
    """The variances of a log duration: of slices, between builds, and of a build's change when redrawn."""
    logs = np.log([row["slices"] for row in rows])
    logs -= logs.mean(axis=1, keepdims=True)
    scale = PROCESSES / (PROCESSES - 1)
    within = logs.var(axis=2, ddof=1).mean() * scale
    means = logs.mean(axis=2)
    noise = within / logs.shape[2]
    between = max(0.0, means.var(axis=1, ddof=1).mean() - noise)
    changed = max(0.0, (np.diff(means, axis=0) ** 2).mean() / 2 * scale - noise)
    return {
        "redrawn": rows[0]["way"],
        "huge pages": rows[0]["huge"],
        "spread of builds": f"{between**0.5:.2%}",
        "of that redrawn": f"{min(1.0, changed / between):.0%}" if between else "–",
        "spread of slices": f"{within**0.5:.2%}",
        "a redraw takes": f"{np.median([row['cost'] for row in rows[1:]]):.1f} s",
    }


if __name__ == "__main__":
    main()
