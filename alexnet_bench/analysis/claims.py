"""The ledger of claims: what a source says of an idea, what was measured, and whether that bears it out."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from alexnet_bench.analysis.effect import INTERVAL
from alexnet_bench.analysis.metrics import (
    GAPS,
    HEADLINES,
    OUTCOMES,
    RATIO,
    REACH,
    THROUGHPUTS,
    TOP5_ERRORS,
    TRAINING,
)
from alexnet_bench.errors import UnknownNameError
from alexnet_bench.network.ablation import Ablation, Claim
from alexnet_bench.network.registry import Registry
from alexnet_bench.stats.claim import judge_claim
from alexnet_bench.stats.estimate import FEWEST_UNITS
from alexnet_bench.words import counted

NOT_TESTED = "not tested at this scale"
_TIMED = [metric.name for metric in THROUGHPUTS]
# What a claim calls a measure that has another name where the official test images are absent.
_ALIKE = {"top1_error": HEADLINES[:2], "top5_error": TOP5_ERRORS, "gap": GAPS}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A claim in one setting. The fields are the columns of `claims.csv`.

    Args:
        ablation: whose claim it is: the question.
        claim: in words.
        source: paper and section.
        setup: what it was found on.
        arm: the variant that it is about; empty where it cannot be measured.
        control: what the arm is held against.
        measure: what is compared.
        predicted: the claim as a change of the arm against the control.
        predicts: `higher` or `lower`.
        claimed: the size that is claimed, in `unit`, with its sign; null where none is.
        log_says: what the log of the claim's authors shows, in words.
        logged: what the runs behind the claim show, arm minus control in points.
        logged_scatter: the standard deviation of the control's network over `logged_siblings` runs.
        logged_runs: which runs were compared; or what the log says of the claim.
        logged_images: what they were tested on.
        logged_differed: what else differed between them.
        logged_source: repository, revision and files.
        where: data set, scale and training of what was measured.
        effect: arm minus control in points, or over it.
        low, high: ends of the interval that decides; of what is not judged, of the 95% interval.
        unit: of these.
        control_value, value_unit: the control's value over the pairs, and its unit.
        pairs: seeds or draws behind them.
        verdict: `supported`, `contradicted`, `inconclusive` or `not tested at this scale`.
        remark: how a claim is supported or contradicted, such as `smaller than claimed`.
        p_supported: of an effect too small to support the claim, adjusted for the claims of the question.
        p_contradicted: of one too large to contradict it, likewise.
        pairs_wanted: pairs that would likely have been enough.
        price, price_low, price_high: training throughput of the arm over the control's, with its interval.
        price_where: what was timed.
        note: why there is no verdict, or what must be known.
        runs: that the records come from.
    """

    ablation: str
    claim: str
    source: str
    setup: str
    arm: str = ""
    control: str = ""
    measure: str = ""
    predicted: str = ""
    predicts: str = ""
    claimed: float | None = None
    log_says: str = ""
    logged: float = math.nan
    logged_scatter: float = math.nan
    logged_siblings: int = 0
    logged_runs: str = ""
    logged_images: str = ""
    logged_differed: str = ""
    logged_source: str = ""
    where: str = ""
    effect: float = math.nan
    low: float = math.nan
    high: float = math.nan
    unit: str = ""
    control_value: float = math.nan
    value_unit: str = ""
    pairs: int = 0
    verdict: str = NOT_TESTED
    remark: str = ""
    p_supported: float = math.nan
    p_contradicted: float = math.nan
    pairs_wanted: int | None = None
    price: float = math.nan
    price_low: float = math.nan
    price_high: float = math.nan
    price_where: str = ""
    note: str = ""
    runs: str = ""


# An entry, its claim, and the row of `effects.csv` that it can be judged by.
Found = tuple[Entry, Claim, Any]


def ledger(registry: Registry, effects: pd.DataFrame) -> pd.DataFrame:
    """A row a claim and setting, every claim of the registry at least once.

    `stats.claim` has the rule. The claims of a question that were tested in one setting share the error rate.

    Raises:
        UnknownNameError: a claim is about a measure that there is not.
    """
    found = [
        item
        for ablation in registry.ablations.values()
        for claim in ablation.claims
        for item in _entries(ablation, claim, _controls(registry, ablation), effects)
    ]
    families = Counter((entry.ablation, row.setting) for entry, _, row in found if row)
    rows = [
        _judged(entry, claim, row, families[entry.ablation, row.setting]) if row else entry
        for entry, claim, row in found
    ]
    return pd.DataFrame([vars(row) for row in rows], columns=[item.name for item in fields(Entry)])


def _controls(registry: Registry, ablation: Ablation) -> list[str]:
    """The names under which an ablation's control is known."""
    control = vars(ablation.control) | {"name": ""}
    return [name for name, variant in registry.variants.items() if vars(variant) | {"name": ""} == control]


