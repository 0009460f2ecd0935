"""How long trials take with this code, over how long they take with another revision's.

    python tests/validation/trials.py REVISION results/reference/performance/trials.json

Whole trials of the digits, 30 epochs on one thread, from the start of a worker to its outcome; both codes in
turn, one trial at a time. A pair is a series of five seeds in each code: the first in a new worker, and so
the others, unless the worker can go on. Takes about six minutes, on a machine that does nothing else.
"""

import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from script import arguments, write

from alexnet_bench.environment import cpu_model
from alexnet_bench.records.schema import BASE
from alexnet_bench.run.local import Worker, Zygote
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import Settings
from alexnet_bench.run.sides import compared_sides

PAIRS, SEEDS = 6, 5
LONGEST = 600.0


def measure(revision: str) -> dict[str, Any]:
    """Seconds of each trial, by side and series, and the ratios with their 95% intervals over pairs."""
    settings = Settings(variants="alexnet", measure="accuracy", epochs=30, jobs=1)
    (task, *_) = Schedule(settings, alone=True).trials()
    request = {"do": "train", **task.network.request(()), "dataset": "digits", "most_epochs": None}
    request |= {"evaluate_test": True, "predictions": None, "model": None}
    seconds: dict[str, list[list[float]]] = {}
    with ExitStack() as stack:
        _, sides = stack.enter_context(compared_sides(settings, base=revision, base_python=None))
        log = Path("/dev/null")
        zygotes = {name: stack.enter_context(Zygote(log, side.code)) for name, side in sides.items()}
        for zygote in zygotes.values():
            # The first trial starts the zygote, too.
            _series(zygote, request, [0])
        for pair in range(PAIRS):
            for name, zygote in sorted(zygotes.items(), reverse=bool(pair % 2)):
                taken = _series(zygote, request, range(pair * SEEDS, (pair + 1) * SEEDS))
                seconds.setdefault(name, []).append(taken)
                print(name, "".join(f" {value:.2f}" for value in taken), "s", flush=True)
        base = sides[BASE].revision
    (head,) = (name for name in seconds if name != BASE)
    now, before = np.array(seconds[head]), np.array(seconds[BASE])
    ratios = {
        "first": _ratio(now[:, 0], before[:, 0]),
        "next": _ratio(now[:, 1:].mean(1), before[:, 1:].mean(1)),
        "series": _ratio(now.sum(1), before.sum(1)),
    }
    return {"base": base, "device": cpu_model(), "seconds": seconds, "ratios": ratios}


def _ratio(now: NDArray[np.float64], before: NDArray[np.float64]) -> dict[str, float]:
    logs = np.log(now) - np.log(before)
    half = stats.t.ppf(0.975, logs.size - 1) * stats.sem(logs)
    low, ratio, high = np.exp([logs.mean() - half, logs.mean(), logs.mean() + half]).tolist()
    return {"ratio": ratio, "low": low, "high": high}


def _series(zygote: Zygote, request: dict[str, Any], seeds: Iterable[int]) -> list[float]:
    """Seconds of a trial of each seed."""
    how: dict[str, Any] = {"threads": (1, 1), "devices": "cpu", "device_count": 1, "deterministic": True}
    worker, taken = None, []
    for seed in seeds:
        started = time.perf_counter()
        worker = worker or Worker(zygote, **how)
        reply = worker.ask(request | {"seed": seed}, LONGEST, lambda _: LONGEST)
        assert reply["is"] == "trained", reply
        if not reply["can_go_on"]:
            worker.close()
            worker = None
        taken.append(time.perf_counter() - started)
    if worker:
        worker.close()
    return taken


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("revision")
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    found = measure(options.revision)
    write(options.out, found)
    for what, ratio in found["ratios"].items():
        print(f"{what}: ×{ratio['ratio']:.3f} (95%: {ratio['low']:.3f} to {ratio['high']:.3f})")
