"""What the figures share: colours, panels, captions, files."""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from alexnet_bench.report.plans import Plans, present, succeeded
from alexnet_bench.report.settings import Setting
from alexnet_bench.report.words import counted, listed

WIDTH = 9.0
DOTS_PER_INCH = 150
_PALETTE = sns.color_palette("colorblind").as_hex()
ARM, CONTROL, SECOND, MUTED = _PALETTE[0], _PALETTE[3], _PALETTE[1], "#8a8a8a"
STYLE: dict[str, Any] = {
    **sns.axes_style("whitegrid"),
    **sns.plotting_context("paper", font_scale=1.1),
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],
    "text.parse_math": False,
    "svg.hashsalt": "alexnet-bench",
    "grid.color": "#e6e6e6",
    "axes.edgecolor": "#bbbbbb",
}


def panels(heights: Sequence[float], width: float = WIDTH) -> tuple[Figure, list[SubFigure]]:
    """A figure with one panel above another."""
    figure = Figure(figsize=(width, sum(heights)), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, list(figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0])


def entitle(panel: SubFigure, title: str, conditions: Sequence[str], width: float = WIDTH) -> None:
    """A title and, under it, the conditions that the panel holds for."""
    lines = [line for text in conditions for line in textwrap.wrap(text, int(width * 13.5))]
    panel.suptitle("\n".join([title, *lines]), x=0.01, ha="left", fontsize="medium", linespacing=1.4)


def save(figure: Figure, folder: Path, name: str) -> None:
    """Write a figure as PNG and SVG; the same records give the same files."""
    figure.savefig(folder / f"{name}.png", dpi=DOTS_PER_INCH)
    figure.savefig(folder / f"{name}.svg", metadata={"Date": None})


def styled() -> Any:
    """A context in which figures are drawn and saved."""
    return mpl.rc_context(STYLE)


def spread(keys: "pd.Series[Any]", reach: float) -> "pd.Series[float]":
    """An offset a key, evenly spread in the order of the keys, so that equal values stay apart."""
    order = sorted(set(keys))
    offsets = np.linspace(-reach, reach, len(order)) if len(order) > 1 else [0.0]
    return keys.map(dict(zip(order, offsets, strict=True))).astype(float)


def show_rows(axes: Axes, labels: Sequence[str], control: int | None) -> None:
    """Name the rows, the first on top, the control's in its colour."""
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.set_ylabel("")
    axes.grid(visible=False, axis="y")
    if control is not None:
        label = axes.get_yticklabels()[control]
        label.set_color(CONTROL)
        label.set_fontweight("bold")


def show_values(axes: Axes, values: Sequence[str], title: str) -> None:
    """Print a column of values at the right of the rows."""
    column = axes.secondary_yaxis("right")
    column.set_yticks(range(len(values)), values)
    column.tick_params(length=0)
    column.spines["right"].set_visible(False)
    axes.annotate(
        title,
        (1, 1),
        (4, 4),
        xycoords="axes fraction",
        textcoords="offset points",
        fontsize="small",
        color="#555555",
    )


def key(panel: SubFigure, handles: Sequence[Line2D]) -> None:
    """A legend under the panel."""
    panel.legend(handles=list(handles), loc="outside lower left", ncols=len(handles), frameon=False)


def mark(label: str, colour: str, **style: Any) -> Line2D:
    """An entry of a legend."""
    return Line2D([], [], color=colour, label=label, **{"linestyle": "none", **style})


def point(label: str, colour: str) -> Line2D:
    """A legend's entry for a single measurement."""
    return mark(label, colour, marker="o", markeredgecolor="white", markersize=7, alpha=0.8)


def trial_conditions(setting: Setting) -> list[str]:
    """Data set, topology, training, seeds and machine of a setting, in words."""
    known, trials = setting.conditions, succeeded(setting.rows)
    seeds = present(trials["seed"])
    rates = "a learning rate tuned for each variant" if known.get("tuned") else "one learning rate for all"
    return [
        f"{known['dataset']}, {known['topology']}, {counted(known['epochs'], 'epoch')}, "
        f"batch {known['batch_size']}, {known['precision']}, recipe {known['recipe']}, {rates}; "
        f"{'seed' if len(seeds) == 1 else 'seeds'} {listed(seeds)}",
        f"on {known['device']}, {counted(known['threads'], 'thread')}" + other_devices(setting),
    ]


def draw_conditions(setting: Setting) -> list[str]:
    """Topology, batch, draws and device of a setting, in words."""
    known = setting.conditions
    counts = succeeded(setting.rows).groupby("variant")["draw"].nunique()
    arms = counts.drop(setting.control, errors="ignore")
    drawn = counted(int((arms if len(arms) else counts).max()), "draw") + " of each network"
    if setting.control in counts and len(arms) and counts[setting.control] != arms.max():
        drawn += f" ({counts[setting.control]} of the control)"
    return [
        f"{known['topology']}, batch {known['batch_size']}, {known['precision']}, {drawn}",
        f"on {known['device']}, {counted(known['threads'], 'thread')}" + other_devices(setting),
    ]


def other_devices(setting: Setting) -> str:
    """The variants that ran on another device than the control."""
    others = [
        f"{variant}: {', '.join(present(setting.of(variant)['device']))}"
        for variant in setting.variants
        if present(setting.of(variant)["device"]) != [setting.conditions["device"]]
    ]
    return f" ({'; '.join(others)})" if others else ""


def order(means: "pd.Series[float]", plans: Plans, ascending: bool) -> list[str]:
    """The variants: the control first, then from best to worst, those without a value last."""
    names = sorted(means.index, key=plans.rank)
    ranked = means.loc[names].sort_values(ascending=ascending, kind="stable", na_position="last").index
    return sorted(ranked, key=lambda name: not plans.is_control(name))