def _entries(
    ablation: Ablation, claim: Claim, controls: Sequence[str], effects: pd.DataFrame
) -> Iterator[Found]:
    blank = Entry(
        ablation=ablation.name, claim=claim.says, source=claim.source, setup=claim.setup, **_logged(claim)
    )
    if claim.arm is None:
        yield replace(blank, note=claim.untested), claim, None
        return
    own = effects[(effects["arm"] == claim.arm) & effects["control"].isin(controls)]
    blank = replace(
        blank,
        arm=claim.arm,
        control=ablation.control.name,
        measure=str(claim.measure),
        predicted=_predicted(claim),
        predicts=str(claim.predicts),
        **_price(own),
    )
    alike = own[own["measure"].isin(_measures(claim))]
    rows = alike[alike["pairs"] > 0]
    datasets = [claim.dataset] if claim.dataset else []
    for column, names in (("dataset", datasets), ("topology", claim.topologies)):
        if names:
            rows = rows[rows[column].isin(names)]
    if rows.empty:
        refused = alike[(alike["pairs"] == 0) & (alike["note"] != "")]
        wanted = " and ".join(filter(None, (claim.dataset, " or ".join(claim.topologies))))
        needs = f"no record{f' of {wanted}' if wanted else ''}"
        yield replace(blank, note=refused["note"].iloc[0] if len(refused) else needs), claim, None
    for row in rows.itertuples():
        yield _entry(blank, claim, row)


def _entry(blank: Entry, claim: Claim, row: Any) -> Found:
    sign = 1 if row.unit == RATIO or claim.predicts == "higher" else -1
    entry = replace(
        blank,
        control=row.control,
        measure=row.label,
        where=_where(row),
        effect=row.effect,
        low=row.low,
        high=row.high,
        unit=row.unit,
        control_value=row.control_value,
        value_unit=row.value_unit,
        pairs=row.pairs,
        note=row.note,
        runs=row.runs,
        claimed=None if claim.size is None else sign * claim.size,
    )
    if _never(row):
        return entry, claim, None
    if row.kind == INTERVAL:
        return entry, claim, row
    few = f"{counted(row.pairs, 'pair')} describe and test nothing" if row.pairs < FEWEST_UNITS else row.kind
    return replace(entry, note="; ".join(filter(None, (few, row.note)))), claim, None


def _never(row: Any) -> bool:
    """Whether neither side got to where it is measured, in any pair: then nothing is compared."""
    return math.isinf(row.control_value) and math.isinf(row.arm_value)


def _judged(entry: Entry, claim: Claim, row: Any, family: int) -> Entry:
    values, margin = np.asarray(row.values, dtype=float), 0.0 if math.isnan(row.margin) else row.margin
    ratio, size = row.unit == RATIO, claim.size
    found = judge_claim(
        np.log(values) if ratio else values,
        predicts="higher" if claim.predicts == "higher" else "lower",
        size=abs(math.log(size)) if ratio and size is not None else size,
        margin=math.log1p(margin) if ratio else margin,
        least_deviation=row.least_deviation,
        looks=row.looks,
        family=family,
    )
    # As it was when the verdict fell, with the interval that decided it.
    effect, low, high = (
        float(np.exp(value)) if ratio else value for value in (found.effect, found.low, found.high)
    )
    same = ("pairs", "verdict", "remark", "p_supported", "p_contradicted", "pairs_wanted")
    return replace(entry, effect=effect, low=low, high=high, **{name: getattr(found, name) for name in same})


def _logged(claim: Claim) -> dict[str, Any]:
    """The columns of the runs behind a claim."""
    if (runs := claim.logged) is None:
        return {}
    return {
        "log_says": runs.says,
        "logged": runs.effect,
        "logged_scatter": runs.scatter,
        "logged_siblings": len(runs.siblings) + 1 if runs.siblings else 0,
        "logged_runs": runs.compared,
        "logged_images": runs.images,
        "logged_differed": runs.differed,
        "logged_source": runs.source,
    }


def _measures(claim: Claim) -> list[str]:
    """The names in `effects.csv` that a claim's measure stands for."""
    known = [metric.name for metric in (*OUTCOMES, REACH, *THROUGHPUTS)]
    name = str(claim.measure)
    if name in _ALIKE:
        return [metric.name for metric in _ALIKE[name]]
    if name not in known:
        raise UnknownNameError("measure of a claim", [name], [*_ALIKE, *known])
    return [name]


def _predicted(claim: Claim) -> str:
    """The claim as a change of the arm."""
    if claim.size is None:
        return str(claim.predicts)
    if claim.measure in (REACH.name, *_TIMED):
        return f"×{claim.size:g}"
    return f"{'+' if claim.predicts == 'higher' else '−'}{claim.size:g} points"


def _where(row: Any) -> str:
    if row.measure in _TIMED:
        return f"{row.topology}, batch {row.batch_size}, {row.precision}, {row.device}"
    rates = "rates tuned" if row.tuned else "one rate"
    return f"{row.dataset}, {row.topology}, {counted(int(row.epochs), 'epoch')}, {rates}"


def _price(effects: pd.DataFrame) -> dict[str, Any]:
    """The arm's training throughput over the control's, from the most draws there are."""
    rows = effects[(effects["measure"] == TRAINING.name) & (effects["pairs"] > 0)]
    if rows.empty:
        return {}
    row = rows.sort_values("pairs", kind="stable", ascending=False).iloc[0]
    return {
        "price": row["effect"],
        "price_low": row["low"],
        "price_high": row["high"],
        "price_where": f"{row['topology']}, batch {row['batch_size']}, {row['precision']}",
    }
