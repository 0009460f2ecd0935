"""What a report says in words: what it may claim, what it may not, and why."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from alexnet_bench.analysis.conditions import grouped, measured_alike
from alexnet_bench.analysis.effect import DESCRIPTIVE, INTERVAL, NOT_COMPARABLE
from alexnet_bench.analysis.effects import did_not_learn
from alexnet_bench.analysis.metrics import HEADLINES, HELD_OUT_ERROR, RATIO, THROUGHPUTS, TRAINING
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.schema import AnyRecord, Draw, Trial
from alexnet_bench.show.numbers import change_text, effect_text, verdict_text
from alexnet_bench.stats.estimate import FEWEST_UNITS
from alexnet_bench.words import counted, distinct, joined

# How the devices of a processor that is shared between them are described.
LOGICAL = "logical CPU device"
_TIMED = [metric.name for metric in THROUGHPUTS]


@dataclass(frozen=True, kw_only=True)
class Notes:
    """What a reader must know, where it applies, a sentence each.

    Args:
        answers: what holds for all of them: what could not be compared, and what is missing.
        error: of effects on error.
        throughput: of effects on throughput, and of the devices.
        rates: how learning rates were chosen.
    """

    answers: list[str]
    error: list[str]
    throughput: list[str]
    rates: list[str]


def make_notes(records: Sequence[AnyRecord], effects: pd.DataFrame, plans: Plans) -> Notes:
    """All that is to be said of some records and effects."""
    accuracy, throughput = _by_kind(effects)
    return Notes(
        answers=[*_learned(records, plans), *_refusals(effects), *_missing(records, plans)],
        error=[*_about_seeds(records, accuracy, plans), *_about_trials(records, plans)],
        throughput=[*_about_draws(throughput), *noise_floor(effects), *_about_devices(records)],
        rates=list(_about_rates(records)),
    )


def validity(records: Sequence[AnyRecord], effects: pd.DataFrame, plans: Plans) -> list[str]:
    """What the effects may be taken for."""
    accuracy, throughput = _by_kind(effects)
    return [*_learned(records, plans), *_about_seeds(records, accuracy, plans), *_about_draws(throughput)]


def _by_kind(effects: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The effects that there are, on what trials and on what draws measure."""
    compared = effects[effects["pairs"] > 0]
    timed = compared["measure"].isin(_TIMED)
    return compared[~timed], compared[timed]


def answers(effects: pd.DataFrame) -> Iterator[str]:
    """A sentence a question: what each arm changes in error and in training speed, and how sure that is."""
    for (ablation, control), rows in answering(effects).groupby(["ablation", "control"], sort=False):
        arms = [
            f"{arm} has {joined([_answer(row) for row in found.itertuples()])}"
            for arm, found in rows.groupby("arm", sort=False)
        ]
        yield f"{ablation}: against {control}, {'; '.join(arms)}."


def answering(effects: pd.DataFrame) -> pd.DataFrame:
    """The effects that answer a question: of each arm, on error and on training speed."""
    return effects[_asks(effects) & effects["effect"].notna()]


def _asks(effects: pd.DataFrame) -> "pd.Series[bool]":
    named = [metric.name for metric in HEADLINES if (effects["measure"] == metric.name).any()]
    return effects["measure"].isin([*named[:1], TRAINING.name]) & ~effects["same_network"]


def reservations(effects: pd.DataFrame) -> Iterator[str]:
    """Why some changes are not told, and what those are worth that rest on too few pairs."""
    untold = effects[_asks(effects) & effects["effect"].isna() & (effects["note"] != "")]
    for (label, note), rows in untold.groupby(["label", "note"], sort=False):
        yield f"No change in {label} is told of {joined(list(dict.fromkeys(rows['arm'])))}: {note}."
    if (answering(effects)["kind"] == DESCRIPTIVE).any():
        yield (
            f"A change over fewer than {FEWEST_UNITS} seeds, or draws, is a description: it has no interval "
            "and earns no verdict."
        )


def _answer(row: Any) -> str:
    """An effect in words, and what is to be thought of it."""
    if row.unit == RATIO:
        size, pair = f"{change_text(row.effect, row.low, row.high)} {row.label}", "draw"
    else:
        size, pair = f"{effect_text(row.effect, row.low, row.high, row.unit)} points of {row.label}", "seed"
    verdict = verdict_text(row.verdict, row.pairs, row.pairs_wanted, pair) if row.verdict else ""
    return f"{size} – {verdict}" if verdict else size


