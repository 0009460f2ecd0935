"""The history of gates: a row for each network and mode that a gate timed, added to a file of JSON lines.

A row is written once and never changed.
"""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec

from alexnet_bench.errors import BenchWarning, RecordError, why_unwritable
from alexnet_bench.records.files import append_rows, is_there, read_rows, set_aside, sound_rows
from alexnet_bench.records.lock import to_itself
from alexnet_bench.records.schema import Mode, column, columns_of

SCHEMA_VERSION = 1
_Positive = Annotated[float, msgspec.Meta(gt=0, le=1e30)]

# Rows that agree in these tell of one another.
SERIES = (
    "variant", "topology", "batch_size", "precision", "mode", "device", "threads", "thread_pools",
    "placement",
)  # fmt: skip


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What one gate measured of one network in one mode."""

    schema_version: Annotated[int, column("version of these columns")] = SCHEMA_VERSION
    time: Annotated[str, column("when the first draw began: UTC, ISO 8601")]
    commit: Annotated[str | None, column("of head")] = None
    base: Annotated[str | None, column("commit that was timed beside it, null where none was")] = None
    variant: Annotated[str, column("name of the variant")]
    fingerprint: Annotated[str, column("another one: another network")]
    topology: Annotated[str, column("scale of the network")]
    batch_size: Annotated[int, column("images a step")]
    precision: Annotated[str, column("Keras dtype policy")]
    mode: Annotated[Mode, column("`training` or `inference`")]
    device: Annotated[str, column("what it ran on")]
    threads: Annotated[int, column("CPU threads")]
    thread_pools: Annotated[str, column("threads of TensorFlow's pools, intra-op x inter-op")]
    placement: Annotated[str, column("of the network's parts on devices")]
    versions: Annotated[dict[str, str], column("of Python and the libraries")]
    base_versions: Annotated[dict[str, str] | None, column("likewise, of the base")] = None
    draws: Annotated[int, column("draws of head that the two below rest on")]
    images_per_second: Annotated[_Positive, column("of head: geometric mean over draws")]
    yardstick_flops_per_second: Annotated[
        _Positive | None,
        column("operations a second of the yardstick's matrix products: median over draws"),
    ] = None
    images_per_teraflop: Annotated[
        _Positive | None,
        column(
            "images of head in the time in which the yardstick does 10^12 operations: geometric mean "
            "over draws"
        ),
    ] = None
    pairs: Annotated[int, column("draws that the ratio rests on")] = 0
    ratio: Annotated[_Positive | None, column("throughput of head over that of the base beside it")] = None
    low: Annotated[_Positive | None, column("end of its 95% interval")] = None
    high: Annotated[_Positive | None, column("likewise")] = None
    decision: Annotated[str | None, column("the gate's on this throughput, null if not gated")] = None

    def __post_init__(self) -> None:
        if self.ratio is None and (self.low, self.high) != (None, None):
            raise ValueError("there is an interval, and no ratio that it is of")


COLUMNS = columns_of(Entry)


def append_history(file: Path, entries: Sequence[Entry]) -> None:
    """Add entries to a history, all in one write; the file and its folder are made where there are none.

    A last line that a crash cut short is moved into a file beside it first, with a warning.

    Raises:
        RecordError: it cannot be written.
    """
    if not entries:
        return
    remedy = "give another --history"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    except OSError as error:
        raise RecordError(f"{file} cannot be written ({why_unwritable(error)}); {remedy}") from None
    # What another gate is writing looks as if it were torn, and is lost with the file that mending replaces.
    with to_itself(file.parent):
        _mend(file)
        append_rows(file, entries, Entry, remedy)


def _mend(file: Path) -> None:
    torn = [line for line in sound_rows(file, Entry, SCHEMA_VERSION)[1] if line.is_torn]
    if torn:
        aside = file.with_suffix(".damaged.jsonl")
        warnings.warn(
            f"{file}, line {torn[0].number}: {torn[0].why}; the line is kept in {aside}",
            BenchWarning,
            stacklevel=3,
        )
        set_aside(file, {line.number for line in torn}, aside)


def read_history(file: Path) -> list[Entry]:
    """The entries of a history in order of time; a last line that was cut short by a crash is passed over.

    Raises:
        RecordError: there is no such file, it cannot be read or holds nothing, or a line is no entry.
    """
    if not is_there(file):
        raise RecordError(f"{file} does not exist; `bench gate` writes one, and --history names it")
    entries = read_rows(file, Entry, SCHEMA_VERSION, "remove that line; the others stay as they are")
    if not entries:
        raise RecordError(f"{file} holds no entries yet; `bench gate` adds them")
    return sorted(entries, key=lambda entry: entry.time)
