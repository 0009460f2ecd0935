"""A report before it is written as a page, as Markdown or as LaTeX."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from alexnet_bench.analysis.by_rate import effects_by_rate, tuned_alike
from alexnet_bench.analysis.conditions import distinguish, measured_alike
from alexnet_bench.analysis.contrasts import contrasts
from alexnet_bench.analysis.metrics import HEADLINES, THROUGHPUTS
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.analysis.summary import conditions, summarize
from alexnet_bench.records.manifest import Manifest, Plan
from alexnet_bench.records.schema import AnyRecord, Draw, Trial
from alexnet_bench.show.captions import draw_conditions, rates, trial_conditions
from alexnet_bench.show.cards import Card, about_control, make_cards, make_key
from alexnet_bench.show.claims import ledger_table, run_ledger
from alexnet_bench.show.classes import Confusions, make_confusions
from alexnet_bench.show.figure_data import Shown, file_of, in_words
from alexnet_bench.show.figures import FIGURES
from alexnet_bench.show.files import as_csv
from alexnet_bench.show.inlined import data_address, picture_address
from alexnet_bench.show.learning import curves, seeds_table
from alexnet_bench.show.networks import Network, draw_networks
from alexnet_bench.show.page_data import page_data
from alexnet_bench.show.sentences import Notes, make_notes, measured_twice
from alexnet_bench.show.table import Table
from alexnet_bench.show.tables import (
    contrasts_table,
    effects_table,
    failures_table,
    overview,
    rates_table,
    runs_table,
)
from alexnet_bench.words import counted, distinct, joined

_ABOUT_RATES = (
    "Of the trials that chose rates: validation error, arm minus control, paired by tuning seed. Each best "
    "rate is the best of these same trials, which flatters arm and control alike. Over the whole curve is "
    "the mean over the rates that both were tried at. A rate counts where more than half of its seeds came "
    "to their end. Each 95% interval is by itself; there are no verdicts."
)
_EARLY = "which every rate was trained for; after longer training another rate may be the best"
# Bytes of a figure's data that the page holds itself; more lies beside it.
MOST_EMBEDDED = 100_000


@dataclass(frozen=True, kw_only=True)
class Section:
    """A table of a report, with what must be known of it, in sentences."""

    about: list[str]
    table: Table


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A figure, with all that the page holds of it.

    Args:
        name: of its files.
        caption: how to read it.
        told: what it shows, in words.
        address: the picture itself, as an address.
        file: its data beside the page.
        data: these as an address, where they are few.
    """

    name: str
    caption: str
    told: str
    address: str
    file: str
    data: str


@dataclass(frozen=True, kw_only=True)
class Content:
    """Everything that a report says.

    Args:
        lead: what was measured, in a few sentences.
        cards: the answers, one a question.
        key: the verdicts on them, each with what it means.
        control: what all of them are held against, where that is one network.
        notes: what a reader must know, where it applies.
        pictures: by name.
        effects, other_effects: those on error and throughput, and those on what else was measured.
        overviews: the variants, a table for each set of conditions.
        seeds: every trial; `curves` are their learning curves, row by row, none where they are too many.
        rates: effects at other learning rates than those of the results.
        factorials: main effects and interactions.
        networks: each as its layers.
        claims: the ledger.
        confusions: which classes are taken for which, one a setting.
        failures: what did not succeed.
        runs: what was run, where and how; and by which commands.
        data: what the page's script computes from.
    """

    title: str
    lead: str
    cards: list[Card]
    key: list[tuple[str, str]]
    control: str
    notes: Notes
    pictures: dict[str, Picture]
    effects: Table
    other_effects: Table
    overviews: list[Section]
    seeds: Table
    curves: list[dict[str, Any]]
    rates: Section
    factorials: Table
    networks: list[Network]
    claims: Table
    confusions: list[Confusions]
    failures: Table
    runs: Table
    commands: list[str]
    data: dict[str, Any]


