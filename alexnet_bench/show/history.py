"""`bench history`: series as tables, in words, as data, and drawn."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from alexnet_bench.analysis.series import ChangePoint, Series, Span
from alexnet_bench.records.history import SERIES
from alexnet_bench.show.figures import style
from alexnet_bench.show.figures.history import conditions, draw_history, gain_text
from alexnet_bench.show.files import writing_into
from alexnet_bench.show.numbers import change_text
from alexnet_bench.show.table import Cells, Table

NAME = "history"


def tables(found: Sequence[Series]) -> dict[str, Table]:
    """A table for each machine and its conditions, a row a series."""
    cells: Cells = {
        "Variant": lambda series: series.rows[0].variant,
        "Mode": lambda series: series.rows[0].mode,
        "Entries": lambda series: str(len(series.rows)),
        "First to last": lambda series: change_text(math.nan if series.change is None else 1 + series.change),
        "Changes": lambda series: ";\n".join(map(_change_text, series.changes)) or "none",
    }
    alike: dict[str, list[Series]] = {}
    for series in found:
        alike.setdefault(conditions(series), []).append(series)
    return {title: Table.of(rows, cells) for title, rows in alike.items()}


def warnings(series: Series) -> Iterator[str]:
    """What is worth a look, a line each."""
    who = f"{series.rows[0].variant}, {series.rows[0].mode}"
    for change in series.recent_losses:
        yield f"{who}: {_change_text(change)}"
    if loss := series.chain_loss:
        yield (
            f"{who}: {gain_text(loss.gain)} since {loss.since}: {loss.count} gates up to {loss.until} "
            "add up to it, and none found it"
        )
    if loss := series.trend_loss:
        yield f"{who}: {gain_text(loss.gain)} by a trend over {loss.count} entries, {_ends(loss)}"


def as_data(series: Series) -> dict[str, Any]:
    """A series as `bench history --json` has it."""
    return {
        **{name: getattr(series.rows[0], name) for name in SERIES},
        "entries": len(series.rows),
        "first_to_last": series.change,
        "changes": [
            {**_span(change), "also": change.also, "is_news": change.is_news} for change in series.changes
        ],
        "chain_loss": _span(series.chain_loss),
        "trend_loss": _span(series.trend_loss),
        "warnings": list(warnings(series)),
    }


def write_figure(found: Sequence[Series], out: Path) -> Path | None:
    """Draw a history as PNG and SVG, and return the first; None where nothing was set against the yardstick.

    Raises:
        RecordError: the folder cannot be written.
    """
    with writing_into(out), style.styled():
        figure = draw_history(found)
        style.save(figure, out, NAME)
    return None if figure is None else out / f"{NAME}.png"


def _change_text(change: ChangePoint) -> str:
    also = f" (also: {', '.join(change.also)})" if change.also else ""
    return f"{gain_text(change.gain)} {_ends(change)}{also}"


def _ends(span: Span) -> str:
    return f"from {span.since} to {span.until}"


def _span(span: Span | None) -> Any:
    if span is None:
        return None
    ratio, low, high = np.exp([span.gain.mean, span.gain.low, span.gain.high]).tolist()
    found = {"since": span.since, "until": span.until, "entries": span.count}
    return found | {"ratio": ratio, "low": low, "high": high}
