"""How long trials take with this code, over how long they take with another revision's.

    python tests/validation/trials.py REVISION results/reference/performance/trials.json

Whole trials of the digits, 30 epochs on one thread, from the start of a worker to its outcome; both codes in
turn, one trial at a time. Takes about three minutes, on a machine that does nothing else.
"""

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats
from script import arguments, write

from alexnet_bench.environment import cpu_model
from alexnet_bench.records.schema import BASE
from alexnet_bench.run.local import Worker, Zygote
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import Settings
from alexnet_bench.run.sides import compared_sides

PAIRS = 10
LONGEST = 600.0


def measure(revision: str) -> dict[str, Any]:
    """Seconds of each trial, by side, and the ratio with its 95% interval over pairs."""
    settings = Settings(variants="alexnet", measure="accuracy", epochs=30, jobs=1)
    (task, *_) = Schedule(settings, alone=True).trials()
    request = {"do": "train", **task.network.request(()), "dataset": "digits", "most_epochs": None}
    request |= {"evaluate_test": True, "predictions": None, "model": None}
    seconds: dict[str, list[float]] = {}
    with ExitStack() as stack:
        _, sides = stack.enter_context(compared_sides(settings, base=revision, base_python=None))
        log = Path("/dev/null")
        zygotes = {name: stack.enter_context(Zygote(log, side.code)) for name, side in sides.items()}
        for seed in range(-1, PAIRS):
            for name, zygote in sorted(zygotes.items(), reverse=bool(seed % 2)):
                taken = _trial(zygote, request | {"seed": max(seed, 0)})
                # The first starts the zygote, too.
                if seed >= 0:
                    seconds.setdefault(name, []).append(taken)
                    print(f"{name} seed {seed}: {taken:.2f} s", flush=True)
        base = sides[BASE].revision
    (head,) = (name for name in seconds if name != BASE)
    logs = np.log(seconds[head]) - np.log(seconds[BASE])
    half = stats.t.ppf(0.975, PAIRS - 1) * stats.sem(logs)
    low, ratio, high = np.exp([logs.mean() - half, logs.mean(), logs.mean() + half])
    found = {"base": base, "device": cpu_model(), "seconds": seconds}
    return found | {"ratio": ratio, "low": low, "high": high}


def _trial(zygote: Zygote, request: dict[str, Any]) -> float:
    started = time.perf_counter()
    how: dict[str, Any] = {"threads": (1, 1), "devices": "cpu", "device_count": 1, "deterministic": True}
    with Worker(zygote, **how) as worker:
        outcome = worker.ask(request, LONGEST, lambda _: LONGEST)
    assert outcome["is"] == "trained", outcome
    return time.perf_counter() - started


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("revision")
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    found = measure(options.revision)
    write(options.out, found)
    print(f"×{found['ratio']:.3f} (95%: {found['low']:.3f} to {found['high']:.3f})")
