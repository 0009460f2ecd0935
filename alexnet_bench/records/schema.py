"""Records: one row a trial or a draw, written once. This file owns the schema.

The types here are the schema: reading checks against them, `COLUMNS` documents them, and the Parquet schema
follows from them. A new column gets a default, so that older records stay readable.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, get_args, get_type_hints

import msgspec

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 5
Status = Literal["ok", "diverged", "out-of-memory", "crashed", "timed-out", "killed"]
# What ended by no doing of its own: the same may end well when it is tried again.
FAULTS: tuple[Status, ...] = ("out-of-memory", "timed-out", "killed")
Mode = Literal["training", "inference"]
Purpose = Literal["result", "tuning"]
MODES: tuple[str, ...] = get_args(Mode)
HEAD, BASE = "head", "base"
# Whether all seeds share a choice of learning rates, or each makes its own.
SHARED, PER_SEED = TUNINGS = ("lr", "lr-per-seed")
LARGEST_RATE = 1e100
# Whole numbers that a column of 64 bits takes.
_Whole = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_Count = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
# Far beyond what can be measured, and still such that their squares and sums are finite.
_Number = Annotated[float, msgspec.Meta(ge=-1e100, le=1e100)]
_Amount = Annotated[float, msgspec.Meta(ge=0, le=1e30)]
_Positive = Annotated[float, msgspec.Meta(ge=1e-30, le=1e30)]


def column(about: str, *, agrees: bool = False) -> msgspec.Meta:
    """What a column means, and whether two rows must agree in it before they are compared."""
    return msgspec.Meta(description=about, extra={"agrees": agrees})


class Epoch(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One epoch of a trial; errors and loss as trained, with dropout and augmentation. Null: not finite."""

    epoch: _Count
    learning_rate: _Number
    loss: _Number | None = None
    train_error: _Share | None = None
    validation_top1_error: _Share | None = None
    seconds: _Amount = 0.0


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What else kept the machine busy during a draw."""

    others_share: _Number = 0.0
    steal_share: _Number = 0.0
    run_queue: _Number | None = None


class Yardstick(msgspec.Struct, frozen=True, kw_only=True):
    """The machine's peaks, measured between the rounds of a draw."""

    flops_per_second: tuple[_Positive, ...] = ()
    bytes_per_second: tuple[_Positive, ...] = ()


