"""The ledger of claims: what a source says of an idea, what was measured, and whether that bears it out."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from alexnet_bench.analysis.effect import INTERVAL, NOT_STEADY
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
from alexnet_bench.stats import FEWEST_UNITS
from alexnet_bench.stats.verdict import (
    BETTER,
    EQUIVALENT,
    INCONCLUSIVE,
    LEVEL,
    WORSE,
    Arm,
    Verdict,
    pairs_wanted,
    verdicts,
)
from alexnet_bench.words import counted

SUPPORTED, CONTRADICTED, NOT_TESTED = "supported", "contradicted", "not tested at this scale"
_CLAIM_VERDICTS = {
    BETTER: SUPPORTED,
    WORSE: CONTRADICTED,
    EQUIVALENT: CONTRADICTED,
    INCONCLUSIVE: INCONCLUSIVE,
}
# What a claim calls a measure that has another name where the official test images are absent.
_ALIKE = {
    "top1_error": HEADLINES[:2],
    "top5_error": TOP5_ERRORS,
    "gap": GAPS,
}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A claim in one setting. The fields are the columns of `claims.csv`.

    Args:
        ablation: whose claim it is.
        claim: in words.
        source: paper and section.
        setup: what it was found on.
        arm: the variant that it is about; empty where it cannot be measured.
        control: what the arm is held against.
        measure: what is compared.
        foretold: the claim as a change of the arm against the control.
        where: data set, scale and training of what was measured.
        effect: arm minus control in points, or over it.
        low: end of the 95% interval.
        high: likewise.
        unit: of these.
        pairs: seeds or draws behind them.
        verdict: `supported`, `contradicted`, `inconclusive` or `not tested at this scale`.
        size: of a supported claim that names one, whether the interval holds it: `as claimed`, `smaller than
            claimed` or `larger than claimed`.
        p_difference: of no difference, adjusted for all claims tested.
        p_equivalence: of a difference that would matter, likewise.
        pairs_wanted: pairs that would likely have been enough.
        price: training throughput of the arm over the control's.
        price_low: end of its 95% interval.
        price_high: likewise.
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
    foretold: str = ""
    where: str = ""
    effect: float = math.nan
    low: float = math.nan
    high: float = math.nan
    unit: str = ""
    pairs: int = 0
    verdict: str = NOT_TESTED
    size: str = ""
    p_difference: float = math.nan
    p_equivalence: float = math.nan
    pairs_wanted: int | None = None
    price: float = math.nan
    price_low: float = math.nan
    price_high: float = math.nan
    price_where: str = ""
    note: str = ""
    runs: str = ""


@dataclass(frozen=True)
class _Tested:
    """An entry that can be judged."""

    entry: Entry
    claim: Claim
    arm: Arm


def ledger(registry: Registry, effects: pd.DataFrame) -> pd.DataFrame:
    """A row a claim and setting, every claim of the registry at least once.

    A claim is supported where the arm differs from the control as foretold, and contradicted where it
    differs the other way, or by less than the margin and than half of what is claimed. The tests of all
    claims share one 5% (Holm).

    Args:
        registry: whose ablations make the claims.
        effects: rows as `effects` gives them.

    Raises:
        UnknownNameError: a claim is about a measure that there is not.
    """
    found = [
        item
        for ablation in registry.ablations.values()
        for claim in ablation.claims
        for item in _entries(ablation, claim, _controls(registry, ablation), effects)
    ]
    tested = [item for item in found if isinstance(item, _Tested)]
    judged = iter(zip(tested, verdicts([item.arm for item in tested]), strict=True))
    rows = [_judged(*next(judged)) if isinstance(item, _Tested) else item for item in found]
    return pd.DataFrame([vars(row) for row in rows], columns=[item.name for item in fields(Entry)])


def _controls(registry: Registry, ablation: Ablation) -> list[str]:
    """The names under which an ablation's control is known."""
    control = ablation.control
    return [
        name for name, variant in registry.variants.items() if replace(variant, name=control.name) == control
    ]


def _entries(
    ablation: Ablation, claim: Claim, controls: Sequence[str], effects: pd.DataFrame
) -> Iterator[Entry | _Tested]:
    blank = Entry(ablation=ablation.name, claim=claim.says, source=claim.source, setup=claim.setup)
    if claim.arm is None:
        yield replace(blank, note=claim.untested)
        return
    names = _measures(claim)
    blank = replace(
        blank,
        arm=claim.arm,
        control=ablation.control.name,
        measure=str(claim.measure),
        foretold=_foretold(claim),
    )
    own = effects[(effects["arm"] == claim.arm) & effects["control"].isin(controls)]
    blank = replace(blank, **_price(own))
    rows = own[own["measure"].isin(names) & (own["pairs"] > 0)]
    for column, wanted in (("dataset", claim.dataset), ("topology", claim.topology)):
        if wanted is not None:
            rows = rows[rows[column] == wanted]
    if rows.empty:
        refused = own[own["measure"].isin(names) & (own["pairs"] == 0) & (own["note"] != "")]
        yield replace(blank, note=refused["note"].iloc[0] if len(refused) else _needs(claim))
    for row in rows.itertuples():
        yield _entry(blank, claim, row)


