"""What a user asks of a run, and the presets that fill in the rest."""

import math
import operator
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from importlib.util import find_spec
from numbers import Real
from pathlib import Path
from typing import Any

from alexnet_bench.environment import usable_cores
from alexnet_bench.errors import BenchError, UnknownNameError
from alexnet_bench.records.schema import MODES, TUNINGS
from alexnet_bench.words import in_short, is_encodable, plain

# What a run without a selection compares: normalization, dropout, activation, towers and devices; and `lrn`,
# the control under another name, for the noise floor.
FOUR_QUESTIONS = "alexnet,lrn,no-lrn,no-dropout,tanh,single-tower,one-gpu,two-gpu"
# What a fit compares: what the paper's questions would leave out or change, one at a time; and for how long.
CANDIDATES, FIT_CONTROL = "no-lrn,no-dropout,tanh,single-tower", "alexnet"
FIT_BUDGET = 1800.0
MEASURES = ("accuracy", "throughput")
DEVICES = ("auto", "cpu", "gpu")
LOCAL = "local"
# Each with the module that it takes; the extra that brings it has the executor's name.
EXECUTORS = {LOCAL: None, "ray": "ray", "slurm": "submitit"}
# Planned numbers of seeds after which a run that goes on until it is conclusive is looked at.
LOOKS = (4, 8, 16, 32)
TF32 = "tf32"
PRECISIONS = ("float32", TF32, "mixed_bfloat16", "mixed_float16")
# More than anybody means: a slip of the finger must not be planned for hours, nor fill the memory.
MOST = {"time_threads": 1_000, "threads": 1_000, "jobs": 1_000, "hosts": 1_000}
MOST_OF_OTHERS = 100_000


@dataclass(frozen=True, kw_only=True)
class Preset:
    """How much is measured.

    Args:
        about: one line for `--help`.
        seeds: trials of each variant.
        training_steps: trained for about so many steps…
        most_epochs: …and at most for so many epochs; where both are None, for as many as the recipe says.
        time_batch_size: images a timed step on CPUs.
        gpu_batch_size: the same on GPUs, which fewer would leave idle.
        draws: buildings of each timed variant, at least.
        rounds: slices of each draw, until the variances are known.
        slice_seconds: a slice lasts about so long.
        interval: half-width of every ratio's interval at which timing ends; None: after these draws.
        noise_floor: whether the control is timed twice where no variant is the same network anyway.
    """

    about: str
    seeds: int
    training_steps: int | None
    most_epochs: int | None
    time_batch_size: int
    gpu_batch_size: int
    draws: int
    rounds: int
    slice_seconds: float
    interval: float | None
    noise_floor: bool

    def epochs(self, steps_per_epoch: int, *, published: int) -> int:
        """Epochs for a data set of which an epoch has so many steps, by a recipe of so many epochs."""
        if self.training_steps is None or self.most_epochs is None:
            return published
        return min(self.most_epochs, max(1, math.ceil(self.training_steps / steps_per_epoch)))


