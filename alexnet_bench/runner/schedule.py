"""Settings -> what to run: networks, trials and timing sessions, and what they will cost."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from alexnet_bench.data import Dataset, open_dataset
from alexnet_bench.environment import available_memory_bytes, usable_cores
from alexnet_bench.errors import BenchError, UnknownNameError
from alexnet_bench.plan import LayerPlan, make_plan
from alexnet_bench.recipe import RECIPES, Recipe, scale_to_small_images
from alexnet_bench.records import MODES
from alexnet_bench.registry import Registry, load_registry
from alexnet_bench.runner.settings import Settings
from alexnet_bench.topology import find_topology
from alexnet_bench.variant import ALEXNET, Variant

IMAGENET = 1000, 3
RATE_GRID = (0.1, 1 / 3, 1.0, 3.0)
TUNING_SEED = 1_000_000
MOST_JOBS = 4


@dataclass(frozen=True, kw_only=True)
class Network:
    """A variant at a topology with its recipe: what a worker is told to build."""

    variant: Variant
    plan: LayerPlan
    recipe: Recipe

    @property
    def fingerprint(self) -> str:
        """Equal for equal networks, training and placement."""
        return self.plan.fingerprint(self.recipe)

    def at_rate(self, rate: float) -> "Network":
        """The same with another learning rate."""
        return replace(self, recipe=self.recipe.but(learning_rate=rate))


@dataclass(frozen=True, kw_only=True)
class TrialTask:
    """One trial to run; `purpose` is `result` or `tuning`."""

    network: Network
    seed: int
    purpose: str = "result"


@dataclass(frozen=True, kw_only=True)
class DrawTask:
    """One draw of each of some variants, to be timed slice by slice in one session."""

    draw: int
    networks: tuple[Network, ...]


class Schedule:
    """All that a run has to do.

    Args:
        settings: what was asked.
        registry: gives the variants; the shipped files and those of `settings.ablations` by default.
        available_memory: in bytes; limits how many variants are timed at once.

    Raises:
        BenchError: names, data or sizes that cannot be used; nothing has been started.
    """

    def __init__(
        self,
        settings: Settings,
        registry: Registry | None = None,
        available_memory: Callable[[], int] = available_memory_bytes,
    ) -> None:
        self.settings = settings
        self.available_memory = available_memory
        self.registry = registry or load_registry(Path(folder) for folder in settings.ablations)
        self.variants = self.registry.select(settings.variants)
        if settings.recipe not in RECIPES:
            raise UnknownNameError("recipe", [settings.recipe], RECIPES)
        self.time_topology = find_topology(settings.time_topology)
        self.dataset: Dataset = open_dataset(settings.dataset)
        self.topology = find_topology(settings.topology or self.dataset.default_topology)
        self.training_images = len(self.dataset.carve(0)[0])
        self.recipe = self._scaled_recipe()
        largest = max(network.recipe.batch_size for network in self.networks)
        if largest > self.training_images:
            raise BenchError(
                f"a batch of {largest} is more than {self.dataset.name}'s "
                f"{self.training_images} training images; give a smaller --batch-size"
            )

    @property
    def control(self) -> Variant:
        """What the others are held against: the paper's network, or the first named."""
        by_name = {variant.name: variant for variant in self.variants}
        return by_name.get(ALEXNET.name, self.variants[0])

    @cached_property
    def networks(self) -> list[Network]:
        """One a variant, as it is trained."""
        classes, channels = len(self.dataset.classes), self.dataset.channels
        return [
            Network(
                variant=variant,
                plan=make_plan(variant, self.topology, classes=classes, channels=channels),
                recipe=variant.train_with(self.recipe),
            )
            for variant in self.variants
        ]

    @cached_property
    def timed_networks(self) -> list[Network]:
        """One a variant, as it is timed: at 227 pixels for ImageNet's classes, else for the data set's."""
        small = self.time_topology.small
        classes, channels = IMAGENET
        if small:
            classes, channels = len(self.dataset.classes), self.dataset.channels
        recipe = RECIPES[self.settings.recipe].but(batch_size=self.time_batch_size)
        return [
            Network(
                variant=variant,
                plan=make_plan(variant, self.time_topology, classes=classes, channels=channels),
                recipe=variant.train_with(recipe),
            )
            for variant in self.variants
        ]

    @property
    def time_batch_size(self) -> int:
        """Images a timed step."""
        return self.settings.time_batch_size or self.settings.scale.time_batch_size

    @property
    def seeds(self) -> range:
        """Seeds of the trials."""
        return range(self.settings.seeds or self.settings.scale.seeds)

    @cached_property
    def aliases(self) -> dict[str, str]:
        """Variants that are trained under another's name, since they are the same network."""
        first: dict[str, str] = {}
        for network in self.networks:
            first.setdefault(network.fingerprint, network.variant.name)
        names = {network.variant.name: first[network.fingerprint] for network in self.networks}
        return {name: other for name, other in names.items() if name != other}

    @property
    def trained(self) -> list[Network]:
        """The networks that are trained: each fingerprint once."""
        return [network for network in self.networks if network.variant.name not in self.aliases]

    def trials(self, rates: dict[str, float] | None = None) -> list[TrialTask]:
        """The trials that count, seed by seed, so that a run cut short has whole pairs.

        Args:
            rates: learning rates chosen by tuning, by variant.
        """
        if "accuracy" not in self.settings.measure:
            return []
        chosen = rates or {}
        networks = [
            network.at_rate(chosen.get(network.variant.name, network.recipe.learning_rate))
            for network in self.trained
        ]
        return [TrialTask(network=network, seed=seed) for seed in self.seeds for network in networks]

    def tuning_trials(self) -> list[TrialTask]:
        """The trials that choose rates: each variant at each rate of one grid, with a seed of their own."""
        if self.settings.tune is None or "accuracy" not in self.settings.measure:
            return []
        return [
            TrialTask(
                network=network.at_rate(network.recipe.learning_rate * factor),
                seed=TUNING_SEED,
                purpose="tuning",
            )
            for network in self.trained
            for factor in RATE_GRID
        ]

    def draws(self, recorded: Iterable[dict[str, Any]] = ()) -> list[DrawTask]:
        """The timing sessions: as many variants at once as memory holds, the control in each.

        Args:
            recorded: draws that there are. Memory may have held other variants together then, so each
                variant is timed until it has its number of draws beside the control.
        """
        if "throughput" not in self.settings.measure:
            return []
        rows, at_once = list(recorded), self._workers_at_once()
        drawn = self._drawn(rows)
        groups: list[tuple[Network, ...]] = []
        for repeat in range(self.settings.scale.draws):
            lacking = {name for name, count in drawn.items() if count <= repeat}
            if lacking:
                names = lacking | {self.control.name}
                networks = [network for network in self.timed_networks if network.variant.name in names]
                groups += _groups(networks, self.control, at_once)
        first = max((row["draw"] for row in rows), default=-1) + 1
        return [DrawTask(draw=number, networks=group) for number, group in enumerate(groups, first)]

    def _drawn(self, rows: Iterable[dict[str, Any]]) -> dict[str, int]:
        """How many draws each variant has, every mode of them, beside the control's."""
        modes: dict[tuple[Any, ...], set[str]] = {}
        for row in rows:
            modes.setdefault((row["draw"], row["variant"], row["fingerprint"]), set()).add(row["mode"])
        draws = {
            network.variant.name: {
                draw
                for (draw, *which), found in modes.items()
                if which == [network.variant.name, network.fingerprint] and found >= set(MODES)
            }
            for network in self.timed_networks
        }
        return {name: len(found & draws[self.control.name]) for name, found in draws.items()}

    @property
    def jobs(self) -> int:
        """Trials at a time."""
        if self.settings.jobs is not None:
            return self.settings.jobs
        return (
            min(usable_cores(), MOST_JOBS) if self.topology.small and self.settings.preset == "quick" else 1
        )

    @property
    def threads(self) -> int:
        """CPU threads of each trial."""
        return max(1, usable_cores() // self.jobs)

    @property
    def timed_workers(self) -> int:
        """The most workers that live at once while throughput is measured."""
        return max((len(task.networks) for task in self.draws()), default=0)

    def memory_bytes(self) -> int:
        """The most that all workers together will hold, roughly."""
        batch = self.recipe.batch_size
        trials = self.jobs * max(network.plan.memory_bytes(batch) for network in self.networks)
        timed = [
            sum(network.plan.memory_bytes(self.time_batch_size) for network in task.networks)
            for task in self.draws()
        ]
        return max([*timed, trials if "accuracy" in self.settings.measure else 0])

    def disk_bytes(self) -> int:
        """What the run folder will hold, roughly."""
        models = 4 * sum(network.plan.parameters for network in self.trained) * len(self.seeds)
        predictions = 4 * len(self.dataset.test) * len(self.trained) * len(self.seeds)
        return 4 * 2**20 + predictions + (models if self.settings.save_models else 0)

    def manifest_plan(self) -> dict[str, Any]:
        """The plan as a run's manifest holds it: enough to report without the ablation files."""
        scale = self.settings.scale
        return {
            "preset": self.settings.preset,
            "measures": list(self.settings.measure),
            "control": self.control.name,
            "dataset": self.dataset.name,
            "test_name": self.dataset.test_name,
            "training_images": self.training_images,
            "topology": self.topology.name,
            "recipe": self.recipe.name,
            "epochs": self.recipe.epochs,
            "batch_size": self.recipe.batch_size,
            "seeds": list(self.seeds),
            "time_topology": self.time_topology.name,
            "time_batch_size": self.time_batch_size,
            "draws": scale.draws,
            "rounds": scale.rounds,
            "precision": self.settings.precision,
            "tune": self.settings.tune,
            "aliases": self.aliases,
            "variants": {
                variant.name: {"difference": variant.difference, "fields": sorted(variant.changes)}
                for variant in self.variants
            },
            "ablations": [
                _described(item) for item in self.registry.ablations.values() if self._touches(item)
            ],
        }

    def _touches(self, ablation: Any) -> bool:
        names = {variant.name for variant in self.variants}
        return any(arm.name in names for arm in ablation.arms)

    def _scaled_recipe(self) -> Recipe:
        settings, recipe = self.settings, RECIPES[self.settings.recipe]
        if self.topology.small:
            recipe = scale_to_small_images(recipe, self.training_images)
        if settings.batch_size:
            recipe = recipe.but(batch_size=settings.batch_size)
        steps_per_epoch = max(1, self.training_images // recipe.batch_size)
        return recipe.but(epochs=settings.epochs or settings.scale.epochs(steps_per_epoch))

    def _workers_at_once(self) -> int:
        needed = max(network.plan.memory_bytes(self.time_batch_size) for network in self.timed_networks)
        return max(2, int(0.9 * self.available_memory()) // needed)


def _groups(networks: Sequence[Network], control: Variant, at_once: int) -> list[tuple[Network, ...]]:
    """Groups of nearly equal size, no larger than `at_once`, with the control first in each."""
    (first,) = (network for network in networks if network.variant == control)
    others = [network for network in networks if network.variant != control]
    count = max(1, math.ceil(len(others) / (at_once - 1)))
    size = math.ceil(len(others) / count)
    return [(first, *others[start : start + size]) for start in range(0, max(1, len(others)), max(1, size))]


def _described(ablation: Any) -> dict[str, Any]:
    return {
        "name": ablation.name,
        "factor": ablation.factor,
        "control": ablation.control.name,
        "arms": [arm.name for arm in ablation.arms],
        "claims": [asdict(claim) for claim in ablation.claims],
    }
