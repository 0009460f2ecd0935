"""The answers: a card a question, a line an arm, in words, with the verdict of each."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from alexnet_bench.analysis.claims import NOT_TESTED
from alexnet_bench.analysis.effect import DESCRIPTIVE, INTERVAL
from alexnet_bench.analysis.metrics import HEADLINES, RATIO, REACH, THROUGHPUTS
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.errors import UnknownNameError
from alexnet_bench.network.variant import THE_PAPERS
from alexnet_bench.records.manifest import Plan
from alexnet_bench.show.numbers import amount_text, points_text, speed_text, value_text, verdict_text
from alexnet_bench.show.phrases import asked, briefly, said, traits
from alexnet_bench.show.sentences import LOGICAL
from alexnet_bench.stats.estimate import FEWEST_UNITS
from alexnet_bench.stats.verdict import BETTER, EQUIVALENT, INCONCLUSIVE, WORSE
from alexnet_bench.words import counted, distinct, joined

_SPEEDS = [metric.name for metric in THROUGHPUTS]
_ERRORS = [metric.name for metric in HEADLINES]
_KEY = {
    BETTER: "better with the change",
    WORSE: "worse with the change",
    EQUIVALENT: "equivalent: no difference that matters",
    INCONCLUSIVE: "inconclusive: too unsure to say (and how many more runs would likely decide)",
    "": "no verdict of its own",
}


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What an arm changes in one quantity.

    Args:
        quantity: in one word or a few.
        change: its size in words, with its interval.
        verdict: better, worse, equivalent or inconclusive; empty where there is none.
        sure: the verdict on the changed network with what it would take for one, or why there is none; empty
            where nothing is tested.
        remarks: the control's value and the arm's; what is particular to the conditions, where there are
            several; and what must be known.
    """

    quantity: str
    change: str
    verdict: str
    sure: str
    remarks: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """An arm: what it is, its name, and what it changes."""

    title: str
    arm: str
    control: str
    readings: list[Reading]


@dataclass(frozen=True, kw_only=True)
class Quote:
    """What the paper says of an arm.

    Args:
        says: in words.
        source, setup, log_says: where it says so, what it was found on, and what its authors' log shows.
        outcome: what became of it here.
    """

    says: str
    source: str
    setup: str
    log_says: str
    outcome: str


@dataclass(frozen=True, kw_only=True)
class Card:
    """A question.

    Args:
        ablation: its name.
        lines: its arms.
        note: how many pairs only describe, and which devices are none; empty where there is no such thing.
        quotes: what the paper says of these arms.
    """

    title: str
    ablation: str
    lines: list[Line]
    note: str = ""
    quotes: Sequence[Quote] = ()

    @property
    def controls(self) -> list[str]:
        """Whom the arms are held against."""
        return distinct(line.control for line in self.lines)


def make_cards(found: pd.DataFrame, plans: Plans, places: dict[str, str], claims: pd.DataFrame) -> list[Card]:
    """The cards of all questions that a run has an arm of.

    Args:
        found: effects.
        places: what to call each setting, where there are several of a kind.
        claims: the ledger.
    """
    shown = found[~found["same_network"].astype(bool)]
    known = {item.name: item for item in plans.ablations}
    cards = []
    for name, rows in shown.groupby("ablation", sort=False):
        ablation, arms = known.get(str(name)), list(dict.fromkeys(rows["arm"]))
        own = claims[(claims["ablation"] == name) & claims["arm"].isin(["", *arms])]
        cards.append(
            Card(
                title=asked(ablation, arms, plans) if ablation else "Other variants",
                ablation=str(name),
                lines=[
                    _line(some, plans, places) for _, some in rows.groupby(["arm", "control"], sort=False)
                ],
                note=" ".join(filter(None, (_few(rows), _shared(rows)))),
                quotes=[_quote(some) for _, some in own.groupby("claim", sort=False)],
            )
        )
    return cards


def make_key(cards: Sequence[Card], found: pd.DataFrame) -> list[tuple[str, str]]:
    """The verdicts that stand on cards, each with what it means."""
    used = {reading.verdict for card in cards for line in card.lines for reading in line.readings}
    key = {verdict: says for verdict, says in _KEY.items() if verdict in used}
    judged = found[found["verdict"] != ""]
    if EQUIVALENT in key and len(judged):
        is_ratio = judged["unit"] == RATIO
        margins = [
            *(f"{size} points" for size in _range(judged[~is_ratio]["margin"], "{:.2f}")),
            *(f"{size}% of speed" for size in _range(100 * judged[is_ratio]["margin"], "{:.0f}")),
        ]
        key[EQUIVALENT] += f" (within {', '.join(margins)})"
    return list(key.items())


def _range(values: "pd.Series[float]", form: str) -> list[str]:
    """The least and the largest as one text, where there are any."""
    ends = distinct(form.format(value) for value in (values.min(), values.max())) if len(values) else []
    return ["–".join(ends)] if ends else []


