"""Error of every variant: each seed's point and the mean."""

import math
from collections.abc import Iterator, Sequence
from functools import partial

import pandas as pd
from matplotlib.figure import SubFigure

from alexnet_bench.analysis.conditions import Setting, measured_alike
from alexnet_bench.analysis.metrics import Metric, headline
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.schema import AnyRecord, Trial
from alexnet_bench.show.captions import trial_conditions
from alexnet_bench.show.figures import style, zoom
from alexnet_bench.stats.error_rates import chance_error
from alexnet_bench.words import percent


@style.report_figure(
    "A point is one seed, a bar their mean; the dashed line is the control's mean. An arrow at the edge has "
    "the errors of the seeds that lie beyond it.",
    is_wide=False,
)
def error_figure(records: Sequence[AnyRecord], plans: Plans) -> Iterator[style.Panel]:
    """One a setting."""
    for setting in measured_alike(records, plans, Trial):
        if metric := headline(setting.succeeded):
            rows = len(setting.variants)
            yield 1.9 + style.row_height(rows) * rows, partial(_draw, setting, metric, plans)


def _draw(setting: Setting, metric: Metric, plans: Plans, panel: SubFigure) -> None:
    values = pd.DataFrame(
        [(trial.variant, trial.seed, metric.of(trial)) for trial in setting.succeeded],
        columns=["variant", "seed", "error"],
    )
    means = values.groupby("variant")["error"].mean().reindex(setting.variants)
    names = style.order(means, plans, ascending=True)
    seeds = sorted(set(values["seed"]))
    beside = dict(zip(seeds, style.offsets(len(seeds), reach=0.22), strict=True))
    values["row"] = values["variant"].map(names.index) + values["seed"].map(beside)
    axes = panel.subplots()
    colours = {name: style.CONTROL if plans.is_control(name) else style.ARM for name in names}
    style.scatter(axes, values.dropna(), "error", "row", colours, alpha=0.8, zorder=3)
    style.means(axes, list(means.loc[names]), reach=0.36)
    handles = [style.point("one seed", style.ARM), style.upright("mean over seeds")]
    reference = means.get(setting.control, math.nan)
    low, high = zoom.limits(values["error"], shown=[reference])
    # No error is below zero.
    axes.set_xlim(max(low, -0.015 * high), high)
    errors = values.groupby("variant")["error"].apply(list)
    zoom.point_out(axes, [errors.get(name, []) for name in names], list(colours.values()), percent)
    if pd.notna(reference):
        axes.axvline(reference, **style.REFERENCE, zorder=0)
        handles.append(style.mark(f"mean of the control, {setting.control}", **style.REFERENCE))
    classes = setting.conditions["classes"]
    chance = 100 * chance_error(classes)
    # What a guess scores, where the axis has it.
    if chance < high:
        axes.axvline(chance, **style.NOTHING, zorder=0)
        handles.append(style.mark(f"a guess among {classes} classes", **style.NOTHING))
    control = names.index(setting.control) if setting.control in names else None
    style.show_rows(axes, [_label(setting, name, plans) for name in names], control)
    style.show_values(axes, [percent(means[name]) for name in names], "mean, %")
    axes.set_xlabel(metric.axis)
    style.entitle(panel, f"{metric.label.capitalize()} by variant", trial_conditions(setting))
    style.key(panel, handles)


def _label(setting: Setting, variant: str, plans: Plans) -> str:
    rows = setting.of(variant)
    failed = sum(not trial.succeeded for trial in rows)
    return style.row_label(variant, plans, f"{failed} of {len(rows)} failed" if failed else "")
