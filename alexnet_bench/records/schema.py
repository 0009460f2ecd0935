"""Records: one row a trial or a draw, written once. This file owns the schema.

A run's rows are lines of JSON in `records.jsonl`, appended and synced to disk one by one, so that nothing
is lost when a run dies. Raw samples are kept; the environment is columns, never file names.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alexnet_bench.errors import RecordError

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 2
KINDS = ("trial", "draw")
STATUSES = ("ok", "diverged", "out-of-memory", "crashed", "timed-out")
MODES = ("training", "inference")
HEAD, BASE = "head", "base"
PURPOSES = ("result", "tuning")


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of the schema.

    Args:
        name: with its unit, where it has one.
        type: of its values in JSON; null is allowed where `required` is not set.
        about: one line for `results/README.md`.
        kinds: the kinds of record that have it.
        required: whether it must have a value.
        agrees: whether two rows must agree in it before they are compared.
        default: what a record of an older schema is given.
    """

    name: str
    type: type | tuple[type, ...]
    about: str
    kinds: tuple[str, ...] = KINDS
    required: bool = True
    agrees: bool = False
    default: Any = None


_NUMBER = (int, float)
_TRIAL, _DRAW = ("trial",), ("draw",)

COLUMNS = (
    Column(name="schema_version", type=int, about="version of this schema"),
    Column(name="kind", type=str, about="`trial` or `draw`"),
    Column(name="run_id", type=str, about="the run it was measured in"),
    Column(name="variant", type=str, about="name of the variant"),
    Column(name="fingerprint", type=str, about="equal where network, training and placement are equal"),
    Column(name="topology", type=str, about="scale of the network", agrees=True),
    Column(name="classes", type=int, about="classes told apart", agrees=True),
    Column(name="recipe", type=str, about="name of the training recipe", agrees=True),
    Column(name="recipe_settings", type=dict, about="every field of the recipe as it was used"),
    Column(name="precision", type=str, about="Keras dtype policy", agrees=True),
    Column(name="batch_size", type=int, about="images a step", agrees=True),
    Column(
        name="placement",
        type=str,
        about="`one-device`, `split` (a tower a device), `data-parallel` (half a batch a device)",
        agrees=True,
    ),
    Column(name="device", type=str, about="what it ran on; logical CPU devices are called so", agrees=True),
    Column(name="threads", type=int, about="CPU threads", agrees=True),
    Column(name="versions", type=dict, about="of Python and the libraries", agrees=True),
    Column(name="git_commit", type=str, about="of the code, where it is a checkout", required=False),
    Column(name="parameters", type=int, about="parameters of the network"),
    Column(name="macs", type=int, about="multiply-accumulates forward for one image"),
    Column(name="status", type=str, about="one of: " + ", ".join(STATUSES)),
    Column(name="error", type=str, about="what went wrong", required=False),
    Column(name="started_at", type=str, about="UTC, ISO 8601"),
    Column(name="duration_seconds", type=_NUMBER, about="of the whole trial or draw"),
    Column(
        name="peak_memory_bytes",
        type=int,
        about="resident, of the worker process, so far",
        required=False,
    ),
    Column(name="dataset", type=str, about="data set", kinds=_TRIAL, agrees=True),
    Column(name="seed", type=int, about="of the trial", kinds=_TRIAL),
    Column(name="purpose", type=str, about="`result`, or `tuning`: trained to choose a rate", kinds=_TRIAL),
    Column(name="epochs", type=int, about="epochs asked for", kinds=_TRIAL, agrees=True),
    Column(
        name="tuned", type=bool, about="whether the rate was chosen by `--tune lr`", kinds=_TRIAL, agrees=True
    ),
    Column(
        name="validation_top1_error", type=_NUMBER, about="share, last epoch", kinds=_TRIAL, required=False
    ),
    Column(name="test_top1_error", type=_NUMBER, about="share", kinds=_TRIAL, required=False),
    Column(
        name="test_top5_error",
        type=_NUMBER,
        about="share; null under six classes",
        kinds=_TRIAL,
        required=False,
    ),
    Column(
        name="held_out_top1_error",
        type=_NUMBER,
        about="share, where the data set's official test images are absent",
        kinds=_TRIAL,
        required=False,
    ),
    Column(
        name="held_out_top5_error",
        type=_NUMBER,
        about="share, likewise",
        kinds=_TRIAL,
        required=False,
    ),
    Column(
        name="train_error",
        type=_NUMBER,
        about="share, without dropout and augmentation, after the last epoch",
        kinds=_TRIAL,
        required=False,
    ),
    Column(name="loss", type=_NUMBER, about="mean over the last epoch's steps", kinds=_TRIAL, required=False),
    Column(
        name="curve",
        type=list,
        about="an object an epoch: epoch, learning_rate, loss, train_error (both as trained, with dropout "
        "and augmentation), validation_top1_error, seconds",
        kinds=_TRIAL,
    ),
    Column(
        name="predictions",
        type=str,
        about="file in the run folder: the labels of the test images, the five likeliest classes of each, "
        "and the first layer's kernels",
        kinds=_TRIAL,
        required=False,
    ),
    Column(name="mode", type=str, about="`training` or `inference`", kinds=_DRAW, agrees=True),
    Column(
        name="side",
        type=str,
        about="whose code: `head`, or the `base` it is compared with",
        kinds=_DRAW,
        agrees=True,
        default="head",
    ),
    Column(
        name="thread_pools",
        type=str,
        about="threads of TensorFlow's pools, intra-op x inter-op",
        kinds=_DRAW,
        agrees=True,
        default="",
    ),
    Column(name="draw", type=int, about="number of the building it was taken from", kinds=_DRAW),
    Column(
        name="build",
        type=dict,
        about="TensorFlow's build, the driver, and the settings of the environment that matter",
        kinds=_DRAW,
        agrees=True,
        default={},
    ),
    Column(
        name="load",
        type=dict,
        about="processor time that others used and the host took, as shares; length of the run queue",
        kinds=_DRAW,
        required=False,
    ),
    Column(
        name="yardstick",
        type=dict,
        about="operations a second of matrix products, bytes a second of passes over memory, between rounds",
        kinds=_DRAW,
        required=False,
    ),
    Column(
        name="warm_up_seconds",
        type=list,
        about="duration of each step before timing began",
        kinds=_DRAW,
        default=[],
    ),
    Column(
        name="steady",
        type=bool,
        about="whether warm-up ended and the speed then stayed; null where that was not tested",
        kinds=_DRAW,
        required=False,
    ),
    Column(
        name="compile_seconds",
        type=_NUMBER,
        about="building and first step; other networks may be built meanwhile",
        kinds=_DRAW,
        required=False,
    ),
    Column(name="round_ids", type=list, about="the round of each slice", kinds=_DRAW),
    Column(name="slice_steps", type=list, about="steps in each slice", kinds=_DRAW),
    Column(name="slice_seconds", type=list, about="duration of each slice", kinds=_DRAW),
    Column(
        name="slice_started_at", type=list, about="UTC start of each slice, seconds since 1970", kinds=_DRAW
    ),
    Column(
        name="images_per_second",
        type=_NUMBER,
        about="images over seconds, all slices",
        kinds=_DRAW,
        required=False,
    ),
    Column(
        name="flops_per_image",
        type=int,
        about="operations of a step for one image",
        kinds=_DRAW,
        required=False,
    ),
    Column(
        name="utilization",
        type=_NUMBER,
        about="operations a second over the median of the yardstick's; it can exceed 1",
        kinds=_DRAW,
        required=False,
    ),
    Column(
        name="joules_per_image",
        type=_NUMBER,
        about="of the GPUs, where NVML counts their energy",
        kinds=_DRAW,
        required=False,
    ),
)

