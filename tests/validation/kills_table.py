"""The table of kills in docs/reliability.md: what was killed, when, and what it cost.

The rows are those of `tests/faults/kills.py`: one a kill, and one a sweep that came to its end.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from script import markdown

WHEN = {
    None: "at a time drawn at random",
    "records.jsonl": "around an append to the records",
    "zip": "around the removal of a checkpoint, once its trial is recorded",
    "set aside": "as records of faults are set aside",
    "run.json": "as the manifest is replaced",
    "checkpoint": "around the writing of a checkpoint",
    "npz": "around the writing of predictions",
}
AIMED = ("records.jsonl", "zip", "set aside", "checkpoint")


def ended(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The sweeps that came to their end."""
    return [row for row in rows if "kills" in row]


def kills(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The kills of those sweeps."""
    numbers = {row["sweep"] for row in ended(rows)}
    return [row for row in rows if "role" in row and row["sweep"] in numbers]


def aimed(rows: Sequence[dict[str, Any]]) -> int:
    """How many of the kills came around an append or a checkpoint."""
    return sum(when(row) in AIMED for row in kills(rows))


def table(rows: Sequence[dict[str, Any]]) -> str:
    """A line for each process and moment, and one for all."""
    found = kills(rows)
    kinds = sorted({(row["role"], list(WHEN).index(when(row))) for row in found})
    lines = []
    for role, index in kinds:
        moment = list(WHEN)[index]
        some = [row for row in found if row["role"] == role and when(row) == moment]
        lines.append([role, WHEN[moment], *_counted(some)])
    titles = ["killed", "when", "kills", "records lost", "doubled", "longest until no process was left"]
    return markdown(titles, [*lines, ["all", "", *_counted(found)]])


def when(row: dict[str, Any]) -> str | None:
    """The moment of a kill, as a key of `WHEN`."""
    file = row["file"]
    if file is None:
        return None
    if (row["moment"], file) == ("replaced", "records.jsonl") or file in (
        "records.retried.jsonl",
        "records.jsonl.new",
    ):
        return "set aside"
    if ".zip" in file:
        return "zip" if row["moment"] == "removing" else "checkpoint"
    return next(name for name in ("records.jsonl", "run.json", "npz") if name in file)


def _counted(rows: Iterable[dict[str, Any]]) -> list[str]:
    some = list(rows)
    seconds = [row["left_seconds"] for row in some if row["left_seconds"] is not None]
    longest = f"{max(seconds):.1f} s" if seconds else "– (the sweep goes on)"
    return [str(len(some)), *(str(sum(row[name] for row in some)) for name in ("lost", "doubled")), longest]