PRESETS = {
    "quick": Preset(
        about="minutes; five seeds and four draws, of 'all' three and two, which give no verdict",
        seeds=5,
        training_steps=1200,
        most_epochs=30,
        time_batch_size=16,
        gpu_batch_size=128,
        draws=4,
        rounds=6,
        slice_seconds=0.2,
        interval=None,
        noise_floor=False,
    ),
    "standard": Preset(
        about="an hour or more on small images",
        seeds=5,
        training_steps=8000,
        most_epochs=60,
        time_batch_size=64,
        gpu_batch_size=512,
        draws=4,
        rounds=6,
        slice_seconds=0.4,
        interval=0.01,
        noise_floor=True,
    ),
    "paper": Preset(
        about="the recipe's epochs (90) and a batch of 128, as published; for GPUs",
        seeds=5,
        training_steps=None,
        most_epochs=None,
        time_batch_size=128,
        gpu_batch_size=128,
        draws=6,
        rounds=10,
        slice_seconds=1.0,
        interval=0.005,
        noise_floor=True,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What `bench run` is asked; what is None comes from the preset, the data set or the machine.

    Args:
        variants: a selection; by default the paper's four questions.
        control: what every variant is held against; by default the control of its ablation.
        measure: of `accuracy` and `throughput`, what to measure.
        preset: how much.
        dataset: name, and path after a colon.
        topology: of the accuracy trials.
        recipe: of the accuracy trials; by default the topology's own.
        batch_size, epochs: of the accuracy trials.
        seeds: accuracy trials of each variant, with seeds 0, 1, …
        until_conclusive: add seeds until every arm has a verdict, with looks at 4, 8, 16 and 32 of them, and
            no more than `seeds`.
        tune: `lr` to choose each variant's rate first; `lr-per-seed` to choose it for each seed anew.
        time_topology: of the throughput.
        time_batch_size: of the throughput; several make a sweep.
        time_threads: of TensorFlow's pools while timing, intra-op and inter-op; as many each as there are
            cores by default, as TensorFlow has.
        mode: of `training` and `inference`, what is timed.
        interval: half-width of every ratio's interval at which timing ends, as a share.
        budget: seconds that timing may take, and training if it goes on until it is conclusive.
        precision: `tf32`, or Keras dtype policies.
        devices: `auto`, `cpu` or `gpu`.
        jobs: trials at a time; with `ray`, as many as the cluster holds by default.
        threads: of each trial on the CPU.
        trial_timeout: seconds that a trial may be silent for before it is ended as hanging; by default five
            minutes and 20 times its longest epoch.
        executor: `local`, or on a cluster `ray` or `slurm`: who gets the trials done.
        hosts: that share the batches of a data-parallel variant, with `slurm`; one by default.
        ray_address: of a Ray cluster; by default one is started on this machine.
        ablations: further folders of ablation files.
        save_models: keep the trained models.

    Raises:
        BenchError: a name that no setting has, or a value that cannot be meant.
    """

    variants: str = FOUR_QUESTIONS
    control: str | None = None
    measure: tuple[str, ...] = MEASURES
    preset: str = "quick"
    dataset: str = "digits"
    topology: str | None = None
    recipe: str | None = None
    batch_size: int | None = None
    epochs: int | None = None
    seeds: int | None = None
    until_conclusive: bool = False
    tune: str | None = None
    time_topology: str = "alexnet-227"
    time_batch_size: tuple[int, ...] = ()
    time_threads: tuple[int, int] | None = None
    mode: tuple[str, ...] = MODES
    interval: float | None = None
    budget: float | None = None
    precision: tuple[str, ...] = ("float32",)
    devices: str = "auto"
    jobs: int | None = None
    trial_timeout: float | None = None
    threads: int | None = None
    executor: str = LOCAL
    ray_address: str | None = None
    hosts: int | None = None
    ablations: tuple[str, ...] = ()
    save_models: bool = False

    def __new__(cls, *values: Any, **named: Any) -> "Settings":
        """Refuse what no setting is called, as the rest is refused."""
        known = [item.name for item in fields(cls)]
        if unknown := [name for name in named if name not in known]:
            raise UnknownNameError("setting", unknown, known)
        if values:
            raise BenchError(f"{values[0]!r} has no name; name every setting, such as seeds=3")
        return super().__new__(cls)

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if value is not None or item.default is not None:
                read = _folders if item.name == "ablations" else _READERS[item.type]
                object.__setattr__(self, item.name, read(item.name, value))
        # A run that goes on from another folder finds the same data and files.
        object.__setattr__(self, "dataset", _located(self.dataset))
        for name in ("dataset", "ablations"):
            if not is_encodable("".join(getattr(self, name))):
                raise _wrong(name, getattr(self, name), "a name in UTF-8, for records are; rename the folder")
        for kind, known in (("measure", MEASURES), ("mode", MODES), ("precision", PRECISIONS)):
            _check_choices(kind, getattr(self, kind), known)
            if not getattr(self, kind):
                raise BenchError(f"no {kind} is given; choose from: {', '.join(known)}")
        _check_choices("preset", [self.preset], PRESETS)
        _check_choices("device kind", [self.devices], DEVICES)
        _check_choices("executor", [self.executor], EXECUTORS)
        if (module := EXECUTORS[self.executor]) and find_spec(module) is None:
            raise BenchError(
                f'{self.executor} needs {module}: `pip install "alexnet-bench[{self.executor}]"`'
            )
        if self.tune is not None:
            _check_choices("tuning", [self.tune], TUNINGS)
        if self.executor != LOCAL and "throughput" in self.measure:
            raise BenchError(
                f"{self.executor} spreads trials over machines, and timings are compared within one alone; "
                "give --measure accuracy with --executor, and time in a run of its own on one machine"
            )
        if self.ray_address is not None and (self.executor != "ray" or not self.ray_address):
            raise BenchError("--ray-address is an address, for --executor ray; give both, or leave it out")
        if self.until_conclusive and "accuracy" not in self.measure:
            raise BenchError("seeds are added for accuracy; give --measure accuracy with --until-conclusive")
        if self.until_conclusive and self.seeds is not None and self.seeds < LOOKS[0]:
            raise BenchError(f"seeds is {self.seeds}; a verdict takes at least {LOOKS[0]}")
        if self.interval is not None and self.interval >= 1:
            raise BenchError(f"interval is {self.interval:g}; it must be a share below 1, such as 0.005")

    @property
    def scale(self) -> Preset:
        """The preset; `all`, quickly, is a look at everything and not a verdict on each."""
        preset = PRESETS[self.preset]
        is_a_look = (self.variants, self.preset) == ("all", "quick")
        return replace(preset, seeds=3, draws=2) if is_a_look else preset

    @property
    def looks(self) -> tuple[int, ...]:
        """The numbers of seeds after which verdicts are asked for; none where all are trained anyway."""
        if not self.until_conclusive:
            return ()
        most = self.seeds or LOOKS[-1]
        return (*(look for look in LOOKS if look < most), most)

    @property
    def timed_threads(self) -> tuple[int, int]:
        """Intra-op and inter-op threads while timing."""
        return self.time_threads or (usable_cores(), usable_cores())


def _located(dataset: str) -> str:
    """A data set's name with its path, if it has one, made absolute."""
    from alexnet_bench.data import DATASETS

    name, _, path = dataset.partition(":")
    takes_path = name in DATASETS and DATASETS[name].takes_path
    located = f"{name}:{_absolute(path)}" if path and takes_path else dataset
    try:
        located.encode()
    except UnicodeEncodeError:
        raise BenchError(
            f"{plain(located)}: the path is not UTF-8, which a run's files cannot hold; rename its folders"
        ) from None
    return located


def _absolute(path: str | Path) -> str:
    try:
        expanded = Path(path).expanduser()
    except RuntimeError:
        raise BenchError(f"{path}: there is no such home folder; give a folder without '~'") from None
    try:
        return str(expanded.resolve())
    except RuntimeError:
        raise BenchError(f"{path}: its links lead in a circle; give another folder") from None
    except (OSError, ValueError) as error:
        raise BenchError(f"{in_short(str(path))} can be no folder ({error}); give another") from None


def _wrong(name: str, value: Any, expected: str) -> BenchError:
    return BenchError(f"{name.replace('_', ' ')} is {in_short(value)}; it must be {expected}")


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(name, value, "text")
    return value


def _texts(name: str, value: Any) -> tuple[str, ...]:
    """One or several as a tuple, each once; text is taken apart at commas."""
    if isinstance(value, str):
        value = [item.strip() for item in value.split(",") if item.strip()]
    given = _items(name, value, "text, or a list of it")
    if wrong := [item for item in given if not isinstance(item, str)]:
        raise _wrong(name, wrong[0], "text, or a list of it")
    return tuple(dict.fromkeys(given))


def _folders(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str | Path):
        value = (value,)
    given = _items(name, value, "a folder, or a list of folders")
    if wrong := [item for item in given if not isinstance(item, str | Path) or not str(item)]:
        raise _wrong(name, wrong[0], "a folder, or a list of folders")
    return tuple(map(_absolute, given))


def _whole(name: str, value: Any) -> int:
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise _wrong(name, value, "a whole number") from None
    if number < 1:
        raise _wrong(name, number, "at least 1")
    if number > (most := MOST.get(name, MOST_OF_OTHERS)):
        raise _wrong(name, number, f"at most {most:,}")
    return number


def _wholes(name: str, value: Any) -> tuple[int, ...]:
    if value is None:
        return ()
    given = _items(name, value, "a whole number, or a list of them") if _is_several(value) else [value]
    return tuple(dict.fromkeys(_whole(name, item) for item in given))


def _two_wholes(name: str, value: Any) -> tuple[int, int]:
    given = _items(name, value, "two whole numbers")
    if len(given) != 2:
        raise _wrong(name, value, "two whole numbers")
    return _whole(name, given[0]), _whole(name, given[1])


def _number(name: str, value: Any) -> float:
    if not isinstance(value, Real) or isinstance(value, bool):
        raise _wrong(name, value, "a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _wrong(name, value, "a finite number")
    if number <= 0:
        raise BenchError(f"{name.replace('_', ' ')} is {number:g}; it must be more than 0")
    return number


def _yes_or_no(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong(name, value, "True or False")
    return value


def _is_several(value: Any) -> bool:
    # A numpy number has what a list has, and cannot be gone through.
    return isinstance(value, Iterable) and getattr(value, "ndim", 1) > 0


def _items(name: str, value: Any, expected: str) -> list[Any]:
    if isinstance(value, str | bytes | Mapping) or not _is_several(value):
        raise _wrong(name, value, expected)
    return list(value)


def _check_choices(kind: str, given: Iterable[str], known: Collection[str]) -> None:
    if unknown := [name for name in given if name not in known]:
        raise UnknownNameError(kind, unknown, known)


# How the value of a field is read, by the field's type; None stays where it is the default.
_READERS: dict[Any, Callable[[str, Any], Any]] = {
    str: _text,
    str | None: _text,
    tuple[str, ...]: _texts,
    int | None: _whole,
    tuple[int, ...]: _wholes,
    tuple[int, int] | None: _two_wholes,
    float | None: _number,
    bool: _yes_or_no,
}
