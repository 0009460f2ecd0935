"""Which settings a fit has: the scale, the epochs and the folds that a data set and a budget allow."""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from alexnet_bench.data import DATASETS, Dataset, open_dataset
from alexnet_bench.errors import BenchError, DataError
from alexnet_bench.records.schema import PER_SEED
from alexnet_bench.run.cost import estimate
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import CANDIDATES, FIT_BUDGET, FIT_CONTROL, LOOKS, MEASURES, Settings
from alexnet_bench.words import counted

# Of fewer images a fifth held out tells too little: each is tested in turn.
FEWEST_TO_HOLD_OUT = 1000
# Larger ones first: a budget buys trained networks before pixels.
FEWEST_STEPS = 300
TRAINING_STEPS = (1200, 600, FEWEST_STEPS)
# The least batch that recipes are scaled to.
FEWEST_TRAINED = 8
PHOTOGRAPH_TOPOLOGIES = ("alexnet-227", "alexnet-96", "alexnet-32")


@dataclass(frozen=True, kw_only=True)
class FitPlan:
    """What a fit will do.

    Args:
        schedule: of the run.
        seconds: that it likely takes up to its first look.
    """

    schedule: Schedule
    seconds: float


def plan_fit(
    data: str | Path, *, budget: float = FIT_BUDGET, variants: str = CANDIDATES, **others: Any
) -> FitPlan:
    """Choose how candidates are trained on a data set within a budget.

    Of the steps that networks are trained for, and the scales that suit the images, the largest are taken
    with which the first look is likely to fit into the budget: steps before scale. Rates are tuned for each
    seed on validation images from within what that trains on; the images that are reported choose nothing.

    Args:
        data: a folder of photographs, or a data set as `--dataset` has it.
        budget: seconds for all.
        variants: the candidates.
        others: further settings: `devices`, `ablations`.

    Raises:
        BenchError: the data, the names or the budget cannot be used.
    """
    spec, dataset = _opened(data)
    asked = Settings(
        variants=f"{FIT_CONTROL},{variants}",
        control=FIT_CONTROL,
        measure=MEASURES,
        mode=("training",),
        dataset=spec,
        until_conclusive=True,
        tune=PER_SEED,
        budget=budget,
        **others,
    )
    first = Schedule(asked, dataset=dataset)
    if len(first.trained) < 2:
        raise BenchError(
            f"there is no candidate beside {FIT_CONTROL} that is another network; name some, such as "
            f"{CANDIDATES}"
        )
    scales = _scales(first.topology.name)
    costs = {topology: _first_look(_scaled(first, topology)) for topology in scales}
    tried = [
        (steps, topology, costs[topology].training * steps / FEWEST_STEPS + costs[topology].timing)
        for steps in TRAINING_STEPS
        for topology in scales
    ]
    steps, topology, seconds = next((one for one in tried if one[2] <= budget), tried[-1])
    settings = _scaled(first, topology, steps).settings
    # What timing leaves of the budget is for training.
    settings = replace(settings, budget=budget - min(costs[topology].timing, budget / 2))
    return FitPlan(schedule=_again(first, settings), seconds=seconds)


def _scales(largest: str) -> tuple[str, ...]:
    """The scale that suits the images, and of photographs the smaller ones."""
    if largest not in PHOTOGRAPH_TOPOLOGIES:
        return (largest,)
    return PHOTOGRAPH_TOPOLOGIES[PHOTOGRAPH_TOPOLOGIES.index(largest) :]


def _opened(data: str | Path) -> tuple[str, Dataset]:
    """A data set and its name; cross-validated where images are few and none of them set apart."""
    is_named = isinstance(data, str) and data.partition(":")[0] in DATASETS
    if is_named and Path(data).is_dir():
        raise BenchError(
            f"{data} is a data set and a folder here; write folder:{data} for the folder, or rename it for "
            "the data set"
        )
    # Its path is made absolute.
    spec = Settings(dataset=str(data) if is_named else f"folder:{data}").dataset
    dataset = open_dataset(spec)
    name, _, path = spec.partition(":")
    is_small = len(dataset.train) + len(dataset.test) < FEWEST_TO_HOLD_OUT
    if name == "folder" and dataset.test_name == "held-out" and is_small:
        spec = f"folds:{path}"
        dataset = open_dataset(spec)
    trained = len(dataset.of_seed(0).carve(0)[0])
    if trained < FEWEST_TRAINED:
        raise DataError(
            f"{dataset.name} leaves {counted(trained, 'image')} to train on, expected {FEWEST_TRAINED} or "
            "more; add images to its classes"
        )
    return spec, dataset


def _scaled(first: Schedule, topology: str, steps: int = FEWEST_STEPS) -> Schedule:
    """What is asked for, at a scale, with about so many steps of training."""
    scaled = _again(first, replace(first.settings, topology=topology))
    batch = scaled.recipe.batch_size
    epochs = math.ceil(steps / max(1, scaled.training_images // batch))
    own = replace(scaled.settings, batch_size=batch, epochs=epochs)
    return _again(first, replace(own, time_topology=topology, time_batch_size=(batch,)))


@dataclass(frozen=True, kw_only=True)
class _Cost:
    """Seconds."""

    training: float
    timing: float


def _first_look(schedule: Schedule) -> _Cost:
    """What a fit likely takes up to its first look."""
    few = replace(schedule.settings, until_conclusive=False, seeds=LOOKS[0])
    cost = estimate(_again(schedule, few))
    return _Cost(training=cost["accuracy_seconds"], timing=cost["throughput_seconds"])


def _again(schedule: Schedule, settings: Settings) -> Schedule:
    """A schedule of other settings, with files and data that are loaded already."""
    return Schedule(settings, schedule.registry, dataset=schedule.dataset)
