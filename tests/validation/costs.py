"""Seconds of a run against its seeds, and of a trial against its epochs.

    python tests/validation/costs.py results/reference/performance/costs.json

Runs of `alexnet` on the digits, from nothing to the report, as many trials at a time as there are cores.
Takes four minutes, on a machine that does nothing else.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

from script import arguments, write

SEEDS, EPOCHS = (1, 2, 4, 8), (1, 10, 20, 30)
# What the one is varied beside.
EPOCHS_OF_SEEDS, SEEDS_OF_EPOCHS = 10, 2
REPEATS = 2


def measure() -> dict[str, Any]:
    """Seconds of each repeat by the number of seeds; of each trial by the number of epochs."""
    from alexnet_bench.environment import cpu_model

    seeds: dict[int, list[float]] = {count: [] for count in SEEDS}
    epochs: dict[int, list[float]] = {count: [] for count in EPOCHS}
    for _ in range(REPEATS):
        for count in SEEDS:
            seeds[count].append(_run(count, EPOCHS_OF_SEEDS)[0])
        for count in EPOCHS:
            epochs[count] += _run(SEEDS_OF_EPOCHS, count)[1]
    return {"device": cpu_model(), "run_by_seeds": seeds, "trial_by_epochs": epochs}


def _run(seeds: int, epochs: int) -> tuple[float, list[float]]:
    """Seconds of a run, and of each of its trials."""
    import alexnet_bench

    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        run = alexnet_bench.run(
            "alexnet", measure="accuracy", seeds=seeds, epochs=epochs, out=Path(folder) / "run"
        )
        seconds = time.perf_counter() - started
        trials = alexnet_bench.read(run)["duration_seconds"]
    print(f"{seeds} seeds of {epochs} epochs: {seconds:.1f} s", flush=True)
    return round(seconds, 3), trials.round(3).tolist()


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    write(options.out, measure())
