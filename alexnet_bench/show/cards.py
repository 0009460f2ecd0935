"""The answers: a card a question, a line an arm, in words, with the verdict of each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from alexnet_bench.analysis.effect import DESCRIPTIVE
from alexnet_bench.analysis.metrics import HEADLINES, RATIO, THROUGHPUTS
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.manifest import PlannedClaim
from alexnet_bench.show.numbers import points_text, speed_text, value_text, verdict_text
from alexnet_bench.show.phrases import asked, said
from alexnet_bench.stats.estimate import FEWEST_UNITS
from alexnet_bench.words import counted, joined

_SPEEDS = [metric.name for metric in THROUGHPUTS]
_ERRORS = [metric.name for metric in HEADLINES]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What an arm changes in one quantity.

    Args:
        quantity: in one word or a few.
        change: its size in words, with its interval.
        verdict: better, worse, equivalent or inconclusive; empty where there is none.
        sure: the verdict with what it would take for one, or why there is none; empty where too few pairs
            describe and test nothing.
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
class Card:
    """A question.

    Args:
        ablation: its name.
        lines: its arms.
        note: how many pairs only describe; empty where all are enough for verdicts.
        claims: what the paper says of these arms.
    """

    title: str
    ablation: str
    lines: list[Line]
    note: str = ""
    claims: Sequence[PlannedClaim] = ()


def make_cards(found: pd.DataFrame, plans: Plans, places: dict[str, str]) -> list[Card]:
    """The cards of all questions that a run has an arm of.

    Args:
        found: effects.
        places: what to call each setting, where there are several of a kind.
    """
    shown = found[~found["same_network"].astype(bool)]
    known = {item.name: item for item in plans.ablations}
    cards = []
    for name, rows in shown.groupby("ablation", sort=False):
        ablation, arms = known.get(str(name)), list(dict.fromkeys(rows["arm"]))
        cards.append(
            Card(
                title=asked(ablation, arms, plans) if ablation else "Other variants",
                ablation=str(name),
                lines=[_line(some, plans, places) for _, some in rows.groupby("arm", sort=False)],
                note=_few(rows),
                claims=[claim for claim in ablation.claims if claim.arm in (None, *arms)] if ablation else (),
            )
        )
    return cards


def _line(rows: pd.DataFrame, plans: Plans, places: dict[str, str]) -> Line:
    arm, control = str(rows["arm"].iloc[0]), str(rows["control"].iloc[0])
    return Line(
        title=said(arm, control, plans), arm=arm, control=control, readings=list(_readings(rows, places))
    )


def _readings(rows: pd.DataFrame, places: dict[str, str]) -> Iterator[Reading]:
    """Of every setting the headline error, and the speed in training, or else in inference."""
    for setting, some in rows.groupby("setting", sort=False):
        by_measure = {str(row.measure): row for row in some.itertuples()}
        chosen = [next((name for name in names if name in by_measure), "") for names in (_ERRORS, _SPEEDS)]
        for name in filter(None, chosen):
            yield _reading(by_measure[name], places.get(str(setting), ""))


def _reading(row: Any, where: str) -> Reading:
    is_speed = row.measure in _SPEEDS
    quantity = row.measure.partition("_")[0] if is_speed else "error"
    remarks = [remark for remark in (where, row.note) if remark]
    if pd.isna(row.effect):
        return Reading(quantity=quantity, change="", verdict="", sure=row.kind, remarks="; ".join(remarks))
    tell = speed_text if row.unit == RATIO else points_text
    before, after = (value_text(value, row.value_unit) for value in (row.control_value, row.arm_value))
    return Reading(
        quantity=quantity,
        change=tell(row.effect, row.low, row.high),
        verdict=row.verdict,
        sure=_sure(row, "draw" if is_speed else "seed"),
        remarks="; ".join([f"{before.removesuffix(f' {row.value_unit}')} → {after}", *remarks]),
    )


def _sure(row: Any, pair: str) -> str:
    """The verdict; of what is without one for other reasons than too few pairs, that it is."""
    if row.verdict:
        return verdict_text(row.verdict, row.pairs, row.pairs_wanted, pair)
    return "" if row.kind == DESCRIPTIVE else "no verdict"


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
