"""What a report says in words: what it may claim, what it may not, and why."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from alexnet_bench.analysis.conditions import measured_alike
from alexnet_bench.analysis.effect import INTERVAL, NOT_COMPARABLE
from alexnet_bench.analysis.effects import did_not_learn
from alexnet_bench.analysis.metrics import HELD_OUT_ERROR, RATIO, THROUGHPUTS
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.schema import AnyRecord, Draw, Trial
from alexnet_bench.show.numbers import change_text
from alexnet_bench.stats.estimate import FEWEST_UNITS
from alexnet_bench.words import counted, distinct, joined

# How the devices of a processor that is shared between them are described.
LOGICAL = "logical CPU device"
_TIMED = [metric.name for metric in THROUGHPUTS]


def standing(records: Sequence[AnyRecord], effects: pd.DataFrame, plans: Plans) -> list[str]:
    """What a reader must know before the numbers."""
    return [
        *validity(records, effects, plans),
        *_rates(records),
        *_held_out(records),
        *noise_floor(effects),
        *_unsteady(records),
        *_devices(records),
        *_missing(records, plans),
        *_refusals(effects),
    ]


def validity(records: Sequence[AnyRecord], effects: pd.DataFrame, plans: Plans) -> list[str]:
    """What the effects may be taken for."""
    compared = effects[effects["pairs"] > 0]
    timed = compared["measure"].isin(_TIMED)
    accuracy, throughput = compared[~timed], compared[timed]
    return [*_learned(records, plans), *_about_seeds(records, accuracy, plans), *_about_draws(throughput)]


def noise_floor(effects: pd.DataFrame) -> Iterator[str]:
    """How far the same network, timed twice, differed from itself."""
    timed = effects["measure"].isin(_TIMED)
    pairs = effects[timed & effects["same_network"] & effects["effect"].notna()]
    for (arm, control, _), rows in pairs.groupby(["arm", "control", "setting"], sort=False):
        differed = [_difference(row) for _, row in rows.iterrows()]
        yield (
            f"The observed noise floor: {arm} and {control} are the same network; timed twice, it differed "
            f"by {joined(differed)}. Take throughput differences of that size for noise."
        )


def _unsteady(records: Sequence[AnyRecord]) -> Iterator[str]:
    moving = [record for record in records if isinstance(record, Draw) and record.steady is False]
    if moving:
        names = joined(list(dict.fromkeys(draw.variant for draw in moving)))
        yield (
            f"Not in a steady state: in {counted(len(moving), 'draw')}, {names} was still getting faster or "
            "slower; what was measured then is left out of every throughput effect."
        )


def _difference(row: "pd.Series[Any]") -> str:
    """How far an A/A pair differed, over all draws and in each."""
    mode = row["measure"].partition("_")[0]
    if row["kind"] == INTERVAL:
        return f"{change_text(row['effect'], row['low'], row['high'])} in {mode}"
    draws = ", ".join(change_text(ratio) for ratio in row["values"])
    return f"{change_text(row['effect'])} in {mode} (draw by draw: {draws})"


def _learned(records: Sequence[AnyRecord], plans: Plans) -> Iterator[str]:
    for setting in measured_alike(records, plans, Trial):
        if not setting.refusals and (reason := did_not_learn(setting)):
            yield f"{reason[0].upper()}{reason[1:]}."


def _about_seeds(records: Sequence[AnyRecord], accuracy: pd.DataFrame, plans: Plans) -> Iterator[str]:
    seeds = len({record.seed for record in _results(records)})
    if (accuracy["kind"] == INTERVAL).any():
        yield (
            "Intervals on error are 95% t intervals over seeds: they cover the variance of training. Effects "
            "with fewer pairs than that takes are descriptive."
        )
        yield from _about_verdicts(accuracy)
        yield from _about_looks(plans)
    elif len(accuracy) or 0 < seeds < FEWEST_UNITS:
        yield (
            f"With {counted(seeds, 'seed')} this report is descriptive: it shows effects and every seed's "
            f"point, and earns no verdict. An interval takes at least {FEWEST_UNITS} seeds that control and "
            "arm share."
        )
    elif seeds:
        yield "No arm could be held against the control, so this report shows errors and no effects on them."


def _about_verdicts(effects: pd.DataFrame) -> Iterator[str]:
    """What verdicts there are, at which level, and what counts as nothing."""
    judged = effects[effects["verdict"] != ""]
    for label, rows in judged.groupby("label", sort=False):
        margins = rows["margin"].max()
        margin = f"{margins:.0%}" if rows["unit"].iloc[0] == RATIO else f"{margins:.2f} points"
        arms = "one arm" if len(rows) == 1 else "all arms of a question together"
        yield (
            f"Verdicts on {label}: for {arms}, a false better or worse where nothing changed is kept at 5%, "
            f"and so is a false equivalent where more than {margin} did (paired t tests, two one-sided "
            "tests, Bonferroni). The interval beside a verdict is the one that decided it."
        )


def _about_looks(plans: Plans) -> Iterator[str]:
    looks = plans.looks(manifest.run_id for manifest in plans.manifests)
    if looks:
        numbers = joined([str(look) for look in looks])
        yield (
            f"Seeds were added until there was a verdict, with looks at {numbers} seeds; the looks share the "
            "5% as well. What has a verdict is shown as it was when it fell."
        )


def _about_draws(throughput: pd.DataFrame) -> Iterator[str]:
    if throughput.empty:
        return
    text = (
        "A throughput ratio is that of the faster halves of control's and arm's slices from the same rounds, "
        "in which they ran in turn; each draw builds the networks anew. An arm's images a second are the "
        "control's typical speed times the ratio."
    )
    if (throughput["kind"] == INTERVAL).any():
        yield f"{text} Their intervals are 95% t intervals over draws."
        yield from _about_verdicts(throughput)
    else:
        draws = counted(int(throughput["pairs"].max()), "draw")
        yield f"{text} With {draws} they are descriptive; an interval takes at least {FEWEST_UNITS}."


def _rates(records: Sequence[AnyRecord]) -> Iterator[str]:
    tuned = {record.tuned for record in records if isinstance(record, Trial)}
    if False in tuned:
        yield (
            "Effects on error are untuned: all variants were trained at one learning rate, so an effect "
            "includes how well that rate suits the arm."
        )
    if True in tuned:
        yield (
            "Effects on error are tuned: each variant was trained at a learning rate of its own, the one of "
            f"an equal grid {_rule_of_tuning(records)}."
        )


def _rule_of_tuning(records: Sequence[AnyRecord]) -> str:
    shares = distinct(record.recipe_settings.get("stop_at_train_error") for record in records)
    if not shares:
        return "with the least validation error"
    return f"that got to {' or '.join(f'{share:.0%}' for share in shares)} training error the soonest"


def _held_out(records: Sequence[AnyRecord]) -> Iterator[str]:
    held_out = (record for record in records if isinstance(record, Trial) and HELD_OUT_ERROR.has(record))
    for dataset in distinct(trial.dataset for trial in held_out):
        yield (
            f"The official test images of {dataset} were absent: its errors are of images held out from the "
            "training set, not of the test set."
        )


def _devices(records: Sequence[AnyRecord]) -> Iterator[str]:
    logical = [record for record in records if LOGICAL in record.device]
    for device in distinct(record.device for record in logical):
        names = joined(list(dict.fromkeys(record.variant for record in logical if record.device == device)))
        yield f"{names} ran on {device}: these share one processor, and none of the figures is a GPU's."


def _missing(records: Sequence[AnyRecord], plans: Plans) -> Iterator[str]:
    """The planned measurements that have no record yet."""
    lacking = dict.fromkeys(
        f"{variant} ({measure})"
        for manifest in plans.manifests
        for measure, kind in (("accuracy", "trial"), ("throughput", "draw"))
        if measure in manifest.plan.measures
        for variant in manifest.plan.variants
        if not (kind == "trial" and variant in plans.aliases(manifest.run_id))
        and not (kind == "draw" and manifest.plan.timed is not None and variant not in manifest.plan.timed)
        and not _has(records, manifest.run_id, variant, kind)
    )
    if lacking:
        yield f"Planned, and without a record: {joined(list(lacking))}."


def _has(records: Sequence[AnyRecord], run: str, variant: str, kind: str) -> bool:
    return any(
        (record.run_id, record.variant, record.kind) == (run, variant, kind)
        and not (isinstance(record, Trial) and record.purpose == "tuning")
        for record in records
    )


def _refusals(effects: pd.DataFrame) -> Iterator[str]:
    rows = effects[effects["kind"] == NOT_COMPARABLE]
    for arm, control, note in dict.fromkeys(zip(rows["arm"], rows["control"], rows["note"], strict=True)):
        yield f"Not compared: {arm} with {control}, since {note}."


def _results(records: Sequence[AnyRecord]) -> list[Trial]:
    """The trials that did not only choose a rate."""
    return [record for record in records if isinstance(record, Trial) and record.purpose == "result"]
