"""Throughput against the yardstick over commits: a panel a series, with its levels and changes."""

import math
from collections.abc import Sequence

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from alexnet_bench.analysis.series import Series
from alexnet_bench.show.figures import style
from alexnet_bench.show.numbers import change_text
from alexnet_bench.stats.estimate import Estimate

_MOST_LABELS, _SHORT = 12, 7


def draw_history(found: Sequence[Series]) -> Figure | None:
    """A panel for each series that was set against the yardstick; None where there is none."""
    return style.stacked([series for series in found if series.measured], lambda _: 3.1, _draw_panel)


def conditions(series: Series) -> str:
    """Machine, settings and scale of a series, in words."""
    first = series.rows[0]
    pools = f" ({first.thread_pools})" if first.thread_pools else ""
    return (
        f"{first.device}, {first.threads} threads{pools}, {first.placement}; {first.topology}, "
        f"batch {first.batch_size}, {first.precision}"
    )


def gain_text(gain: Estimate) -> str:
    """A change in percent, with its interval where there is one."""
    return change_text(*(math.exp(value) for value in (gain.mean, gain.low, gain.high)))


def _draw_panel(panel: SubFigure, series: Series) -> None:
    axes = panel.subplots()
    speeds = pd.DataFrame(
        {
            "entry": range(len(series.measured)),
            "speed": [row.images_per_teraflop for row in series.measured],
        }
    )
    sns.scatterplot(speeds, x="entry", y="speed", color=style.ARM, s=26, alpha=0.8, legend=False, ax=axes)
    for start, end, speed in series.levels:
        axes.plot([start - 0.4, end + 0.4], [speed, speed], color="black", linewidth=1.2, zorder=1)
    _mark_changes(axes, series)
    _name_entries(axes, series)
    axes.set(xlabel="commit, in order of time", ylabel="images a teraflop\nof the yardstick")
    axes.yaxis.set_major_locator(MaxNLocator(5))
    first = series.rows[0]
    style.entitle(panel, f"{first.variant}, {first.mode}", [conditions(series)])
    style.key(
        panel,
        [
            style.point("one gate", style.ARM),
            style.mark("mean of a level", "black", linestyle="-", linewidth=1.2),
            style.mark("change point", style.CONTROL, linestyle="--", linewidth=1),
        ][: None if series.changes else 2],
    )


def _mark_changes(axes: Axes, series: Series) -> None:
    for change in series.changes:
        is_late = change.at > len(series.measured) / 2
        axes.axvline(change.at - 0.5, color=style.CONTROL, linestyle="--", linewidth=1)
        axes.annotate(
            f"{change_text(math.exp(change.gain.mean))}\n{_short(change.since)} → {_short(change.until)}",
            (change.at - 0.5, 1),
            (-3 if is_late else 3, -3),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="right" if is_late else "left",
            va="top",
            fontsize="small",
            color=style.CONTROL,
        )


def _name_entries(axes: Axes, series: Series) -> None:
    apart = math.ceil(len(series.measured) / _MOST_LABELS)
    named = range(0, len(series.measured), apart)
    axes.set_xticks(named, [_short(series.measured[at].commit or "–") for at in named])


def _short(name: str) -> str:
    """A commit's first digits, or a date."""
    return name[: 10 if "-" in name[:5] else _SHORT]
