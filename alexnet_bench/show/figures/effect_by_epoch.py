"""What each arm changes in validation error as training goes on."""

import textwrap
from collections.abc import Iterator, Sequence
from functools import partial

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.ticker import MaxNLocator

from alexnet_bench.analysis.by_epoch import effects_by_epoch
from alexnet_bench.analysis.conditions import Setting, measured_alike
from alexnet_bench.analysis.effect import INCOMPLETE
from alexnet_bench.analysis.metrics import POINTS
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.schema import AnyRecord, Trial
from alexnet_bench.show.captions import trial_conditions
from alexnet_bench.show.figures import style
from alexnet_bench.show.numbers import effect_text
from alexnet_bench.words import counted

_ACROSS = 4
_PALE = 0.25


@style.report_figure(
    "What each arm changes in validation error, after each epoch; above each plot, after the last one. These "
    "are other images than those of the answers, so the numbers differ. Below zero the arm is better. The "
    "coloured band is the 95% t interval over seeds of each epoch by itself (pointwise: it need not hold the "
    "whole line), and in the first third of training it may run out of the plot; in the grey band an effect "
    "does not matter. Where seeds failed, the plot is of the others, and says how many these are."
)
def effect_by_epoch_figure(records: Sequence[AnyRecord], plans: Plans) -> Iterator[style.Panel]:
    """One a setting, in it a small plot an arm."""
    settings = {setting.name: setting for setting in measured_alike(records, plans, Trial)}
    for name, effects in effects_by_epoch(records, plans).groupby("setting", sort=False):
        rows = style.rows_of(effects["arm"].nunique(), _ACROSS)
        yield 1.4 + 1.9 * rows, partial(_draw, settings[str(name)], effects)


def _draw(setting: Setting, effects: pd.DataFrame, panel: SubFigure) -> None:
    arms = effects.groupby("arm", sort=False)
    places = style.grid(panel, len(arms), _ACROSS, sharex=True)
    for axes, (name, rows) in zip(places, arms, strict=True):
        _draw_axes(axes, rows)
        last = rows.iloc[-1]
        end = effect_text(last.effect, last.low, last.high, POINTS)
        left = [_left(setting, str(name), last.pairs)] if last.kind == INCOMPLETE else []
        axes.set_title("\n".join([*textwrap.wrap(str(name), 24), *left, end]), fontsize="small")
    # The lowest of each column.
    for axes in places[-_ACROSS:]:
        axes.tick_params(labelbottom=True)
        axes.set_xlabel("epoch", visible=True)
    places[0].xaxis.set_major_locator(MaxNLocator(5, integer=True))
    panel.supylabel("points\nbelow 0 is better", fontsize="medium", ma="center")
    title = f"The effect on validation error over training, against {setting.control}"
    style.entitle(panel, title, trial_conditions(setting))
    style.key(
        panel,
        [
            style.mark("arm minus control, mean over seeds", color=style.ARM, linestyle="-", linewidth=2),
            style.mark("95% interval", color=style.ARM, alpha=_PALE, linestyle="-", linewidth=8),
            style.mark("does not matter", color=style.MUTED, alpha=_PALE, linestyle="-", linewidth=8),
        ],
    )


def _left(setting: Setting, arm: str, pairs: int) -> str:
    """How many seeds an effect rests on, of those that both sides were trained with."""
    sides = ({trial.seed for trial in setting.of(name)} for name in (arm, setting.control))
    return f"{pairs} of {counted(len(set.intersection(*sides)), 'seed')}"


def _draw_axes(axes: Axes, rows: pd.DataFrame) -> None:
    margin = rows["margin"].iloc[0]
    axes.axhspan(-margin, margin, color=style.MUTED, alpha=_PALE, linewidth=0, zorder=0)
    axes.axhline(0, color="black", linewidth=0.8, zorder=1)
    axes.fill_between(rows["epoch"], rows["low"], rows["high"], color=style.ARM, alpha=_PALE, linewidth=0)
    axes.plot(rows["epoch"], rows["effect"], color=style.ARM, linewidth=1.8)
    # The first intervals may be many times as wide as the last ones, which matter.
    settled = rows[rows["epoch"] > rows["epoch"].max() / 3]
    low = min(rows["effect"].min(), settled["low"].min(), -margin)
    high = max(rows["effect"].max(), settled["high"].max(), margin)
    axes.set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low))
