"""A report before it is written as a page, as Markdown or as LaTeX."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from alexnet_bench.analysis.conditions import distinguish, measured_alike
from alexnet_bench.analysis.contrasts import contrasts
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.analysis.summary import conditions, summarize
from alexnet_bench.records.manifest import Manifest, PlannedAblation, PlannedClaim
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
    runs_table,
)


@dataclass(frozen=True, kw_only=True)
class Section:
    """A table of a report, with what must be known of it.

    Args:
        about: in sentences: the conditions, or the factor and whom the arms are held against.
        table: a row a variant, or an effect of an ablation.
        title: of the ablation.
        claims: what the paper says, each with `says`, `source` and `setup`.
    """

    about: list[str]
    table: Table
    title: str = ""
    claims: Sequence[PlannedClaim] = ()


@dataclass(frozen=True, kw_only=True)
class Content:
    """Everything that a report says.

    Args:
        title: of the page.
        validity: what the effects may be taken for.
        standing: this and all else that a reader must know before the numbers.
        overviews: the variants, a table for each set of conditions.
        figures: name and caption of each.
        factorials: main effects and interactions.
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
    sections: list[Section]
    failures: Table
    runs: Table


def make_content(
    records: Sequence[AnyRecord], manifests: Sequence[Manifest], found: pd.DataFrame, figures: Sequence[str]
) -> Content:
    """All that is said of some runs, with the effects that were found and the figures that were drawn."""
    plans = Plans(manifests)
    datasets = dict.fromkeys(manifest.plan.dataset for manifest in manifests)
    return Content(
        title=f"AlexNet with and without: {', '.join(datasets)}",
        validity=validity(records, found, plans),
        standing=standing(records, found, plans),
        overviews=_overviews(records, manifests, found),
        figures=[(name, FIGURES[name].caption) for name in figures],
        factorials=contrasts_table(contrasts(records, plans), _places(records, plans)),
        sections=_sections(found, plans, _places(records, plans)),
        failures=failures_table(records),
        runs=runs_table(manifests, records),
    )


def _overviews(
    records: Sequence[AnyRecord], manifests: Sequence[Manifest], found: pd.DataFrame
) -> list[Section]:
    words = {
        (item.trials.name if item.trials else "", item.draws.name if item.draws else ""): [
            *(["Error: " + "; ".join(trial_conditions(item.trials)) + "."] if item.trials else []),
            *(["Throughput: " + "; ".join(draw_conditions(item.draws)) + "."] if item.draws else []),
        ]
        for item in conditions(records, Plans(manifests))
    }
    rows = summarize(records, manifests)
    return [
        Section(
            about=words.get((str(trials), str(draws)), ["Without a record."]),
            table=overview(group, found),
        )
        for (trials, draws), group in rows.groupby(["trials_setting", "draws_setting"], sort=False)
    ]


def _sections(found: pd.DataFrame, plans: Plans, places: dict[str, str]) -> list[Section]:
    known = {item.name: item for item in plans.ablations}
    return [
        Section(
            title=str(name) or "Other variants",
            about=[_about(known.get(str(name)), rows)],
            claims=known[str(name)].claims if name in known else (),
            table=effects_table(rows, places),
        )
        for name, rows in found.groupby("ablation", sort=False)
    ]


def _about(ablation: PlannedAblation | None, rows: pd.DataFrame) -> str:
    controls = " and ".join(dict.fromkeys(rows["control"]))
    held = f"Held against {controls}: error is arm minus control, throughput is arm over control."
    if not ablation:
        return held
    several = ablation.factor == "several"
    return f"{'Arms differ in several fields' if several else f'The factor is {ablation.factor}'}. {held}"


def _places(records: Sequence[AnyRecord], plans: Plans) -> dict[str, str]:
    """What to call each setting; nothing where there is only one of its kind."""
    return distinguish(measured_alike(records, plans, Trial)) | distinguish(
        measured_alike(records, plans, Draw)
    )
