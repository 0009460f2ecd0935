"""Validation error after every epoch, of whole grids of learning rates and several seeds.

    python tests/validation/tuning_curves.py digits results/reference/tuning/digits.jsonl

What `tuning.py` replays rules for choosing a rate on. Every variant is trained to the end at the rates of the
grid and one beyond, seed by seed, so that what is cut short is of use; started again, it goes on where it
ended. Takes about ten minutes on the digits, where nothing else runs.
"""

import os
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from script import add_lines, arguments, read_lines

from alexnet_bench.records.schema import Trial
from alexnet_bench.run.executors.local import LocalExecutor
from alexnet_bench.run.local import Zygote
from alexnet_bench.run.schedule import Schedule, TrialTask
from alexnet_bench.run.settings import Settings
from alexnet_bench.run.trials import run_trials

# Times the rate of the variant's recipe.
FACTORS = (1 / 3, 1.0, 3.0, 0.1, 9.0)
FIRST_SEED = 1_000_000
DIGITS: dict[str, Any] = {"variants": "alexnet,no-lrn,no-dropout,tanh"}
CIFAR10: dict[str, Any] = {"variants": "alexnet,no-lrn", "topology": "alexnet-8"}


def record(dataset: str, seeds: int, out: Path) -> None:
    """Train what the file lacks."""
    asked = DIGITS if dataset == "digits" else CIFAR10
    schedule = Schedule(Settings(dataset=dataset, measure="accuracy", **asked), alone=True)
    done = {(row["variant"], row["rate"], row["seed"]) for row in read_lines(out)}
    tasks = [
        TrialTask(network=network.at_rate(rate), seed=seed, purpose="tuning")
        for seed in range(FIRST_SEED, FIRST_SEED + seeds)
        for factor in FACTORS
        for network in schedule.trained
        if (network.variant.name, rate := network.recipe.learning_rate * factor, seed) not in done
    ]
    with tempfile.TemporaryDirectory() as folder, Zygote(Path(os.devnull)) as zygote:
        keep = partial(_keep, out)
        executor = LocalExecutor(schedule, zygote, Path(folder))
        run_trials(schedule, tasks, executor, "curves", keep, lambda task, row: None)


def _keep(out: Path, trial: Trial) -> None:
    """Of a trial, what a rule for rates needs to know."""
    errors = [row.validation_top1_error for row in trial.curve]
    row = {
        "variant": trial.variant,
        "rate": trial.recipe_settings["learning_rate"],
        "seed": trial.seed,
        "dataset": trial.dataset,
        "topology": trial.topology,
        "epochs": trial.epochs,
        "status": trial.status,
        "validation_top1_errors": [None if error is None else round(error, 5) for error in errors],
        "device": trial.device,
        "git_commit": trial.git_commit,
    }
    add_lines(out, [row])
    print(
        f"{trial.variant} at {row['rate']:.3g}, seed {trial.seed}: {trial.duration_seconds:.1f} s", flush=True
    )


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("dataset", help="digits, or cifar10:PATH")
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, default=6)
    options = parser.parse_args()
    record(options.dataset, options.seeds, options.out)
