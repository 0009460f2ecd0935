"""Error against learning rate, a line a variant: among which rates that of each was chosen."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import cycle
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullLocator

from alexnet_bench.analysis.by_rate import errors_by_rate, tuned_alike
from alexnet_bench.analysis.conditions import Setting
from alexnet_bench.analysis.metrics import error_after
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.schema import AnyRecord
from alexnet_bench.show.captions import trial_conditions
from alexnet_bench.show.figures import style
from alexnet_bench.words import counted

_KEYS_ACROSS = 3
_STROKES = ("-", "--", ":")
_SEED: dict[str, Any] = {
    "linestyle": "none",
    "marker": "_",
    "markersize": 7,
    "markeredgewidth": 0.9,
    "alpha": 0.6,
}
_MEAN: dict[str, Any] = {"marker": "o", "markersize": 4, "linewidth": 1.4}
_END: dict[str, Any] = {"linestyle": "none", "marker": "D", "markersize": 5, "fillstyle": "none"}
_CHOSEN: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 12, "fillstyle": "none"}
_FAILED: dict[str, Any] = {"linestyle": "none", "marker": "x", "markersize": 6, "markeredgewidth": 1.6}


@style.report_figure(
    "Validation error against learning rate, from the trials that chose rates: each variant's mean over the "
    "tuning seeds that came to their end at a rate, after the epochs that all rates were trained for."
)
def error_by_rate_figure(records: Sequence[AnyRecord], plans: Plans) -> Iterator[style.Panel]:
    """One a question and setting."""
    settings = {setting.name: setting for setting in tuned_alike(records, plans)}
    for _, trials in errors_by_rate(records, plans).groupby(["setting", "ablation"], sort=False):
        keys = style.rows_of(trials["variant"].nunique() + 4, _KEYS_ACROSS)
        yield 3.6 + 0.22 * keys, partial(_draw, settings[trials["setting"].iloc[0]], trials)


def _draw(setting: Setting, trials: pd.DataFrame, panel: SubFigure) -> None:
    axes = panel.subplots()
    names = list(dict.fromkeys(trials["variant"]))
    looks = _looks(names, setting.control)
    # Side by side, so that marks of several variants at one rate stay apart.
    reach = min(0.03, 0.006 * len(names))
    beside = dict(zip(names, style.offsets(len(names), reach), strict=True))
    trials = trials.assign(at=trials["learning_rate"] * 10 ** trials["variant"].map(beside))
    for name, own in trials.groupby("variant", sort=False):
        _draw_variant(axes, own, looks[str(name)])
    axes.set_xscale("log")
    axes.set_xticks(sorted(set(trials["learning_rate"])))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    # Room for what failed.
    axes.margins(y=0.1)
    epochs, ablation = int(trials["epochs"].iloc[0]), trials["ablation"].iloc[0]
    metric = error_after(epochs)
    axes.set(xlabel="learning rate", ylabel=metric.axis.replace(" (", "\n("))
    title = f"Error against learning rate, after {epochs} of {counted(setting.conditions['epochs'], 'epoch')}"
    title += f": {ablation}" if ablation else ""
    style.entitle(panel, title, trial_conditions(setting))
    variants = [style.mark(name, **look, linewidth=2) for name, look in looks.items()]
    style.key(panel, [*variants, *_marks(trials)], columns=_KEYS_ACROSS)


def _looks(names: Sequence[str], control: str) -> dict[str, dict[str, Any]]:
    """A colour a variant; where there are more than colours, another stroke too."""
    colours = cycle(style.DISTINCT)
    arms = [name for name in names if name != control]
    strokes = [_STROKES[place // len(style.DISTINCT) % len(_STROKES)] for place in range(len(arms))]
    return {control: {"color": style.CONTROL, "linestyle": "-"}} | {
        name: {"color": next(colours), "linestyle": stroke}
        for name, stroke in zip(arms, strokes, strict=True)
    }


def _draw_variant(axes: Axes, trials: pd.DataFrame, look: dict[str, Any]) -> None:
    colour = {"color": look["color"]}
    means = trials.groupby("at")[["error", "end_error", "chosen_by"]].mean()
    axes.plot(trials["at"], trials["error"], **_SEED, **colour)
    axes.plot(means.index, means["error"], **_MEAN, **look)
    axes.plot(means.index, means["end_error"], **_END, **colour)
    chosen = means[(means["chosen_by"] > 0) & means["error"].notna()]
    axes.plot(chosen.index, chosen["error"], **_CHOSEN, **colour)
    if len(chosen) > 1:
        for at, row in chosen.iterrows():
            axes.annotate(
                f"{row.chosen_by:.0f}",
                (at, row.error),
                (7, 5),
                textcoords="offset points",
                fontsize="small",
                **colour,
            )
    failed = trials.loc[trials["status"] != "ok", "at"].unique()
    axes.plot(failed, [0.97] * len(failed), transform=axes.get_xaxis_transform(), **_FAILED, **colour)


def _marks(trials: pd.DataFrame) -> list[Line2D]:
    """What the marks mean that there are."""
    meanings = (
        ("one tuning seed, after as many epochs", _SEED, trials["error"].notna()),
        ("mean after more epochs, of seeds that went on", _END, trials["end_error"].notna()),
        ("chosen (by so many seeds)", _CHOSEN, trials["chosen_by"] > 0),
        ("failed or diverged", _FAILED, trials["status"] != "ok"),
    )
    return [style.mark(label, **mark, color="black") for label, mark, rows in meanings if rows.any()]