def about_control(cards: Sequence[Card], plans: Plans) -> str:
    """What all cards hold their arms against, where that is one network, the paper's."""
    controls = distinct(line.control for card in cards for line in card.lines)
    topologies = distinct(_topology(manifest.plan) for manifest in plans.manifests)
    if len(controls) != 1 or len(topologies) != 1 or plans.difference(controls[0]) != THE_PAPERS:
        return ""
    try:
        return f"the paper’s design, with {traits(topologies[0])}"
    except UnknownNameError:  # Of another version of this program.
        return ""


def _topology(plan: Plan) -> str:
    """The one that questions are asked of: what is trained, or else timed."""
    return plan.topology if "accuracy" in plan.measures else plan.time_topology


def _quote(rows: pd.DataFrame) -> Quote:
    """A claim, from its row in each setting."""
    row = rows.iloc[0]
    tested = rows[rows["verdict"] != NOT_TESTED]
    told = distinct(
        f"{verdict} ({remark})" if remark else str(verdict)
        for verdict, remark in zip(tested["verdict"], tested["remark"], strict=True)
    )
    return Quote(
        says=row["claim"],
        source=row["source"],
        setup=row["setup"],
        log_says=row["log_says"],
        outcome=f"here {joined(told)}" if told else "not tested here",
    )


def _line(rows: pd.DataFrame, plans: Plans, places: dict[str, str]) -> Line:
    arm, control = str(rows["arm"].iloc[0]), str(rows["control"].iloc[0])
    return Line(
        title=said(arm, control, plans),
        arm=arm,
        control=control,
        readings=list(_readings(rows, briefly(arm, control, plans), places)),
    )


def _readings(rows: pd.DataFrame, changed: str, places: dict[str, str]) -> Iterator[Reading]:
    """Of every setting the headline error, how soon it was learned, and the speeds."""
    for setting, some in rows.groupby("setting", sort=False):
        where, by_measure = places.get(str(setting), ""), {str(row.measure): row for row in some.itertuples()}
        error = next((name for name in _ERRORS if name in by_measure), "")
        for name in (error, *_SPEEDS):
            if name in by_measure:
                yield _reading(by_measure[name], changed, where)
            if name == error and (row := by_measure.get(REACH.name)) and _is_told(row):
                yield _learning(row, where)


def _is_told(row: Any) -> bool:
    """Whether an effect on the epochs to an error has an interval, and both sides got there."""
    values = (row.effect, row.low, row.high, row.control_value, row.arm_value)
    return row.kind == INTERVAL and all(map(math.isfinite, values))


def _learning(row: Any, where: str) -> Reading:
    return Reading(
        quantity="learning",
        change=amount_text(row.effect, row.low, row.high, row.label),
        verdict="",
        sure="",
        remarks="; ".join(filter(None, (_before_and_after(row), where, row.note))),
    )


def _reading(row: Any, changed: str, where: str) -> Reading:
    is_speed = row.measure in _SPEEDS
    quantity = row.measure.partition("_")[0] if is_speed else "error"
    remarks = [remark for remark in (where, row.note) if remark]
    if pd.isna(row.effect):
        return Reading(quantity=quantity, change="", verdict="", sure=row.kind, remarks="; ".join(remarks))
    tell = speed_text if row.unit == RATIO else points_text
    return Reading(
        quantity=quantity,
        change=tell(row.effect, row.low, row.high),
        verdict=row.verdict,
        sure=_sure(row, changed, "draw" if is_speed else "seed"),
        remarks="; ".join([_before_and_after(row), *remarks]),
    )


def _before_and_after(row: Any) -> str:
    before, after = (value_text(value, row.value_unit) for value in (row.control_value, row.arm_value))
    return f"{before.removesuffix(f' {row.value_unit}')} → {after}"


def _sure(row: Any, changed: str, pair: str) -> str:
    """The verdict on the changed network; where there is none for other reasons than few pairs, that."""
    if row.verdict in (BETTER, WORSE):
        return f"{row.verdict} {changed}"
    if row.verdict:
        return verdict_text(row.verdict, row.pairs, row.pairs_wanted, pair)
    return "" if row.kind == DESCRIPTIVE else "no verdict"


def _shared(rows: pd.DataFrame) -> str:
    """Which devices of arms are parts of one processor."""
    devices = distinct(device.partition(" (")[0] for device in rows["device"].dropna() if LOGICAL in device)
    return f"The {joined(devices)} share one processor: they are not GPUs." if devices else ""


def _few(rows: pd.DataFrame) -> str:
    """Of what there are too few pairs for verdicts, in short."""
    few = rows[rows["kind"] == DESCRIPTIVE]
    counts = [
        counted(int(some["pairs"].max()), pair)
        for pair, is_speed in (("seed", False), ("draw", True))
        if len(some := few[few["measure"].isin(_SPEEDS) == is_speed])
    ]
    if not counts:
        return ""
    verb = "describes" if counts in (["1 seed"], ["1 draw"]) else "describe"
    return f"{joined(counts)} {verb}; a verdict takes {FEWEST_UNITS}."