class Record(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """What trials and draws have in common."""

    kind: ClassVar[str]
    schema_version: Annotated[_Whole, column("version of this schema")] = SCHEMA_VERSION
    run_id: Annotated[str, column("the run it was measured in")]
    variant: Annotated[str, column("name of the variant")]
    fingerprint: Annotated[str, column("equal where network, training and placement are equal")]
    topology: Annotated[str, column("scale of the network", agrees=True)]
    classes: Annotated[_Whole, column("classes told apart", agrees=True)]
    recipe: Annotated[str, column("name of the training recipe", agrees=True)]
    recipe_settings: Annotated[dict[str, Any], column("every field of the recipe as it was used")]
    precision: Annotated[
        str, column("`tf32`, or a Keras dtype policy; `float32` uses no TensorFloat-32", agrees=True)
    ]
    batch_size: Annotated[_Count, column("images a step", agrees=True)]
    placement: Annotated[
        str,
        column(
            "`one-device`, `split` (a tower a device), `data-parallel` (half a batch a device)", agrees=True
        ),
    ]
    device: Annotated[str, column("what it ran on; logical CPU devices are called so", agrees=True)]
    threads: Annotated[_Whole, column("CPU threads", agrees=True)]
    versions: Annotated[dict[str, str], column("of Python and the libraries", agrees=True)]
    build: Annotated[
        dict[str, Any],
        column(
            "TensorFlow's build, the driver, and the settings of the environment that matter", agrees=True
        ),
    ] = {}
    git_commit: Annotated[str | None, column("of the code, where it is a checkout")] = None
    parameters: Annotated[_Whole, column("parameters of the network")]
    macs: Annotated[_Whole, column("multiply-accumulates forward for one image")]
    status: Annotated[Status, column("one of: ok, diverged, out-of-memory, crashed, timed-out, killed")]
    error: Annotated[str | None, column("what went wrong")] = None
    log: Annotated[str | None, column("the end of what its worker printed, where it failed")] = None
    started_at: Annotated[str, column("UTC, ISO 8601")]
    duration_seconds: Annotated[_Amount, column("of the whole trial or draw")]
    peak_memory_bytes: Annotated[
        _Whole | None, column("the worker's so far: of the fullest GPU by TensorFlow, else resident")
    ] = None

    @property
    def succeeded(self) -> bool:
        """Whether it came to its end."""
        return self.status == "ok"

    @property
    def trained_as(self) -> str:
        """Equal for records of one variant that differ in their seed, and in what follows from it."""
        return self.fingerprint


class Trial(Record, frozen=True, kw_only=True, tag="trial"):
    """One variant, trained and evaluated with one seed."""

    kind: ClassVar[str] = "trial"
    dataset: Annotated[str, column("data set", agrees=True)]
    data_digest: Annotated[
        str | None, column("of the images and labels; null in records older than version 3", agrees=True)
    ] = None
    seed: Annotated[_Whole, column("of the trial")]
    purpose: Annotated[Purpose, column("`result`, or `tuning`: trained to choose a rate")]
    epochs: Annotated[_Count, column("epochs asked for", agrees=True)]
    tuned: Annotated[bool, column("whether the rate was chosen by `--tune`", agrees=True)]
    rate_per_seed: Annotated[
        bool, column("whether it was chosen for this seed alone, by `--tune lr-per-seed`", agrees=True)
    ] = False
    network: Annotated[
        str | None,
        column("as `fingerprint`, whatever the learning rate; null in records older than version 4"),
    ] = None
    hosts: Annotated[_Count, column("machines that trained it together", agrees=True)] = 1
    validation_top1_error: Annotated[_Share | None, column("share, last epoch")] = None
    test_top1_error: Annotated[_Share | None, column("share")] = None
    test_top5_error: Annotated[_Share | None, column("share; null under six classes")] = None
    held_out_top1_error: Annotated[
        _Share | None, column("share, where the data set's official test images are absent")
    ] = None
    held_out_top5_error: Annotated[_Share | None, column("share, likewise")] = None
    train_error: Annotated[
        _Share | None, column("share, without dropout and augmentation, after the last epoch")
    ] = None
    loss: Annotated[_Number | None, column("mean over the last epoch's steps")] = None
    curve: Annotated[
        tuple[Epoch, ...],
        column(
            "an object an epoch: epoch, learning_rate, loss, train_error (both as trained, with dropout "
            "and augmentation), validation_top1_error, seconds"
        ),
    ]
    predictions: Annotated[
        str | None,
        column(
            "file in the run folder: the labels of the test images, the five likeliest classes of each, "
            "the first layer's kernels, and of cross-validation the places of the test images among all"
        ),
    ] = None

    def __post_init__(self) -> None:
        # Trials are told apart by it.
        rate = self.recipe_settings.get("learning_rate")
        if not isinstance(rate, int | float) or isinstance(rate, bool) or not abs(rate) <= LARGEST_RATE:
            raise ValueError(f"learning_rate of recipe_settings is {rate!r}, no number")

    @property
    def trained_as(self) -> str:
        """Likewise; a rate chosen for a seed follows from it."""
        return self.network if self.rate_per_seed and self.network else self.fingerprint


class Draw(Record, frozen=True, kw_only=True, tag="draw"):
    """One building of a variant, timed in one mode."""

    kind: ClassVar[str] = "draw"
    mode: Annotated[Mode, column("`training` or `inference`", agrees=True)]
    side: Annotated[str, column("whose code: `head`, or the `base` it is compared with", agrees=True)] = (
        "head"
    )
    thread_pools: Annotated[
        str, column("threads of TensorFlow's pools, intra-op x inter-op", agrees=True)
    ] = ""
    draw: Annotated[_Whole, column("number of the building it was taken from")]
    load: Annotated[
        Load | None,
        column("processor time that others used and the host took, as shares; length of the run queue"),
    ] = None
    yardstick: Annotated[
        Yardstick | None,
        column(
            "operations a second of matrix products, bytes a second of passes over memory, between rounds"
        ),
    ] = None
    warm_up_seconds: Annotated[tuple[_Amount, ...], column("duration of each step before timing began")] = ()
    steady: Annotated[
        bool | None,
        column("whether warm-up ended and the speed then stayed; null where that was not tested"),
    ] = None
    compile_seconds: Annotated[
        _Amount | None, column("building and first step; other networks may be built meanwhile")
    ] = None
    round_ids: Annotated[tuple[_Whole | str, ...], column("the round of each slice")]
    slice_steps: Annotated[tuple[_Count, ...], column("steps in each slice")]
    slice_seconds: Annotated[tuple[_Positive, ...], column("duration of each slice")]
    slice_started_at: Annotated[tuple[_Number, ...], column("UTC start of each slice, seconds since 1970")]
    images_per_second: Annotated[_Positive | None, column("images over seconds, all slices")] = None
    flops_per_image: Annotated[_Whole | None, column("operations of a step for one image")] = None
    utilization: Annotated[
        _Amount | None, column("operations a second over the median of the yardstick's; it can exceed 1")
    ] = None
    joules_per_image: Annotated[_Amount | None, column("of the GPUs, where NVML counts their energy")] = None

    def __post_init__(self) -> None:
        counts = [len(self.round_ids), len(self.slice_steps), len(self.slice_seconds)]
        if len(set(counts)) > 1:
            raise ValueError(f"rounds, steps and seconds are of {counts} slices; each slice has all three")


AnyRecord = Trial | Draw
KINDS: dict[str, type[Trial] | type[Draw]] = {"trial": Trial, "draw": Draw}


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of the schema.

    Args:
        type: of its values; null is allowed where `required` is not set.
        about: one line for `results/README.md`.
        kinds: the kinds of record that have it.
        agrees: whether two rows must agree in it before they are compared.
    """

    name: str
    type: Any
    about: str
    kinds: tuple[str, ...]
    required: bool = True
    agrees: bool = False


def columns_of(rows: type[msgspec.Struct], kinds: tuple[str, ...] = ()) -> tuple[Column, ...]:
    """The columns of a type of rows, in order."""
    found, types = [], get_type_hints(rows)
    for field in msgspec.structs.fields(rows):
        type, (*_, meta) = types[field.name], get_args(field.type)
        values = [item for item in get_args(type) if item is not NoneType]
        optional = NoneType in get_args(type)
        found.append(
            Column(
                name=field.name,
                type=values[0] if optional else type,
                about=meta.description,
                kinds=kinds,
                required=not optional,
                agrees=meta.extra["agrees"],
            )
        )
    return tuple(found)


_COMMON = columns_of(Record, tuple(KINDS))
COLUMNS = (
    Column(name="kind", type=str, about="`trial` or `draw`", kinds=tuple(KINDS)),
    *_COMMON,
    *(column for name, kind in KINDS.items() for column in columns_of(kind, (name,))[len(_COMMON) :]),
)
AGREEING = tuple(column.name for column in COLUMNS if column.agrees)

# The columns in which a variant that changes a field differs by intent.
COLUMNS_OF_FIELD = {
    "placement": {"placement", "device", "hosts"},
    "recipe.batch_size": {"batch_size"},
    "recipe.epochs": {"epochs"},
}


def differences(column: str, one: Any, other: Any) -> Iterator[tuple[str, Any, Any]]:
    """Where two values of a column differ: its name with both, in words.

    Of a column that holds an object, its differing entries.
    """
    pairs = {column: (one, other)}
    if isinstance(one, dict) and isinstance(other, dict):
        pairs = {f"{column}: {key}": (one.get(key), other.get(key)) for key in sorted(one | other)}
    for name, values in pairs.items():
        if values[0] != values[1]:
            yield name, *map(shown, values)


def shown(value: Any) -> Any:
    """A value in words."""
    return "not recorded" if value is None else value


def to_frame(records: Iterable[AnyRecord]) -> "pd.DataFrame":
    """One row a record, one column a column of the schema."""
    import pandas as pd

    rows = msgspec.to_builtins(list(records))
    return pd.DataFrame(rows, columns=[column.name for column in COLUMNS])
