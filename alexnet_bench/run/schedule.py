"""Settings -> what to run: networks, trials and timings."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, product, zip_longest
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from alexnet_bench.analysis.rates import chosen_rates
from alexnet_bench.data import DATASETS, Dataset, open_dataset
from alexnet_bench.environment import available_memory_bytes
from alexnet_bench.errors import BenchError, UnknownNameError
from alexnet_bench.network.controls import by_themselves, held_against_controls
from alexnet_bench.network.plan import LayerPlan, make_plan
from alexnet_bench.network.recipe import Recipe, scale_to_few_photographs, scale_to_small_images
from alexnet_bench.network.recipes import RECIPES
from alexnet_bench.network.registry import Registry, load_registry
from alexnet_bench.network.topology import Topology, find_topology
from alexnet_bench.network.trainable import Network
from alexnet_bench.network.variant import Variant
from alexnet_bench.records.manifest import Plan, PlannedAblation, PlannedClaim, PlannedVariant
from alexnet_bench.records.schema import PER_SEED, SHARED, AnyRecord
from alexnet_bench.run.capacity import Capacity, uses_gpus
from alexnet_bench.run.effort import Effort, run_effort
from alexnet_bench.run.settings import TF32, Settings
from alexnet_bench.run.timed import Timed, timed
from alexnet_bench.run.timing_plan import Contender, Pair, TimingPlan
from alexnet_bench.run.tuning import Choice, Try, choices, rates_in_use, tries_left
from alexnet_bench.words import counted, joined
from alexnet_bench.worker.nvml import Gpu, visible_gpus

IMAGENET = 1000, 3
TOPOLOGIES_BY_SIZE = ((8, "alexnet-8"), (32, "alexnet-32"), (96, "alexnet-96"))
LARGEST = "alexnet-227"


@dataclass(frozen=True, kw_only=True)
class TrialTask:
    """One trial to run, a `result` or for `tuning`, which may end after `most_epochs`."""

    network: Network
    seed: int
    purpose: str = "result"
    most_epochs: int | None = None


class Schedule:
    """All that a run has to do.

    Args:
        registry: gives the variants; the shipped files and those of `settings.ablations` by default.
        available_memory: in bytes; limits how many variants are timed at once.
        gpus: those of the machine; what they hold limits it too.
        dataset: that of the settings, where it is open already.
        alone: whether variants are held against nothing, so that no control is added.
        draws: of each timed variant, at least; those of the settings by default.
        threads: of each trial, where others of the run were trained already.
        most_jobs: trials at a time, at most, where memory ran out with more.

    Raises:
        BenchError: names, data or sizes that cannot be used; nothing has been started.
    """

    def __init__(
        self,
        settings: Settings,
        registry: Registry | None = None,
        available_memory: Callable[[], int] = available_memory_bytes,
        gpus: Callable[[], list[Gpu]] = visible_gpus,
        *,
        dataset: Dataset | None = None,
        alone: bool = False,
        draws: int | None = None,
        threads: int | None = None,
        most_jobs: int | None = None,
    ) -> None:
        self.settings = settings
        self._available_memory, self._gpus = available_memory, gpus
        self.registry = registry or load_registry(Path(folder) for folder in settings.ablations)
        self._most_jobs = most_jobs
        self._dataset = dataset
        self._alone, self._draws, self._threads = alone, draws, threads
        self.compared = (
            by_themselves(self.registry.select(settings.variants))
            if alone
            else held_against_controls(self.registry, settings.variants, settings.control)
        )
        if settings.recipe is not None and settings.recipe not in RECIPES:
            raise UnknownNameError("recipe", [settings.recipe], RECIPES)
        if settings.measure == ("throughput",) and not self.times:
            same = self.timed.same_step
            raise BenchError(
                f"nothing is left to time: {joined(list(same))} would run the same timed step as "
                f"{joined(list(dict.fromkeys(same.values())))}; "
                "measure accuracy, or name a variant whose step differs"
            )
        self.time_topology = find_topology(settings.time_topology)
        name = settings.dataset.partition(":")[0]
        if name not in DATASETS:
            raise UnknownNameError("data set", [name], DATASETS)
        self.topology = find_topology(
            settings.topology or DATASETS[name].topology or self._fitting_topology()
        )
        self.recipe = self._scaled_recipe()
        self._check_precision()
        self._check_hosts()
        if self.trains and settings.tune == SHARED and self.dataset.folds:
            raise BenchError(
                f"a rate that all seeds share would be chosen on images that {self.dataset.name} tests; "
                f"give --tune {PER_SEED}, which chooses it within each seed's training images"
            )
        largest = max(network.recipe.batch_size for network in self.networks)
        if self.trains and largest > self.training_images:
            raise BenchError(
                f"a batch of {largest} is more than {self.dataset.name}'s "
                f"{self.training_images} training images; give a smaller --batch-size"
            )

    def _fitting_topology(self) -> str:
        """The smallest for images of that size; where nothing is trained, they are not opened."""
        if not self.trains:
            return LARGEST
        return next((name for most, name in TOPOLOGIES_BY_SIZE if self.dataset.size <= most), LARGEST)

    def _check_precision(self) -> None:
        """Refuse TensorFloat-32 where something would run on the CPU, before anything has."""
        if TF32 not in self.settings.precision or self.settings.devices == "gpu":
            return
        count = len(self._gpus()) if self.on_gpus else 0
        if lacking := [network for network in self.networks if network.device_count > count]:
            raise BenchError(
                f"precision {TF32} takes GPUs, and {lacking[0].variant.name} would run on the CPU "
                f"({counted(count, 'GPU')} found, `bench doctor` says what is missing); leave one of them out"
            )

    def _check_hosts(self) -> None:
        """Refuse several hosts where there are none, or where they have nothing to share."""
        hosts, executor = self.settings.hosts or 1, self.settings.executor
        if hosts > 1 and executor != "slurm":
            raise BenchError(
                f"trials of {hosts} hosts take --executor slurm, not {executor}; give both, or no --hosts"
            )
        shared = [network for network in self.networks if self.host_count(network) > 1]
        if hosts > 1 and not shared:
            raise BenchError(
                "no variant shares its batches between hosts; name one that does, such as data-parallel, or "
                "leave out --hosts"
            )
        if small := [network for network in shared if network.recipe.batch_size < hosts]:
            raise BenchError(
                f"a batch of {small[0].recipe.batch_size} gives {hosts} hosts not an image each; give fewer "
                "--hosts, or a larger --batch-size"
            )

    def host_count(self, network: Network) -> int:
        """How many hosts train a network together."""
        return (self.settings.hosts or 1) if network.variant.placement == "data-parallel" else 1

    @cached_property
    def dataset(self) -> Dataset:
        """What is trained on; opened where it is needed, which at 227 pixels is not to time."""
        return self._dataset or open_dataset(self.settings.dataset)

    @cached_property
    def training_images(self) -> int:
        """How many images an epoch has."""
        return len(self.dataset.of_seed(0).carve(0)[0])

    @property
    def data_notes(self) -> tuple[str, ...]:
        """What the owner of the images should know of how they are read and trained on."""
        if not self.trains:
            return ()
        recipe, asked = self.recipe, self._recipe_at(self.topology)
        if self.topology.small or scale_to_few_photographs(asked, self.training_images) == asked:
            return self.dataset.notes
        few = (
            f"{self.training_images:,} training images are few: batches of {recipe.batch_size}, a rate of "
            f"{recipe.learning_rate:g}, initial weights by {recipe.initialization.name}, in place of "
            f"{asked.batch_size}, {asked.learning_rate:g} and {asked.initialization.name}"
        )
        return (*self.dataset.notes, few)

    @property
    def images_by_class(self) -> dict[str, dict[str, int]]:
        """How many images of a user's own each class has in training, validation and test."""
        if not (self.trains and self.dataset.train.paths):
            return {}
        dataset = self.dataset.of_seed(0)
        training, validation = dataset.carve(0)
        splits = {"training": training, "validation": validation, dataset.test_name: dataset.test}
        counts = {
            name: np.bincount(split.labels, minlength=len(self.dataset.classes)).tolist()
            for name, split in splits.items()
        }
        return {
            name: {split: of_classes[label] for split, of_classes in counts.items()}
            for label, name in enumerate(self.dataset.classes)
        }

    @cached_property
    def networks(self) -> list[Network]:
        """One a variant and precision, as it is trained; where nothing is, as it is timed."""
        topology = self.topology if self.trains else self.time_topology
        return [
            self._network(variant, topology, self.recipe, precision, timed=not self.trains)
            for precision in self.settings.precision
            for variant in self.compared.variants
        ]

    @cached_property
    def timed(self) -> Timed:
        """What is timed beside what; nothing where throughput is not measured."""
        if "throughput" not in self.settings.measure:
            return Timed(pairs=(), same_step={}, twins={})
        twins = self.registry.variants.values() if self.settings.scale.noise_floor and not self._alone else ()
        return timed(self.compared, twins)

    @cached_property
    def timing(self) -> TimingPlan:
        """What is timed: each arm beside its control, at every precision and batch size."""
        pairs = []
        for precision, batch_size in product(self.settings.precision, self.time_batch_sizes):
            recipe = self._recipe_at(self.time_topology).but(batch_size=batch_size)
            contender = {
                variant.name: Contender(
                    network=self._network(variant, self.time_topology, recipe, precision, timed=True)
                )
                for variant in self.timed.variants
            }
            pairs += [
                Pair(arm=contender[arm.name], control=contender[control.name])
                for arm, control in self.timed.pairs
            ]
        return TimingPlan(pairs, self._effort, self.workers_at_once)

    @property
    def _effort(self) -> Effort:
        """How much a run times."""
        effort = run_effort(self.settings)
        return replace(effort, draws=self._draws or effort.draws)

    @property
    def time_batch_sizes(self) -> tuple[int, ...]:
        """Images a timed step; several make a sweep."""
        scale = self.settings.scale
        own = scale.gpu_batch_size if self.on_gpus else scale.time_batch_size
        return self.settings.time_batch_size or (own,)

    @property
    def on_gpus(self) -> bool:
        """Whether it is GPUs that are timed, as far as their driver can tell."""
        return uses_gpus(self.settings.devices, self._gpus)

    @property
    def seeds(self) -> range:
        """Seeds of the trials."""
        looks = self.settings.looks
        return range(looks[-1] if looks else self.settings.seeds or self.settings.scale.seeds)

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

    @property
    def choices(self) -> list[Choice]:
        """The choices of rates, those of the first seeds first."""
        return choices(self.settings.tune, self.seeds) if self.trains else []

    def trials(self, records: Sequence[AnyRecord] = (), within: Sequence[Choice] = ()) -> list[TrialTask]:
        """The trials that count, seed by seed, so that a run cut short has whole pairs.

        At the rates that tuning chose in these records. Of some choices of rates, where any are given.
        """
        found = []
        for choice in within or self.choices:
            rates = chosen_rates(records, choice.tuning_seeds)
            networks = [_at_chosen_rate(network, rates) for network in self.trained]
            found += [TrialTask(network=network, seed=seed) for seed in choice.seeds for network in networks]
        return found

    def tuning_rungs(
        self, records: Sequence[AnyRecord] = (), within: Sequence[Choice] = ()
    ) -> list[list[TrialTask]]:
        """The trials that are left to choose rates, rung by rung; those of later rungs are a guess.

        None of a network whose trials that count were begun: its rate is chosen. Of some choices of rates,
        where any are given.
        """
        left = [
            [_tuning_tasks(network, rung) for rung in tries_left(network, records, choice.tuning_seeds)]
            for choice in within or self.choices
            if choice.tuning_seeds
            for network in self.trained
            if (network.variant.name, network.precision) not in rates_in_use(records, choice)
        ]
        return [list(chain(*rung)) for rung in zip_longest(*left, fillvalue=[])]

    @cached_property
    def capacity(self) -> Capacity:
        """How much fits at once."""
        return Capacity(
            self.settings,
            self.networks,
            small=self.topology.small,
            image_bytes=lambda: self.dataset.memory_bytes,
            available_memory=self._available_memory,
            gpus=self._gpus,
            threads=self._threads,
            most_jobs=self._most_jobs,
        )

    def manifest_plan(self, effort: Effort | None = None) -> Plan:
        """The plan as a manifest holds it; `effort` says how much is timed, if not as much as by a run."""
        effort = effort or self._effort
        factorials = self.registry.factorials(self.settings.variants)
        layers = {network.plan.variant.name: _in_short(network.plan) for network in self.networks}
        return Plan(
            preset=self.settings.preset,
            measures=self.settings.measure,
            control=Counter(self.compared.controls.values()).most_common(1)[0][0],
            controls={**self.compared.controls, **self.timed.twins},
            added_controls=self.compared.added,
            control_given=None if self._alone else self.settings.control,
            **self._about_data(),
            topology=self.topology.name,
            recipe=self.recipe.name,
            epochs=self.recipe.epochs,
            batch_size=self.recipe.batch_size,
            seeds=tuple(self.seeds),
            looks=self.settings.looks,
            factorials=tuple(item.changes for item in factorials if not item.half),
            half_factorials=tuple(item.changes for item in factorials if item.half),
            time_topology=self.time_topology.name,
            time_batch_sizes=self.time_batch_sizes,
            modes=effort.modes,
            draws=effort.draws,
            rounds=effort.rounds,
            interval=effort.interval,
            budget_seconds=effort.budget_seconds,
            precisions=self.settings.precision,
            tune=self.settings.tune,
            aliases=self.aliases | self.timed.twins,
            variants={
                variant.name: PlannedVariant(
                    difference=variant.difference,
                    fields=tuple(sorted(variant.changes)),
                    layers=layers.get(variant.name, {}),
                )
                for variant in dict.fromkeys((*self.compared.variants, *self.timed.variants))
            },
            timed=tuple(variant.name for variant in self.timed.variants),
            same_step=self.timed.same_step,
            ablations=self._ablations(),
            most_jobs=self._most_jobs,
        )

    def _ablations(self) -> tuple[PlannedAblation, ...]:
        """The ablations that have an arm here, those first whose arms are held against their control.

        Each without its claims on arms that are held against something else.
        """
        first, others = list[PlannedAblation](), list[PlannedAblation]()
        for item in self.registry.ablations.values():
            here = {arm.name for arm in item.arms} & set(self.compared.names)
            tested = {arm.name for arm in self.compared.arms(item)}
            claims = [claim for claim in item.claims if tested and claim.arm not in here - tested]
            planned = PlannedAblation(
                name=item.name,
                factor=item.factor,
                control=item.control.name,
                arms=tuple(arm.name for arm in item.arms),
                claims=msgspec.convert(claims, tuple[PlannedClaim, ...], from_attributes=True),
                apart=item.apart,
                note=item.notes.get(self.topology.name, ""),
            )
            if here:
                (first if tested else others).append(planned)
        return (*first, *others)

    def _recipe_at(self, topology: Topology) -> Recipe:
        """The recipe that is asked for, or the topology's own.

        One that says something of layers is for the topology that is trained.
        """
        asked = RECIPES[self.settings.recipe or topology.recipe]
        return asked if topology == self.topology or not asked.layers else RECIPES[topology.recipe]

    def _scaled_recipe(self) -> Recipe:
        if not self.trains:
            return self._recipe_at(self.time_topology)
        settings, recipe = self.settings, self._recipe_at(self.topology)
        scaled = scale_to_small_images if self.topology.small else scale_to_few_photographs
        recipe = scaled(recipe, self.training_images)
        recipe = recipe.but(batch_size=settings.batch_size or recipe.batch_size)
        epochs = recipe.epochs
        if recipe.stop_at_train_error is None:
            steps_per_epoch = max(1, self.training_images // recipe.batch_size)
            epochs = settings.scale.epochs(steps_per_epoch, published=recipe.epochs)
        return recipe.but(epochs=settings.epochs or epochs)

    def _about_data(self) -> dict[str, Any]:
        if not self.trains:
            return {"dataset": self.settings.dataset}
        dataset = self.dataset.of_seed(0)
        return {
            "dataset": dataset.name,
            "class_names": dataset.classes,
            "test_name": dataset.test_name,
            "test_images": len(dataset.test),
            "validation_images": len(dataset.carve(0)[1]),
            "training_images": self.training_images,
            "folds": self.dataset.folds,
        }

    def _network(
        self, variant: Variant, topology: Topology, recipe: Recipe, precision: str, *, timed: bool
    ) -> Network:
        """A variant for the data set's classes and channels, or ImageNet's where 227 pixels are timed."""
        if timed and not topology.small:
            classes, channels = IMAGENET
        else:
            classes, channels = len(self.dataset.classes), self.dataset.channels
        return Network(
            variant=variant,
            plan=make_plan(variant, topology, classes=classes, channels=channels),
            recipe=variant.train_with(recipe),
            precision=precision,
        )

    @property
    def trains(self) -> bool:
        """Whether accuracy is measured."""
        return "accuracy" in self.settings.measure

    @property
    def times(self) -> bool:
        """Whether anything is timed."""
        return bool(self.timed.pairs)

    def workers_at_once(self) -> int:
        """How many timed workers memory holds."""
        return self.capacity.timed_workers([item.network for item in self.timing.contenders])


def _tuning_tasks(network: Network, tries: Sequence[Try]) -> list[TrialTask]:
    return [
        TrialTask(
            network=network.at_rate(item.rate), seed=item.seed, purpose="tuning", most_epochs=item.most_epochs
        )
        for item in tries
    ]


def _at_chosen_rate(network: Network, rates: Mapping[tuple[str, str], float]) -> Network:
    """The network at the rate chosen for it, by variant and precision; at the recipe's without one."""
    rate = rates.get((network.variant.name, network.precision))
    return network if rate is None else network.at_rate(rate)


def _in_short(plan: LayerPlan) -> dict[str, str]:
    """What each layer does, and its output, by its name."""
    return {layer.name: f"{layer.what}, {'x'.join(map(str, layer.shape))}" for layer in plan.layers}
