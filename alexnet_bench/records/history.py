"""The history of gates: a row for each network and mode that a gate timed, added to a file of JSON lines.

This file owns the rows' columns. A row is written once and never changed.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alexnet_bench.errors import RecordError
from alexnet_bench.records.schema import Column, check_columns, mend_file, read_lines

SCHEMA_VERSION = 1
_NUMBER = (int, float)

# Rows that agree in these tell of one another.
SERIES = (
    "variant",
    "topology",
    "batch_size",
    "precision",
    "mode",
    "device",
    "threads",
    "thread_pools",
    "placement",
)
COLUMNS = (
    Column(name="schema_version", type=int, about="version of these columns"),
    Column(name="time", type=str, about="when the first draw began: UTC, ISO 8601"),
    Column(name="commit", type=str, about="of head", required=False),
    Column(
        name="base", type=str, about="commit that was timed beside it, null where none was", required=False
    ),
    Column(name="variant", type=str, about="name of the variant"),
    Column(name="fingerprint", type=str, about="another one: another network"),
    Column(name="topology", type=str, about="scale of the network"),
    Column(name="batch_size", type=int, about="images a step"),
    Column(name="precision", type=str, about="Keras dtype policy"),
    Column(name="mode", type=str, about="`training` or `inference`"),
    Column(name="device", type=str, about="what it ran on"),
    Column(name="threads", type=int, about="CPU threads"),
    Column(name="thread_pools", type=str, about="threads of TensorFlow's pools, intra-op x inter-op"),
    Column(name="placement", type=str, about="of the network's parts on devices"),
    Column(name="versions", type=dict, about="of Python and the libraries"),
    Column(name="base_versions", type=dict, about="likewise, of the base", required=False),
    Column(name="draws", type=int, about="draws of head that the two below rest on"),
    Column(name="images_per_second", type=_NUMBER, about="of head: geometric mean over draws"),
    Column(
        name="yardstick_flops_per_second",
        type=_NUMBER,
        about="operations a second of the yardstick's matrix products: median over draws",
        required=False,
    ),
    Column(
        name="images_per_teraflop",
        type=_NUMBER,
        about="images of head in the time in which the yardstick does 10^12 operations: geometric mean over "
        "draws",
        required=False,
    ),
    Column(name="pairs", type=int, about="draws that the ratio rests on"),
    Column(
        name="ratio",
        type=_NUMBER,
        about="throughput of head over that of the base beside it",
        required=False,
    ),
    Column(name="low", type=_NUMBER, about="end of its 95% interval", required=False),
    Column(name="high", type=_NUMBER, about="likewise", required=False),
    Column(
        name="decision", type=str, about="the gate's on this throughput, null if not gated", required=False
    ),
)


def append_history(file: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Add rows to a history, all in one write; the file and its folder are made where there are none.

    Raises:
        RecordError: it cannot be written.
    """
    if not rows:
        return
    text = "".join(json.dumps(row, allow_nan=False, separators=(",", ":")) + "\n" for row in rows)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        mend_file(file)
        with file.open("a", encoding="utf-8") as place:
            place.write(text)
            place.flush()
            os.fsync(place.fileno())
    except OSError as error:
        raise RecordError(f"{file} cannot be written ({error.strerror}); give another --history") from None


def read_history(file: Path) -> list[dict[str, Any]]:
    """The rows of a history in order of time; a last line that was cut short by a crash is passed over.

    Raises:
        RecordError: there is no such file, it cannot be read or holds nothing, or a line is no row of known
            columns.
    """
    if not file.exists():
        raise RecordError(f"{file} does not exist; `bench gate` writes one, and --history names it")
    try:
        rows = read_lines(file, _check)
    except OSError as error:
        raise RecordError(f"{file} cannot be read ({error.strerror}); give another history") from None
    if not rows:
        raise RecordError(f"{file} holds no entries yet; `bench gate` adds them")
    whole = [{column.name: row.get(column.name, column.default) for column in COLUMNS} for row in rows]
    return sorted(whole, key=lambda row: str(row["time"]))


def _check(row: Any) -> None:
    if not isinstance(row, dict):
        raise RecordError("an entry of a history must be a JSON object")
    version = row.get("schema_version")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise RecordError(
            f"an entry has schema version {version}; this alexnet-bench reads up to {SCHEMA_VERSION}: "
            "update it"
        )
    check_columns(row, COLUMNS, "an entry")
    for name in ("images_per_second", "images_per_teraflop", "ratio", "low", "high"):
        value = row.get(name)
        if value is not None and value <= 0:
            raise RecordError(f"an entry has {name} = {value!r}; it must be above zero")