def noise_floor(effects: pd.DataFrame) -> Iterator[str]:
    """How far the same network, timed twice, differed from itself."""
    timed = effects["measure"].isin(_TIMED)
    pairs = effects[timed & effects["same_network"] & effects["effect"].notna()]
    for (arm, control, _), rows in pairs.groupby(["arm", "control", "setting"], sort=False):
        differed = [_difference(row) for row in rows.itertuples()]
        yield (
            f"The observed noise floor: {arm} and {control} are the same network; timed twice, it differed "
            f"by {joined(differed)}. Take throughput differences of that size for noise."
        )


def measured_twice(effects: pd.DataFrame) -> Iterator[str]:
    """The same in short: the largest of these differences."""
    timed = effects["measure"].isin(_TIMED)
    ratios = effects[timed & effects["same_network"]]["effect"].dropna()
    if len(ratios):
        most = max(ratios, key=lambda ratio: abs(math.log(ratio)))
        yield (
            "The same network, timed twice, differed from itself by up to "
            f"{abs(100 * (most - 1)):.1f}%: take differences in speed of that size for noise."
        )


def _difference(row: Any) -> str:
    """How far an A/A pair differed, over all draws and in each."""
    mode = row.measure.partition("_")[0]
    if row.kind == INTERVAL:
        return f"{change_text(row.effect, row.low, row.high)} in {mode}"
    return f"{change_text(row.effect)} in {mode} (draw by draw: {', '.join(map(change_text, row.values))})"


def _learned(records: Sequence[AnyRecord], plans: Plans) -> Iterator[str]:
    for setting in measured_alike(records, plans, Trial):
        if not setting.refusals and (reason := did_not_learn(setting)):
            yield f"{reason[0].upper()}{reason[1:]}."


def _about_seeds(records: Sequence[AnyRecord], accuracy: pd.DataFrame, plans: Plans) -> Iterator[str]:
    seeds = len({record.seed for record in records if isinstance(record, Trial) and _is_result(record)})
    if (accuracy["kind"] == INTERVAL).any():
        yield (
            "Intervals on error are 95% t intervals over seeds: they cover the variance of training. Effects "
            "with fewer pairs than that takes are descriptive."
        )
        yield from _about_verdicts(accuracy)
        if accuracy["low_images"].notna().any():
            yield (
                "For other images too is the interval over seeds and test images: it covers other images of "
                "the same kind as well."
            )
        yield (
            "Better again is how likely an arm has the lower error with a fresh seed, with its own 95% "
            "interval, if the differences of pairs are normal."
        )
        if looks := plans.looks(manifest.run_id for manifest in plans.manifests):
            yield (
                f"Seeds were added until there was a verdict, with looks at {joined(list(map(str, looks)))} "
                "seeds; the looks share the 5% as well. What has a verdict is shown as it was when it fell."
            )
    elif len(accuracy) or 0 < seeds < FEWEST_UNITS:
        yield (
            f"With {counted(seeds, 'seed')} this report is descriptive: it shows effects and every seed's "
            f"point, and earns no verdict. An interval takes at least {FEWEST_UNITS} seeds that control and "
            "arm share."
        )
    elif seeds:
        yield "No arm could be held against the control, so this report shows errors and no effects on them."


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


def _about_trials(records: Sequence[AnyRecord], plans: Plans) -> Iterator[str]:
    """What effects on error include, and whose test images were absent."""
    trials = [record for record in records if isinstance(record, Trial)]
    if not all(trial.tuned for trial in trials):
        yield (
            "Effects on error are untuned: all variants were trained at one learning rate, so an effect "
            "includes how well that rate suits the arm."
        )
    held_out = [trial for trial in trials if HELD_OUT_ERROR.has(trial)]
    for dataset in distinct(trial.dataset for trial in held_out):
        if folds := plans.folds(trial.run_id for trial in held_out if trial.dataset == dataset):
            yield (
                f"{dataset} is cross-validated: each seed holds out another of {folds} folds, so that every "
                f"image is tested once by {folds} seeds in a row, by a network that has not seen it."
            )
        else:
            yield (
                f"The official test images of {dataset} were absent: its errors are of images held out from "
                "the training set, not of the test set."
            )