AGREEING = tuple(column.name for column in COLUMNS if column.agrees)

# The columns in which a variant that changes a field differs by intent.
COLUMNS_OF_FIELD = {
    "placement": {"placement", "device"},
    "recipe.batch_size": {"batch_size"},
    "recipe.epochs": {"epochs"},
}


def columns_of(kind: str) -> tuple[Column, ...]:
    """The columns of a kind of record."""
    return tuple(column for column in COLUMNS if kind in column.kinds)


def differences(column: str, one: Any, other: Any) -> Iterator[tuple[str, Any, Any]]:
    """Where two values of a column differ: its name with both, in words.

    Of a column that holds an object, its differing entries.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            if one.get(key) != other.get(key):
                yield f"{column}: {key}", shown(one.get(key)), shown(other.get(key))
    elif one != other:
        yield column, shown(one), shown(other)


def shown(value: Any) -> Any:
    """A value in words."""
    return "not recorded" if value is None else value


def make_record(kind: str, **values: Any) -> dict[str, Any]:
    """A complete, checked record; what is not given and not required is null.

    Raises:
        RecordError: a value is missing, of another type, or of no column.
    """
    record: dict[str, Any] = {column.name: column.default for column in columns_of(kind)}
    if unknown := values.keys() - record.keys():
        raise RecordError(f"a {kind} has no column {', '.join(sorted(unknown))}")
    record |= {"schema_version": SCHEMA_VERSION, "kind": kind, **values}
    check_record(record)
    return record


def check_record(record: dict[str, Any]) -> None:
    """Hold a record against the schema.

    Raises:
        RecordError: it does not fit; the message names the column.
    """
    if not isinstance(record, dict):
        raise RecordError("a record must be a JSON object")
    version = record.get("schema_version")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise RecordError(
            f"a record has schema version {version}; this alexnet-bench reads up to {SCHEMA_VERSION}: "
            "update it"
        )
    if record.get("kind") not in KINDS:
        raise RecordError(f"a record's kind is {record.get('kind')!r}; expected one of {', '.join(KINDS)}")
    check_columns(record, columns_of(record["kind"]), f"a {record['kind']}")
    if record["status"] not in STATUSES:
        raise RecordError(f"a record's status is {record['status']!r}; expected one of {', '.join(STATUSES)}")


def check_columns(row: dict[str, Any], columns: Iterable[Column], what: str) -> None:
    """Hold the values of a row against the columns that it is to have.

    Raises:
        RecordError: one is missing, or of another type; the message names it, and what the row is.
    """
    for column in columns:
        value = row.get(column.name, column.default)
        if value is None and column.required:
            raise RecordError(f"{what} lacks {column.name}")
        if value is not None and not _fits(value, column.type):
            raise RecordError(f"{what} has {column.name} = {value!r}, of another type than the schema's")


def append_record(path: Path, record: dict[str, Any]) -> None:
    """Add one checked record and sync it to disk."""
    check_record(record)
    try:
        line = json.dumps(record, allow_nan=False, separators=(",", ":")) + "\n"
    except ValueError:
        raise RecordError(
            f"a {record['kind']} of {record['variant']} holds a number that is not finite; it must be null"
        ) from None
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise RecordError(
            f"{path} cannot be written ({error.strerror}); what was finished before is kept: make room, and "
            "go on with --resume"
        ) from None


def read_records(path: Path) -> list[dict[str, Any]]:
    """The records of a file, oldest first; a last line that was cut short by a crash is passed over.

    Raises:
        RecordError: there is no such file, or a line is no record of a known schema.
    """
    if not path.is_file():
        raise RecordError(f"{path} does not exist; give a folder that `bench run` wrote")
    return [
        {column.name: record.get(column.name, column.default) for column in columns_of(record["kind"])}
        for record in read_lines(path, check_record)
    ]


def read_lines(path: Path, check: Callable[[Any], None]) -> list[dict[str, Any]]:
    """The objects of a file of JSON lines; a last line that was cut short by a crash is passed over.

    Args:
        path: the file.
        check: raises a RecordError where a line does not hold what it must.

    Raises:
        RecordError: a line cannot be read, or does not pass; the message names file and line.
    """
    found = []
    for number, line in enumerate(path.read_bytes().splitlines(keepends=True), 1):
        if not line.endswith(b"\n"):
            break
        try:
            row = json.loads(line, parse_constant=_refuse_constant)
            check(row)
        except (ValueError, RecordError) as error:
            raise RecordError(f"{path}, line {number}: {error}") from None
        found.append(row)
    return found


def mend_file(path: Path) -> None:
    """Cut off a last line that a crash left unfinished, so that what is appended starts a line."""
    if path.is_file():
        text = path.read_bytes()
        if text and not text.endswith(b"\n"):
            with path.open("r+b") as file:
                file.truncate(text.rfind(b"\n") + 1)


def to_frame(records: Iterable[dict[str, Any]]) -> "pd.DataFrame":
    """One row a record, one column a column of the schema."""
    import pandas as pd

    return pd.DataFrame(list(records), columns=[column.name for column in COLUMNS])


def _refuse_constant(name: str) -> None:
    raise RecordError(f"{name} is no value of a record; it must be null")


def _fits(value: Any, expected: type | tuple[type, ...]) -> bool:
    if isinstance(value, bool):
        return expected is bool
    return isinstance(value, expected)
