"""Error of every variant: each seed's point and the mean."""

from collections.abc import Sequence

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from alexnet_bench.analysis.conditions import Setting, measured_alike
from alexnet_bench.analysis.metrics import Metric, headline
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.schema import AnyRecord, Trial
from alexnet_bench.show.captions import trial_conditions
from alexnet_bench.show.figures import style
from alexnet_bench.stats.error_rates import chance_error
from alexnet_bench.words import percent


def draw_error(records: Sequence[AnyRecord], plans: Plans) -> Figure | None:
    """A panel a setting."""
    shown = [
        (setting, metric)
        for setting in measured_alike(records, plans, Trial)
        if (metric := headline(setting.succeeded))
    ]
    return style.stacked(
        shown,
        lambda item: 1.9 + 0.34 * len(item[0].variants),
        lambda panel, item: _draw_panel(panel, *item, plans),
    )


def _draw_panel(panel: SubFigure, setting: Setting, metric: Metric, plans: Plans) -> None:
    values = pd.DataFrame(
        [(trial.variant, trial.seed, metric.of(trial)) for trial in setting.succeeded],
        columns=["variant", "seed", "error"],
    )
    means = values.groupby("variant")["error"].mean().reindex(setting.variants)
    names = style.order(means, plans, ascending=True)
    axes = panel.subplots()
    values["row"] = values["variant"].map(names.index) + style.spread(values["seed"], reach=0.22)
    values["side"] = values["variant"].map(plans.is_control)
    sns.scatterplot(
        values.dropna(),
        x="error",
        y="row",
        hue="side",
        palette={True: style.CONTROL, False: style.ARM},
        s=42,
        alpha=0.8,
        legend=False,
        zorder=3,
        ax=axes,
    )
    axes.plot(means.loc[names], range(len(names)), "|", color="black", markersize=17, markeredgewidth=2)
    handles = [style.point("one seed", style.ARM), _mean_mark()]
    if setting.control in names and pd.notna(means[setting.control]):
        axes.axvline(means[setting.control], color=style.CONTROL, linestyle="--", linewidth=1, zorder=0)
        handles.append(
            style.mark(f"mean of the control, {setting.control}", style.CONTROL, linestyle="--", linewidth=1)
        )
    handles += _mark_chance(axes, setting, values["error"].max())
    control = names.index(setting.control) if setting.control in names else None
    style.show_rows(axes, [_label(setting, name, plans) for name in names], control)
    style.show_values(axes, [percent(means[name]) for name in names], "mean, %")
    axes.set_xlim(left=-0.015 * axes.get_xlim()[1])
    axes.set_xlabel(metric.axis)
    style.entitle(panel, f"{metric.label.capitalize()} by variant", trial_conditions(setting))
    style.key(panel, handles)


def _mean_mark() -> Line2D:
    return style.mark("mean over seeds", "black", marker="|", markersize=12, markeredgewidth=2)


def _mark_chance(axes: Axes, setting: Setting, largest: float) -> list[Line2D]:
    """Draw what a guess scores, where a variant comes near it."""
    classes = setting.conditions["classes"]
    chance = 100 * chance_error(classes)
    if largest < 0.7 * chance:
        return []
    axes.axvline(chance, color=style.MUTED, linestyle=":", linewidth=1.2, zorder=0)
    return [style.mark(f"a guess among {classes} classes", style.MUTED, linestyle=":", linewidth=1.2)]


def _label(setting: Setting, variant: str, plans: Plans) -> str:
    """The name, with the network it is another name of, and how many of its trials failed."""
    rows, same = setting.of(variant), plans.same_as(variant)
    failed = sum(not trial.succeeded for trial in rows)
    text = f"{variant} (= {same})" if same else variant
    return f"{text} ({failed} of {len(rows)} failed)" if failed else text


FIGURE = style.ReportFigure(
    name="error",
    place=1,
    caption="A point is one seed, a bar their mean; the dashed line is the control's mean.",
    draw=draw_error,
)