def make_content(shown: Shown, figures: Mapping[str, bytes]) -> Content:
    """All that is said of some runs, with the figures that were drawn, as SVG."""
    records, plans, found = shown.records, shown.plans, shown.effects
    datasets = dict.fromkeys(manifest.plan.dataset for manifest in plans.manifests)
    # What to call each setting; nothing where there is only one of its kind.
    places = distinguish(measured_alike(records, plans, Trial))
    places |= distinguish(measured_alike(records, plans, Draw))
    claims = run_ledger(plans, found)
    cards = make_cards(found, plans, places, claims)
    is_judged = found["measure"].isin(_judged(found))
    return Content(
        title=f"AlexNet with and without: {', '.join(datasets)}",
        lead=_lead(records, plans, found),
        cards=cards,
        key=make_key(cards, found),
        control=about_control(cards, plans),
        notes=make_notes(records, found, plans),
        pictures={name: _picture(name, figures[name], shown, places) for name in FIGURES if name in figures},
        effects=effects_table(found[is_judged], places),
        other_effects=effects_table(found[~is_judged], places),
        overviews=make_overviews(records, plans, found),
        seeds=seeds_table(records, plans, places),
        curves=curves(records, plans, places),
        rates=_rates(records, plans),
        factorials=contrasts_table(contrasts(records, plans), places),
        networks=draw_networks(plans),
        claims=ledger_table(claims),
        confusions=make_confusions(shown.classes, plans),
        failures=failures_table(records),
        runs=runs_table(plans.manifests, records),
        commands=[manifest.command for manifest in plans.manifests],
        data=page_data(records, plans),
    )


def _lead(records: Sequence[AnyRecord], plans: Plans, found: pd.DataFrame) -> str:
    """What was measured, in a few sentences a run; and how far the same network, timed twice, differed."""
    said = [f"{counted(len(plans.variants), 'variant')}."]
    for manifest in plans.manifests:
        own = [record for record in records if record.run_id == manifest.run_id and record.succeeded]
        if "accuracy" in manifest.plan.measures:
            trials = [record for record in own if isinstance(record, Trial) and record.purpose == "result"]
            said.append(_trained(manifest.plan, trials))
        if "throughput" in manifest.plan.measures:
            said.append(_timed(manifest, [record for record in own if isinstance(record, Draw)]))
    return " ".join([*dict.fromkeys(said), *measured_twice(found)])


def _trained(plan: Plan, trials: Sequence[Trial]) -> str:
    seeds, planned = len({trial.seed for trial in trials}), len(plan.seeds)
    many = f"{seeds} of {counted(planned, 'seed')}" if seeds < planned else counted(seeds, "seed")
    images = f" ({plan.test_images:,} {plan.test_name or 'test'} images)" if plan.test_images else ""
    ways = distinct(rates(trial.tuned, trial.rate_per_seed) for trial in trials)
    chosen = [f"at {way}" for way in ways]
    # What suits one variant may not suit another, which a reader must know before the first number.
    untuned = (
        "" if all(trial.tuned for trial in trials) else " A change may look better or worse by that rate."
    )
    return (
        f"Error: {_spoken(plan.topology)}, trained on {plan.dataset}{images} for "
        f"{', '.join([counted(plan.epochs, 'epoch'), *chosen, many])}.{untuned}"
    )


def _timed(manifest: Manifest, draws: Sequence[Draw]) -> str:
    plan, drawn = manifest.plan, {(draw.variant, draw.draw) for draw in draws}
    # A control is drawn more often, where its arms are drawn apart.
    ((built, _),) = Counter(Counter(name for name, _ in drawn).values()).most_common(1) or [(0, 0)]
    batches = ", ".join(map(str, plan.time_batch_sizes))
    cpu, devices = manifest.environment.cpu, {draw.device for draw in draws}
    on_cpu = cpu and devices and all(cpu in device for device in devices)
    where = ", on a CPU, not a GPU" if on_cpu else ""
    times = f"; each was built and timed {counted(built, 'time')} (draws)" if built else ""
    return f"Speed: {_spoken(plan.time_topology)}, batch {batches}{where}{times}."


def _spoken(topology: str) -> str:
    """A topology with what its name stands for: `AlexNet for 8-pixel images (alexnet-8)`."""
    size = topology.removeprefix("alexnet-")
    return f"AlexNet for {size}-pixel images ({topology})" if size.isdecimal() else topology


def _judged(found: pd.DataFrame) -> set[str]:
    """The measures that answer the questions: each setting's headline error, and the throughputs."""
    judged = {metric.name for metric in THROUGHPUTS}
    for _, measures in found.groupby("setting")["measure"]:
        judged |= set([metric.name for metric in HEADLINES if metric.name in set(measures)][:1])
    return judged


def _picture(name: str, svg: bytes, shown: Shown, places: Mapping[str, str]) -> Picture:
    table = shown.table(name)
    data = as_csv(table).encode()
    return Picture(
        name=name,
        caption=FIGURES[name].caption,
        told=in_words(name, table, places),
        address=picture_address(svg),
        file=file_of(name),
        data=data_address(data, "text/csv;charset=utf-8") if len(data) <= MOST_EMBEDDED else "",
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
