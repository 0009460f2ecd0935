"""What a user asks of a run, and the presets that fill in the rest."""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from alexnet_bench.errors import BenchError, UnknownNameError

MEASURES = ("accuracy", "throughput")
DEVICES = ("auto", "cpu", "gpu")
PRECISIONS = ("float32", "mixed_bfloat16")


@dataclass(frozen=True, kw_only=True)
class Preset:
    """How much is measured.

    Args:
        about: one line for `--help`.
        seeds: trials of each variant.
        training_steps: trained for about so many steps…
        most_epochs: …and at most for so many epochs; `None` steps means exactly this.
        time_batch_size: images a timed step.
        draws: buildings of each timed variant.
        rounds: slices of each draw.
        slice_seconds: a slice lasts at least so long.
    """

    about: str
    seeds: int
    training_steps: int | None
    most_epochs: int
    time_batch_size: int
    draws: int
    rounds: int
    slice_seconds: float

    def epochs(self, steps_per_epoch: int) -> int:
        """Epochs for a data set of which an epoch has so many steps."""
        if self.training_steps is None:
            return self.most_epochs
        return min(self.most_epochs, max(1, math.ceil(self.training_steps / steps_per_epoch)))


PRESETS = {
    "quick": Preset(
        about="minutes; three seeds, so a description and no verdict",
        seeds=3,
        training_steps=1200,
        most_epochs=30,
        time_batch_size=16,
        draws=2,
        rounds=4,
        slice_seconds=0.4,
    ),
    "standard": Preset(
        about="an hour or more on small images",
        seeds=5,
        training_steps=8000,
        most_epochs=60,
        time_batch_size=64,
        draws=4,
        rounds=6,
        slice_seconds=1.0,
    ),
    "paper": Preset(
        about="90 epochs and a batch of 128, as published; for GPUs",
        seeds=5,
        training_steps=None,
        most_epochs=90,
        time_batch_size=128,
        draws=6,
        rounds=10,
        slice_seconds=2.0,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What `bench run` is asked; what is None comes from the preset, the data set or the machine.

    Args:
        variants: a selection, or `all`.
        measure: of `accuracy` and `throughput`, what to measure.
        preset: how much.
        dataset: name, and path after a colon.
        topology: of the accuracy trials.
        recipe: of the accuracy trials.
        batch_size, epochs: of the accuracy trials.
        seeds: accuracy trials of each variant, with seeds 0, 1, …
        tune: `lr` to choose each variant's rate first.
        time_topology, time_batch_size: of the throughput.
        precision: Keras dtype policy.
        devices: `auto`, `cpu` or `gpu`.
        jobs: trials at a time.
        ablations: further folders of ablation files.
        save_models: keep the trained models.
    """

    variants: str = "all"
    measure: tuple[str, ...] = MEASURES
    preset: str = "quick"
    dataset: str = "digits"
    topology: str | None = None
    recipe: str = "paper"
    batch_size: int | None = None
    epochs: int | None = None
    seeds: int | None = None
    tune: str | None = None
    time_topology: str = "alexnet-227"
    time_batch_size: int | None = None
    precision: str = "float32"
    devices: str = "auto"
    jobs: int | None = None
    ablations: tuple[str, ...] = ()
    save_models: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "ablations", tuple(str(folder) for folder in self.ablations))
        object.__setattr__(self, "measure", tuple(self.measure))
        _check_choices("measure", self.measure, MEASURES)
        if not self.measure:
            raise BenchError(f"there is nothing to measure; choose from: {', '.join(MEASURES)}")
        _check_choices("preset", [self.preset], PRESETS)
        _check_choices("device kind", [self.devices], DEVICES)
        _check_choices("precision", [self.precision], PRECISIONS)
        if self.tune is not None:
            _check_choices("tuning", [self.tune], ("lr",))
        for field in ("seeds", "epochs", "batch_size", "time_batch_size", "jobs"):
            value = getattr(self, field)
            if value is not None and value < 1:
                raise BenchError(f"{field.replace('_', ' ')} is {value}; it must be at least 1")

    @property
    def scale(self) -> Preset:
        """The preset."""
        return PRESETS[self.preset]


def _check_choices(kind: str, given: Iterable[str], known: Collection[str]) -> None:
    if unknown := [name for name in given if name not in known]:
        raise UnknownNameError(kind, unknown, known)
