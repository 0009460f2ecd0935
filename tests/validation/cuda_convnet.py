"""cuda-convnet's networks for CIFAR-10, trained by their own recipes, beside their published errors.

    python tests/validation/cuda_convnet.py results/reference/cuda-convnet --dataset cifar10:PATH
    python tests/validation/cuda_convnet.py results/reference/cuda-convnet --dataset cifar10:PATH \
        --networks 80sec,18pct --seeds 4 --epochs 20
    python tests/validation/cuda_convnet.py results/reference/cuda-convnet --table

Each network is a `bench run` in a folder of its own, which goes on where it was interrupted, or with more
seeds. With `--epochs` a recipe is shortened: its rate falls after the same shares of training.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
from script import arguments, tabulated

from alexnet_bench.analysis.metrics import TRAIN_ERROR, headline
from alexnet_bench.network.recipes import RECIPES
from alexnet_bench.network.topology import CUDA_CONVNET
from alexnet_bench.records.manifest import read_manifest
from alexnet_bench.records.run_folder import run_records
from alexnet_bench.records.schema import Trial

# Of cuda-convnet's page and of layer-params-19pct.cfg, on the official test images, in percent.
PUBLISHED = {"80sec": 26, "19pct": 19, "18pct": 18, "13pct": 13, "11pct": 11}
NAMES = [topology.name for topology in CUDA_CONVNET]


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--dataset", help="as `bench run` takes it")
    parser.add_argument("--networks", default=",".join(NAMES), help="comma-separated; all by default")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--epochs", type=int, help="of every network; the recipes' own by default")
    parser.add_argument("--table", action="store_true", help="print the table of what is there")
    options = parser.parse_args()
    if not options.table:
        if not options.dataset:
            parser.error("say with --dataset cifar10:PATH where the images are")
        for name in options.networks.split(","):
            train(name, options.out / name, options.dataset, options.seeds, options.epochs)
    print(table(options.out))


def train(name: str, folder: Path, dataset: str, seeds: int, epochs: int | None) -> None:
    """Train a network, or go on with it."""
    command = [str(Path(sys.executable).parent / "bench"), "run", "--seeds", str(seeds)]
    if (folder / "run.json").is_file():
        command += ["--resume", str(folder)]
    else:
        command += ["--variants", "alexnet", "--topology", name, "--measure", "accuracy", "--preset", "paper"]
        command += ["--dataset", dataset, "--out", str(folder)]
        command += ["--epochs", str(epochs)] if epochs else []
    subprocess.run(command, check=True)


def table(out: Path) -> str:
    """A line a network that was trained: ours beside the published error."""
    lines = []
    for name in NAMES:
        trials = _trials(out / name)
        metric = headline(trials)
        if metric is None:
            continue
        errors = [metric.of(trial) for trial in trials]
        trained = [TRAIN_ERROR.of(trial) for trial in trials]
        lines.append(
            {
                "network": f"`{name}`",
                "published error, %": PUBLISHED[name],
                "error, %: mean (lowest to highest seed)": f"{metric.label}: {np.mean(errors):.2f} "
                f"({min(errors):.2f} to {max(errors):.2f})",
                "training error, %": f"{np.mean(trained):.2f}",
                "seeds": len(trials),
                "epochs": read_manifest(out / name).plan.epochs,
                "of the recipe": RECIPES[name].epochs,
            }
        )
    return tabulated(lines, rule="---")


def _trials(folder: Path) -> list[Trial]:
    """Those of a run that succeeded; none where there is no run."""
    records = run_records(folder) if folder.is_dir() else []
    return [record for record in records if isinstance(record, Trial) and record.succeeded]


if __name__ == "__main__":
    main()
