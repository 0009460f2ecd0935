"""The same comparison as others make it: the whole base first, then the whole head, a process each."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

NETWORK = """
import os
import tensorflow as tf

from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.recipe import PAPER
from alexnet_bench.network.topology import find_topology
from alexnet_bench.model.tensorflow_step import build_steps
from alexnet_bench.network.variant import ALEXNET

BATCH_SIZE = int(os.environ["BATCH_SIZE"])
if os.environ["THREADS"]:
    intra_op, inter_op = map(int, os.environ["THREADS"].split("x"))
    tf.config.threading.set_intra_op_parallelism_threads(intra_op)
    tf.config.threading.set_inter_op_parallelism_threads(inter_op)
plan = make_plan(ALEXNET, find_topology(os.environ["TOPOLOGY"]), classes=int(os.environ["CLASSES"]))
steps = build_steps(plan, PAPER.but(batch_size=BATCH_SIZE), seed=0)
steps.learning_rate.assign(0.0)
images = tf.random.normal((BATCH_SIZE, *plan.input_shape))
labels = tf.zeros((BATCH_SIZE,), tf.int64)


def step():
    steps.train(images, labels)[0].numpy()


for _ in range(10):
    step()
"""

TEST = (
    NETWORK
    + """

def test_step(benchmark):
    benchmark(step)
"""
)

LOOP = (
    NETWORK
    + """
import json
import time

durations, ends = [], time.perf_counter() + float(os.environ["SECONDS"])
while time.perf_counter() < ends:
    started = time.perf_counter()
    step()
    durations.append(time.perf_counter() - started)
print(json.dumps(durations))
"""
)

# Of a side's minute, what goes into starting Python and building the network.
START_SECONDS = 8.0


def pytest_benchmark(options: argparse.Namespace, seconds: float, place: Path) -> dict[str, list[float]]:
    """Ratios of speeds, head over base, from pytest-benchmark's compare: by mean, median, minimum."""
    (place / "test_step.py").write_text(TEST, encoding="utf-8")
    timed = seconds / 2 - START_SECONDS
    for side in ("base", "head"):
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--benchmark-warmup=off"]
        command += [f"--benchmark-save={side}", f"--benchmark-max-time={timed}", f"--rootdir={place}"]
        command += [f"--benchmark-storage=file://{place}/kept", "test_step.py"]
        _run(command, options, timed, place)
    compared = place / "compared.csv"
    command = [sys.executable, "-m", "pytest_benchmark", f"--storage=file://{place}/kept", "compare"]
    _run([*command, "--sort=fullname", f"--csv={compared}"], options, timed, place)
    head, *rows = (line.split(",") for line in compared.read_text(encoding="utf-8").splitlines())
    base, new = sorted((dict(zip(head, row, strict=True)) for row in rows), key=lambda row: row["name"])
    return {
        statistic: [float(base[statistic]) / float(new[statistic])] for statistic in ("mean", "median", "min")
    } | {"rounds": [float(base["rounds"]), float(new["rounds"])]}


def loop(options: argparse.Namespace, seconds: float, place: Path) -> dict[str, list[float]]:
    """Step durations of a plain loop, base then head."""
    (place / "loop.py").write_text(LOOP, encoding="utf-8")
    timed = seconds / 2 - START_SECONDS
    return {
        side: json.loads(_run([sys.executable, "loop.py"], options, timed, place))
        for side in ("base", "head")
    }


MEASURE = {"pytest-benchmark": pytest_benchmark, "loop": loop}


def _run(command: list[str], options: argparse.Namespace, seconds: float, place: Path) -> str:
    environment = os.environ | {
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TOPOLOGY": options.topology,
        "BATCH_SIZE": str(options.batch_size),
        "THREADS": "x".join(map(str, options.threads or ())),
        "CLASSES": "1000" if options.topology == "alexnet-227" else "10",
        "SECONDS": str(seconds),
    }
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return done.stdout