def _entry(blank: Entry, claim: Claim, row: Any) -> Entry | _Tested:
    entry = replace(
        blank,
        control=row.control,
        measure=row.label,
        where=_where(row),
        effect=row.effect,
        low=row.low,
        high=row.high,
        unit=row.unit,
        pairs=row.pairs,
        note=row.note,
        runs=row.runs,
    )
    if row.kind == INTERVAL:
        return _Tested(entry, claim, _arm(claim, row))
    few = f"{counted(row.pairs, 'pair')} describe and test nothing" if row.pairs < FEWEST_UNITS else row.kind
    return replace(entry, note="; ".join(filter(None, (few, row.note))))


def _arm(claim: Claim, row: Any) -> Arm:
    """The effect, with `better` as what is foretold."""
    values, margin, size = np.asarray(row.values, dtype=float), row.margin, claim.size
    if row.unit == RATIO:
        values, margin = np.log(values), math.log1p(margin)
        size = None if size is None else abs(math.log(size))
    return Arm(
        differences=values,
        better="higher" if claim.foretells == "higher" else "lower",
        margin=margin if size is None else min(margin, size / 2),
        least_deviation=row.least_deviation,
        looks=row.looks,
    )


def _judged(tested: _Tested, found: Verdict) -> Entry:
    entry, verdict = tested.entry, _CLAIM_VERDICTS[found.verdict]
    size = _size(tested.claim, entry) if verdict == SUPPORTED else ""
    if found.verdict == EQUIVALENT and tested.claim.size is None and _as_foretold(tested, found):
        verdict, size = SUPPORTED, "too small to matter"
    return replace(
        entry,
        verdict=verdict,
        size=size,
        p_difference=found.p_difference,
        p_equivalence=found.p_equivalence,
        pairs_wanted=pairs_wanted(tested.arm, found.family) if verdict == INCONCLUSIVE else None,
    )


def _as_foretold(tested: _Tested, found: Verdict) -> bool:
    """Whether an arm surely differs the way that is foretold, however little."""
    higher = float(np.mean(tested.arm.differences)) > 0
    return found.p_difference < LEVEL and higher == (tested.claim.foretells == "higher")


def _size(claim: Claim, entry: Entry) -> str:
    """How a supported effect compares with the size that is claimed."""
    if claim.size is None or math.isnan(entry.low):
        return ""
    claimed, low, high = claim.size, entry.low, entry.high
    if entry.unit == RATIO:
        claimed, low, high = (math.log(value) for value in (claimed, low, high))
    elif claim.foretells == "lower":
        claimed = -claimed
    if low <= claimed <= high:
        return "as claimed"
    return "smaller than claimed" if abs(low + high) / 2 < abs(claimed) else "larger than claimed"


def _measures(claim: Claim) -> list[str]:
    """The names in `effects.csv` that a claim's measure stands for."""
    known = [metric.name for metric in (*OUTCOMES, REACH, *THROUGHPUTS)]
    name = str(claim.measure)
    if name in _ALIKE:
        return [metric.name for metric in _ALIKE[name]]
    if name not in known:
        raise UnknownNameError("measure of a claim", [name], [*_ALIKE, *known])
    return [name]


def _foretold(claim: Claim) -> str:
    """The claim as a change of the arm."""
    if claim.size is None:
        return str(claim.foretells)
    if claim.measure == REACH.name or claim.measure in [metric.name for metric in THROUGHPUTS]:
        return f"×{claim.size:g}"
    return f"{'+' if claim.foretells == 'higher' else '−'}{claim.size:g} points"


def _needs(claim: Claim) -> str:
    wanted = " and ".join(filter(None, (claim.dataset, claim.topology)))
    return f"no record{f' of {wanted}' if wanted else ''}"


def _where(row: Any) -> str:
    if row.measure.endswith("images_per_second"):
        return f"{row.topology}, batch {row.batch_size}, {row.precision}, {row.device}"
    rates = "rates tuned" if row.tuned else "one rate"
    return f"{row.dataset}, {row.topology}, {counted(int(row.epochs), 'epoch')}, {rates}"


def _price(effects: pd.DataFrame) -> dict[str, Any]:
    """The arm's training throughput over the control's, from the most draws there are."""
    timed = (effects["measure"] == TRAINING.name) & (effects["pairs"] > 0)
    rows = effects[timed & (effects["kind"] != NOT_STEADY)]
    if rows.empty:
        return {}
    row = rows.sort_values("pairs", kind="stable", ascending=False).iloc[0]
    return {
        "price": row["effect"],
        "price_low": row["low"],
        "price_high": row["high"],
        "price_where": f"{row['topology']}, batch {row['batch_size']}, {row['precision']}",
    }