def _about_rates(records: Sequence[AnyRecord]) -> Iterator[str]:
    """How learning rates were chosen, where each variant has its own."""
    trials = [record for record in records if isinstance(record, Trial)]
    choosing = [trial for trial in trials if not _is_result(trial) and trial.succeeded]
    if any(trial.rate_per_seed for trial in trials):
        yield (
            "Effects on error are tuned: each variant was trained at a learning rate of its own, chosen anew "
            f"for every seed with a tuning seed of its own, the one of an equal grid {_best(records)}. So "
            "their intervals hold what the choice of a rate is unsure of, as long as no seed fails to learn."
        )
        yield from _about_tuning([trial for trial in choosing if trial.rate_per_seed])
    if any(trial.tuned and not trial.rate_per_seed for trial in trials):
        yield (
            "Effects on error are tuned: each variant was trained at a learning rate of its own, the one of "
            f"an equal grid {_best(records)}. All seeds share that choice, so verdicts and intervals are of "
            "these rates: with fresh tuning seeds another rate may win, and they leave that out."
        )
        yield from _about_tuning([trial for trial in choosing if not trial.rate_per_seed])


def _best(records: Sequence[AnyRecord]) -> str:
    """By what rates are chosen."""
    shares = distinct(record.recipe_settings.get("stop_at_train_error") for record in records)
    if not shares:
        return "with the least validation error"
    return f"that got to {' or '.join(f'{share:.0%}' for share in shares)} training error the soonest"


def _about_tuning(trials: Sequence[Trial]) -> Iterator[str]:
    """For how long rates were trained to choose one, and with how many seeds, as the records have it."""
    for epochs in distinct(trial.epochs for trial in trials):
        rows = [trial for trial in trials if trial.epochs == epochs]
        rates = grouped(rows, lambda trial: (trial.run_id, trial.fingerprint, trial.precision))
        counts = distinct(len({trial.seed for trial in some}) for some in rates.values())
        lengths = sorted({len(trial.curve) for trial in rows})
        per_seed = any(trial.rate_per_seed for trial in rows)
        if any(trial.recipe_settings.get("stop_at_train_error") for trial in rows):
            long = "until they were there, or could not be the soonest any more"
        elif lengths == [epochs]:
            long = "to the end"
        elif per_seed and len(lengths) > 1:
            long = f"for {lengths[0]} of {counted(epochs, 'epoch')}, and the best for {lengths[-1]}"
        else:
            long = f"for {joined(list(map(str, lengths)))} of {counted(epochs, 'epoch')}"
        if per_seed:
            yield f"To choose a rate, all were trained {long}."
            continue
        seeds = f"{',' if 'soonest' in long else ''} with {counted(counts[0], 'tuning seed')}"
        best = f", and the best with {counts[-1]}" if len(counts) > 1 else ""
        yield f"To choose a rate, all were trained {long}{seeds}{best}."


def _about_devices(records: Sequence[AnyRecord]) -> Iterator[str]:
    """What was not in a steady state, and what shared a processor."""
    if moving := [record for record in records if isinstance(record, Draw) and record.steady is False]:
        yield (
            f"Not in a steady state: in {counted(len(moving), 'draw')}, {_variants(moving)} was still "
            "getting faster or slower; what was measured then is left out of every throughput effect."
        )
    for device in distinct(record.device for record in records if LOGICAL in record.device):
        names = _variants(record for record in records if record.device == device)
        yield f"{names} ran on {device}: these share one processor, and none of the figures is a GPU's."


def _missing(records: Sequence[AnyRecord], plans: Plans) -> Iterator[str]:
    """The planned measurements that have no record yet."""
    found = {(record.run_id, record.kind, record.variant) for record in records if _is_result(record)}
    lacking: list[str] = []
    for manifest in plans.manifests:
        plan = manifest.plan
        trained = [name for name in plan.variants if name not in plan.aliases]
        timed = [name for name in plan.variants if plan.timed is None or name in plan.timed]
        for measure, kind, names in (("accuracy", "trial", trained), ("throughput", "draw", timed)):
            if measure in plan.measures:
                missing = [name for name in names if (manifest.run_id, kind, name) not in found]
                lacking += [f"{name} ({measure})" for name in missing]
    if lacking:
        yield f"Planned, and without a record: {joined(list(dict.fromkeys(lacking)))}."


def _refusals(effects: pd.DataFrame) -> Iterator[str]:
    rows = effects[effects["kind"] == NOT_COMPARABLE]
    for arm, control, note in dict.fromkeys(zip(rows["arm"], rows["control"], rows["note"], strict=True)):
        yield f"Not compared: {arm} with {control}, since {note}."


def _is_result(record: AnyRecord) -> bool:
    """Whether a record is of more than the choice of a rate."""
    return not (isinstance(record, Trial) and record.purpose == "tuning")


def _variants(records: Iterable[AnyRecord]) -> str:
    return joined(list(dict.fromkeys(record.variant for record in records)))
