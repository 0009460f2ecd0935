"""The history of gates: a row for each network and mode that a gate timed, added to a file of JSON lines.

This file owns the rows' columns. A row is written once and never changed.
"""

import json
import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from alexnet_bench.draws import Record, log_rate
from alexnet_bench.errors import RecordError
from alexnet_bench.gating.decision import Decision
from alexnet_bench.records import BASE, HEAD, Column, check_columns, mend_file, read_lines

SCHEMA_VERSION = 1
TERA = 1e12
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


def make_rows(records: Iterable[Record], decisions: Iterable[Decision]) -> list[dict[str, Any]]:
    """The rows of a gate; none for what could not be measured of head.

    Args:
        records: draws of head, and of a base where one was timed beside it. Those without a steady state do
            not count.
        decisions: the gate's.
    """
    sides: dict[str, dict[tuple[Any, ...], list[Record]]] = {HEAD: {}, BASE: {}}
    for record in records:
        key = tuple(record[name] for name in SERIES)
        sides[record["side"]].setdefault(key, []).append(record)
    decided = {
        (row.variant, row.topology, row.batch_size, row.precision, row.quantity): row for row in decisions
    }
    return [
        _row(key, counting, sides[BASE].get(key, []), decided.get(key[:5]))
        for key, draws in sides[HEAD].items()
        if (counting := [draw for draw in draws if _counts(draw)])
    ]


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


def _counts(draw: Record) -> bool:
    return draw["status"] == "ok" and draw["steady"] is not False and bool(draw["slice_seconds"])


def _row(
    key: tuple[Any, ...], head: Sequence[Record], base: Sequence[Record], decision: Decision | None
) -> dict[str, Any]:
    first = head[0]
    paired = decision is not None and bool(base)
    return {
        "schema_version": SCHEMA_VERSION,
        "time": first["started_at"],
        "commit": first["git_commit"],
        "base": base[0]["git_commit"] if base else None,
        **dict(zip(SERIES, key, strict=True)),
        "fingerprint": first["fingerprint"],
        "versions": first["versions"],
        "base_versions": base[0]["versions"] if base else None,
        "draws": len(head),
        "images_per_second": math.exp(float(np.mean([log_rate(draw) for draw in head]))),
        **_against_yardstick(head),
        "pairs": decision.draws if decision and paired else 0,
        **{name: _finite(getattr(decision, name)) if paired else None for name in ("ratio", "low", "high")},
        "decision": decision.decision if decision else None,
    }


def _against_yardstick(draws: Sequence[Record]) -> dict[str, float | None]:
    """The yardstick's speed, and that of head against it: draw by draw, for both change with the machine."""
    speeds = {
        index: float(np.median(draw["yardstick"]["flops_per_second"]))
        for index, draw in enumerate(draws)
        if draw["yardstick"] and draw["yardstick"]["flops_per_second"]
    }
    if not speeds:
        return {"yardstick_flops_per_second": None, "images_per_teraflop": None}
    relative = [log_rate(draws[index]) - math.log(speed) for index, speed in speeds.items()]
    return {
        "yardstick_flops_per_second": float(np.median(list(speeds.values()))),
        "images_per_teraflop": TERA * math.exp(float(np.mean(relative))),
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


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
