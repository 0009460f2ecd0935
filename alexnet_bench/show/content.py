"""A report before it is written as a page, as Markdown or as LaTeX."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from alexnet_bench.analysis.by_rate import effects_by_rate, tuned_alike
from alexnet_bench.analysis.conditions import distinguish, measured_alike
from alexnet_bench.analysis.contrasts import contrasts
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.analysis.summary import conditions, summarize
from alexnet_bench.records.manifest import PlannedClaim
from alexnet_bench.records.schema import AnyRecord, Draw, Trial
from alexnet_bench.show.captions import draw_conditions, trial_conditions
from alexnet_bench.show.figures import FIGURES
from alexnet_bench.show.sentences import standing, validity
from alexnet_bench.show.table import Table
from alexnet_bench.show.tables import (
    contrasts_table,
    effects_table,
    failures_table,
    overview,
    rates_table,
    runs_table,
)
from alexnet_bench.words import counted, joined

_ABOUT_RATES = (
    "Of the trials that chose rates: validation error, arm minus control, paired by tuning seed. Each best "
    "rate is the best of these same trials, which flatters arm and control alike. Over the whole curve is "
    "the mean over the rates that both were tried at. A rate counts where more than half of its seeds came "
    "to their end. Each 95% interval is by itself; there are no verdicts."
)
_EARLY = "which every rate was trained for; after longer training another rate may be the best"


@dataclass(frozen=True, kw_only=True)
class Section:
    """A table of a report, with what must be known of it.

    Args:
        about: in sentences: the conditions, or the factor and whom the arms are held against.
        title: of the ablation.
        claims: what the paper says.
    """

    about: list[str]
    table: Table
    title: str = ""
    claims: Sequence[PlannedClaim] = ()


@dataclass(frozen=True, kw_only=True)
class Content:
    """Everything that a report says.

    Args:
        validity: what the effects may be taken for.
        standing: this and all else that a reader must know before the numbers.
        overviews: the variants, a table for each set of conditions.
        figures: name and caption of each.
        factorials: main effects and interactions.
        rates: effects at other learning rates than those of the results.
        sections: one an ablation.
        failures: what did not succeed.
        runs: what was run, where and how.
    """

    title: str
    validity: list[str]
    standing: list[str]
    overviews: list[Section]
    figures: list[tuple[str, str]]
    factorials: Table
    rates: Section
    sections: list[Section]
    failures: Table
    runs: Table


def make_content(
    records: Sequence[AnyRecord], plans: Plans, found: pd.DataFrame, figures: Sequence[str]
) -> Content:
    """All that is said of some runs, with the effects that were found and the figures that were drawn."""
    datasets = dict.fromkeys(manifest.plan.dataset for manifest in plans.manifests)
    # What to call each setting; nothing where there is only one of its kind.
    places = distinguish(measured_alike(records, plans, Trial))
    places |= distinguish(measured_alike(records, plans, Draw))
    return Content(
        title=f"AlexNet with and without: {', '.join(datasets)}",
        validity=validity(records, found, plans),
        standing=standing(records, found, plans),
        overviews=make_overviews(records, plans, found),
        figures=[(name, FIGURES[name].caption) for name in figures],
        factorials=contrasts_table(contrasts(records, plans), places),
        rates=_rates(records, plans),
        sections=_sections(plans, found, places),
        failures=failures_table(records),
        runs=runs_table(plans.manifests, records),
    )


def make_overviews(records: Sequence[AnyRecord], plans: Plans, found: pd.DataFrame) -> list[Section]:
    """The variants with the effects that were found, a table for each set of conditions."""
    about: dict[tuple[Any, ...], list[str]] = {}
    for item in conditions(records, plans):
        trials, draws = item.trials, item.draws
        about[trials.name if trials else "", draws.name if draws else ""] = [
            *([f"Error: {'; '.join(trial_conditions(trials))}."] if trials else []),
            *([f"Throughput: {'; '.join(draw_conditions(draws))}."] if draws else []),
        ]
    rows = summarize(records, plans.manifests)
    return [
        Section(about=about.get(settings, ["Without a record."]), table=overview(group, found))
        for settings, group in rows.groupby(["trials_setting", "draws_setting"], sort=False)
    ]


def _rates(records: Sequence[AnyRecord], plans: Plans) -> Section:
    rows, settings = effects_by_rate(records, plans), tuned_alike(records, plans)
    whole = {setting.name: setting.conditions["epochs"] for setting in settings}
    lengths = [
        f"{epochs} of {counted(whole[name], 'epoch')}"
        for name, epochs in dict.fromkeys(zip(rows["setting"], rows["epochs"], strict=True))
        if epochs < whole[name]
    ]
    early = f" Errors are those after {joined(list(dict.fromkeys(lengths)))}, {_EARLY}." if lengths else ""
    return Section(about=[_ABOUT_RATES + early], table=rates_table(rows, distinguish(settings)))


def _sections(plans: Plans, found: pd.DataFrame, places: dict[str, str]) -> list[Section]:
    known = {item.name: item for item in plans.ablations}
    sections = []
    for name, rows in found.groupby("ablation", sort=False):
        ablation = known.get(str(name))
        controls = " and ".join(rows["control"].unique())
        about = f"Held against {controls}: error is arm minus control, throughput is arm over control."
        if ablation:
            factor = f"The factor is {ablation.factor}"
            about = f"{'Arms differ in several fields' if ablation.factor == 'several' else factor}. {about}"
        sections.append(
            Section(
                title=str(name) or "Other variants",
                about=[about],
                claims=ablation.claims if ablation else (),
                table=effects_table(rows, places),
            )
        )
    return sections
