"""Trials on clusters of this machine, one part of which is killed in the middle: is anything lost or changed?

    python tests/validation/clusters.py FILE
    python tests/validation/clusters.py FILE --table

Each line is a run of two trials on the digits, held against the same run without an executor: all columns
of its records but times and memory, and all predictions. On Ray, which has two nodes with a core each, the
node, or the process that carries a trial out, is killed by SIGKILL while it trains. Slurm is a stand-in
(`slurm_stand_in.py`), the commands that submitit calls; a job is killed, or preempted as Slurm does it.
"""

import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from script import simulate, tabulated

sys.path.insert(0, str(Path(__file__).parents[1]))

import slurm_stand_in
from same_trials import found

RUN = "from alexnet_bench.cli import main; main()"
ASKED = shlex.split("--variants alexnet,tanh --measure accuracy --seeds 1 --epochs 40 --threads 1")
TIMES = 3
# A worker begins to train about so long after it is there.
INTO_TRIAL_SECONDS = 4.0
# By when one must be there.
FOUND_WITHIN_SECONDS = 300.0
# An environment, what `bench run` is asked in it, and what kills.
Way = tuple[dict[str, str], list[str], Callable[[], None]]


def main() -> None:
    simulate(__doc__, _measured, table)


def _measured() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as place:
        _finish(_begin(Path(place, "local"), dict(os.environ), "--jobs", "2"))
        expected = found(Path(place, "local"))
        return [
            _held_against(expected, Path(place, f"{number}-{killed}"), killed, cluster)
            for killed, cluster in WAYS.items()
            for number in range(TIMES)
        ]


def _held_against(
    expected: list[dict[str, Any]], folder: Path, killed: str, cluster: Callable[[], Any]
) -> dict[str, Any]:
    started = time.perf_counter()
    with cluster() as (environment, asked, kill):
        process = _begin(folder, environment, *asked)
        try:
            kill()
            code = _finish(process)
        finally:
            process.kill()
    rows = found(folder)
    line = {
        "killed": killed,
        "exit": code,
        "trials": len(rows),
        "equal": sum(row in expected for row in rows),
        "seconds": round(time.perf_counter() - started),
    }
    print(line, file=sys.stderr)
    return line


def _begin(out: Path, environment: dict[str, str], *options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", RUN, "run", *ASKED, *options, "--out", str(out)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=sys.stderr)


def _finish(process: subprocess.Popen[bytes]) -> int:
    return process.wait(timeout=1200)


@contextmanager
def _ray() -> Iterator[tuple[Any, Any]]:
    """A cluster of two nodes, and the second of them."""
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_raylet_start_wait_time_s": "120"}
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": 2**27, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=node)
    try:
        yield cluster, cluster.add_node(**node)
    finally:
        cluster.shutdown()


@contextmanager
def _ray_node() -> Iterator[Way]:
    with _ray() as (cluster, second):

        def kill() -> None:
            _training_below(_raylet(second))
            cluster.remove_node(second, allow_graceful=False)

        yield dict(os.environ), ["--executor", "ray", "--ray-address", cluster.address], kill


@contextmanager
def _ray_process() -> Iterator[Way]:
    with _ray() as (cluster, second):
        asked = ["--executor", "ray", "--ray-address", cluster.address]
        yield dict(os.environ), asked, lambda: _training_below(_raylet(second)).kill()


@contextmanager
def _slurm(stop: signal.Signals) -> Iterator[Way]:
    with tempfile.TemporaryDirectory() as place:
        first = slurm_stand_in.a_job(Path(place))
        asked = ["--executor", "slurm", "--jobs", "2"]
        yield slurm_stand_in.environment(Path(place)), asked, lambda: _training_below(first).send_signal(stop)


def _raylet(node: Any) -> Callable[[], int]:
    (raylet,) = node.all_processes["raylet"]
    return lambda: int(raylet.process.pid)


def _training_below(root: Callable[[], int | None]) -> psutil.Process:
    """The process below another that was sent a trial, once that is in the middle of it."""
    until = time.monotonic() + FOUND_WITHIN_SECONDS
    while time.monotonic() < until:
        pid = root()
        for zygote in filter(_is_zygote, psutil.Process(pid).children(recursive=True) if pid else []):
            # Its children are the workers, and look like it.
            if workers := zygote.children():
                time.sleep(INTO_TRIAL_SECONDS)
                if workers[0].is_running():
                    return zygote.parent()
        time.sleep(0.1)
    raise TimeoutError("no trial was in the middle; make trials longer")


def _is_zygote(process: psutil.Process) -> bool:
    try:
        return any(part.endswith("zygote.py") for part in process.cmdline())
    except psutil.Error:
        return False


def table(lines: list[dict[str, Any]]) -> str:
    """What was killed, how often, and what was left of the trials."""
    rows = []
    for killed in dict.fromkeys(line["killed"] for line in lines):
        own = [line for line in lines if line["killed"] == killed]
        rows.append(
            {
                "killed or stopped in the middle of a trial": killed,
                "runs": len(own),
                "trials": sum(line["trials"] for line in own),
                "equal to those without": sum(line["equal"] for line in own),
                "exit codes": ", ".join(str(code) for code in sorted({line["exit"] for line in own})),
            }
        )
    return tabulated(rows)


WAYS = {
    "a node of Ray": _ray_node,
    "a process of Ray": _ray_process,
    "a job of Slurm": partial(_slurm, signal.SIGKILL),
    "a job of Slurm, preempted": partial(_slurm, signal.SIGUSR2),
}


if __name__ == "__main__":
    main()
