"""The tables of a report, of `bench run` and of `bench compare`."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import pandas as pd

from alexnet_bench.analysis.comparison import Comparison
from alexnet_bench.analysis.effect import DESCRIPTIVE, INCOMPLETE, INTERVAL, NOT_COMPARABLE
from alexnet_bench.analysis.metrics import HEADLINES, INFERENCE, POINTS, RATIO, TRAINING
from alexnet_bench.network.variant import THE_PAPERS
from alexnet_bench.records.manifest import Manifest
from alexnet_bench.records.schema import PER_SEED, AnyRecord, Draw, Trial
from alexnet_bench.show.captions import rates
from alexnet_bench.show.numbers import (
    GIB,
    change_text,
    effect_text,
    in_unit,
    interval_text,
    p_text,
    probability_text,
    quantiles_text,
    rates_text,
    value_text,
    verdict_text,
)
from alexnet_bench.show.sentences import answering
from alexnet_bench.show.table import Cells, Table
from alexnet_bench.stats.verdict import EQUIVALENT
from alexnet_bench.words import MISSING, counted, distinct, listed, number, percent, whole

_ERRORS = [metric.name for metric in HEADLINES]
# What `bench run` ends with.
_IN_SHORT = ("Variant", "Precision", "Batch", "rror, %", "images/s", "Training, of the peak", "Seeds")


def overview(summary: pd.DataFrame, effects: pd.DataFrame) -> Table:
    """One row a variant: error, throughput, what each changes against the control, and the costs.

    Columns that nothing was recorded for are left out.
    """
    names = [str(name) for name in summary["error_name"] if isinstance(name, str)]
    error = f"{names[0].capitalize() if names else 'Error'}, %"
    places = " / ".join(dict.fromkeys(str(name) for name in summary["counted_at"].dropna()))
    several = {name for name in ("time_precision", "time_batch_size") if summary[name].nunique() > 1}

    found = {(effect.arm, effect.setting, effect.measure): effect for effect in effects[::-1].itertuples()}

    def effect_on(row: Any, *measures: str) -> Any:
        """The effect of a variant on the first of the measures that was recorded; None without one."""
        settings = (row.trials_setting, row.draws_setting)
        places = ((row.variant, setting, measure) for measure, setting in product(measures, settings))
        return next((found[place] for place in places if place in found), None)

    cells: Cells = {
        "Variant": lambda row: row.variant,
        "Precision": lambda row: row.time_precision if "time_precision" in several else MISSING,
        "Batch": lambda row: whole(row.time_batch_size) if "time_batch_size" in several else MISSING,
        "Differs in": lambda row: "nothing" if row.difference == THE_PAPERS else row.difference or MISSING,
        error: lambda row: percent(row.error_percent),
        "Change, points": lambda row: _error_change(row, effect_on(row, *_ERRORS), summary),
        "Verdict on error": lambda row: _verdict(effect_on(row, *_ERRORS)),
        "Training, images/s": lambda row: number(row.training_images_per_second),
        "Training ratio": lambda row: (
            f"same step as {row.same_step}"
            if row.same_step and not row.draws_ok
            else _change(effect_on(row, TRAINING.name))
        ),
        "Verdict on training": lambda row: _verdict(effect_on(row, TRAINING.name)),
        "Inference, images/s": lambda row: number(row.inference_images_per_second),
        "Inference ratio": lambda row: _change(effect_on(row, INFERENCE.name)),
        "Training, ms/step": lambda row: quantiles_text(row.training_step_ms),
        "Inference, ms/step": lambda row: quantiles_text(row.inference_step_ms),
        "Training, GFLOP/s": lambda row: number(row.training_flops_per_second / 1e9),
        "Inference, GFLOP/s": lambda row: number(row.inference_flops_per_second / 1e9),
        "Training, of the peak": lambda row: _share(row.training_utilization),
        "Inference, of the peak": lambda row: _share(row.inference_utilization),
        "Training, J/image": lambda row: number(row.training_joules_per_image),
        "Steady": lambda row: {True: "yes", False: "no"}.get(row.steady, MISSING),
        f"Parameters ({places})": lambda row: whole(row.parameters),
        "MACs, million": lambda row: number(row.macs / 1e6),
        "Peak memory, GiB": lambda row: number(row.peak_memory_bytes / GIB),
        "Learning rate": lambda row: rates_text(row.learning_rates),
        "Seeds": lambda row: _tally(row.seeds_ok, row.seeds_failed),
        "Draws": lambda row: _tally(row.draws_ok, row.draws_failed),
        "Device": lambda row: row.device if isinstance(row.device, str) else MISSING,
        "Failed": lambda row: row.failures if isinstance(row.failures, str) and row.failures else MISSING,
    }
    return Table.of(summary.itertuples(), cells)


def summary_table(summary: pd.DataFrame, effects: pd.DataFrame) -> Table:
    """What `bench run` ends with: the overview in short."""
    table = overview(summary, effects)
    return table.without(*(name for name in table.columns if not name.endswith(_IN_SHORT)))


def changes_table(effects: pd.DataFrame) -> Table:
    """What `bench run` says each arm changes: with its verdict, or how few pairs that is a description of."""
    described = effects[effects["kind"] == DESCRIPTIVE]
    cells: Cells = {
        "Arm": lambda row: row.arm,
        "Control": lambda row: row.control,
        "Measure": lambda row: row.label,
        "Effect [95%]": _effect,
        "Verdict": lambda row: _verdict(row) if row.verdict else f"none ({counted(row.pairs, _pair(row))})",
    }
    shown = (effects["verdict"] != "") | effects.index.isin(answering(described).index)
    return Table.of(effects[shown].itertuples(), cells)


def comparison_table(found: Iterable[Comparison], names: tuple[str, str]) -> Table:
    """What `bench compare` ends with: a row a variant and measure, under the names of the two."""
    cells: Cells = {
        "Variant": lambda row: row.variant,
        "Measure": lambda row: row.measure,
        "Precision, batch": lambda row: f"{row.precision}, {row.batch_size}",
        "Base": lambda row: value_text(row.base, row.unit),
        "Head": lambda row: value_text(row.head, row.unit),
        "Change [95%]": _compared,
        "ms/step, base": lambda row: quantiles_text(row.base_milliseconds),
        "ms/step, head": lambda row: quantiles_text(row.head_milliseconds),
        "Note": _remark,
    }
    table, titles = Table.of(found, cells), dict(zip(("Base", "Head"), names, strict=True))
    return replace(table, columns=[titles.get(name, name) for name in table.columns])


def _compared(row: Comparison) -> str:
    if row.unit != "%" or pd.isna(row.effect):
        return change_text(row.effect, row.low, row.high)
    size, *interval = effect_text(row.effect, row.low, row.high, POINTS).partition(" ")
    return f"{size} points{''.join(interval)}"


def _remark(row: Comparison) -> str:
    few = f"{counted(row.pairs, 'pair')}: no interval" if row.pairs and pd.isna(row.low) else ""
    return "; ".join(filter(None, (row.note, few))) or MISSING


def effects_table(effects: pd.DataFrame, places: dict[str, str]) -> Table:
    """One row an effect; `places` names the settings, where there are several of a kind."""
    cells: Cells = {
        "Arm": lambda row: row.arm,
        "Measure": lambda row: row.label,
        "Where": lambda row: places.get(row.setting, MISSING),
        "Control": lambda row: value_text(row.control_value, row.value_unit),
        "Arm's value": lambda row: value_text(row.arm_value, row.value_unit),
        "Effect": _effect_with_unit,
        "Interval": lambda row: interval_text(*_bounds(row), row.unit),
        "Verdict": _verdict,
        "For other images too": lambda row: interval_text(row.low_images, row.high_images, row.unit),
        "Better again": lambda row: probability_text(
            row.better_again, row.better_again_low, row.better_again_high
        ),
        "p (adjusted)": lambda row: p_text(_p_value(row)),
        "In each pair": _each,
        "Pairs": lambda row: str(row.pairs) if row.pairs else MISSING,
        "Question": lambda row: row.ablation or MISSING,
        "Held against": lambda row: row.control,
        "Kind": lambda row: MISSING if row.kind == INTERVAL else row.kind,
        "Note": lambda row: row.note or MISSING,
    }
    # Where neither side ever got there, nothing was compared.
    never = (effects[["control_value", "arm_value"]] == math.inf).all(axis="columns")
    told = {name: effects[name].mask(never) for name in ("effect", "low", "high")}
    return Table.of(effects.assign(**told).itertuples(), cells)


def contrasts_table(contrasts: pd.DataFrame, places: dict[str, str]) -> Table:
    """One row a main effect or interaction of a factorial."""
    cells: Cells = {
        "Factorial": lambda row: row.factorial,
        "Term": lambda row: f"{row.term} (or {row.alias})" if row.alias else row.term,
        "Measure": lambda row: row.measure,
        "Where": lambda row: places.get(row.setting, MISSING),
        "Effect, points": lambda row: in_unit(row.effect, POINTS),
        "95% interval": lambda row: interval_text(row.low, row.high, POINTS),
        "p (adjusted)": lambda row: p_text(row.p_value),
        "Seeds": lambda row: str(row.seeds),
    }
    return Table.of(contrasts.itertuples(), cells)


def rates_table(effects: pd.DataFrame, places: dict[str, str]) -> Table:
    """One row an arm and way to choose the rates at which it is compared."""
    cells: Cells = {
        "Ablation": lambda row: row.ablation or MISSING,
        "Arm": lambda row: row.arm,
        "Control": lambda row: row.control,
        "Where": lambda row: places.get(row.setting, MISSING),
        "Compared": lambda row: row.compared,
        "At": _rates_text,
        "Epochs": lambda row: str(row.epochs),
        "Effect, points": lambda row: in_unit(row.effect, POINTS),
        "95% interval": lambda row: interval_text(*_bounds(row), POINTS),
        "Tuning seeds": lambda row: str(row.pairs) if row.pairs else MISSING,
        "Note": lambda row: row.note or MISSING,
    }
    return Table.of(effects.itertuples(), cells)


def failures_table(records: Sequence[AnyRecord]) -> Table:
    """Every trial and draw that did not succeed, with what went wrong."""
    several = len({record.run_id for record in records}) > 1
    cells: Cells = {
        "Variant": lambda row: row.variant,
        "What": lambda row: f"seed {row.seed}" if isinstance(row, Trial) else f"draw {row.draw}, {row.mode}",
        "Outcome": lambda row: row.status,
        "Run": lambda row: row.run_id if several else MISSING,
        "Error": lambda row: row.error or MISSING,
    }
    return Table.of([record for record in records if not record.succeeded], cells)


def runs_table(manifests: Sequence[Manifest], records: Sequence[AnyRecord]) -> Table:
    """What was run, where and how: a column a run."""
    runs = [
        _describe_run(manifest, [record for record in records if record.run_id == manifest.run_id])
        for manifest in manifests
    ]
    return Table(
        ["Run", *(manifest.run_id for manifest in manifests)],
        [[fact, *(run[fact] for run in runs)] for fact in runs[0]],
    )


def _describe_run(manifest: Manifest, records: Sequence[AnyRecord]) -> dict[str, str]:
    plan, machine = manifest.plan, manifest.environment
    memory = f"{machine.memory_bytes / GIB:.0f} GiB"
    precisions = ", ".join(plan.precisions)
    trained = (
        f"{plan.topology}, recipe {plan.recipe}, {counted(plan.epochs, 'epoch')}, batch {plan.batch_size}, "
        f"{precisions}, {rates(plan.tune, plan.tune == PER_SEED)}"
    )
    sizes = ", ".join(map(str, plan.time_batch_sizes))
    draws = [record for record in records if isinstance(record, Draw)]
    timed = f"{plan.time_topology}, batch {sizes}, {precisions}, {_timed(draws)}"
    trials = (record for record in records if isinstance(record, Trial) and record.purpose == "result")
    return {
        "Command": manifest.command,
        "Started": manifest.created_at,
        "Machine": f"{machine.cpu}, {counted(machine.cores, 'core')}, {memory}, {machine.platform}",
        "Devices": ", ".join(distinct(record.device for record in records)) or MISSING,
        "Versions": ", ".join(f"{name} {version}" for name, version in machine.versions.items()),
        "Revision": manifest.git_commit or MISSING,
        "Measured": ", ".join(plan.measures),
        "Control": ", ".join(dict.fromkeys((plan.controls or {"": plan.control}).values())),
        "Data set": plan.dataset,
        "Trained": trained if "accuracy" in plan.measures else MISSING,
        "Seeds": listed(trial.seed for trial in trials) or MISSING,
        "Timed": timed if "throughput" in plan.measures else MISSING,
        "Load from others": _load(draws),
        "Records": str(len(records)),
    }


def _timed(draws: Iterable[Draw]) -> str:
    """How often each network was built, and how long each was timed."""
    ok = [draw for draw in draws if draw.succeeded]
    if not ok:
        return "nothing yet"
    built = Counter((draw.variant, draw.precision, draw.batch_size, draw.side, draw.mode) for draw in ok)
    rounds = [len(draw.round_ids) for draw in ok]
    return f"{_range([*built.values()])} draws of {_range(rounds)} rounds each"


def _range(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"


def _load(draws: Iterable[Draw]) -> str:
    """The largest shares of the processors that others took during a draw."""
    loads = [draw.load for draw in draws if draw.load]
    if not loads:
        return MISSING
    others, stolen = max(load.others_share for load in loads), max(load.steal_share for load in loads)
    return f"up to {others:.1%} by other processes, {stolen:.1%} by the host, while timing"


def _error_change(row: Any, effect: Any, summary: pd.DataFrame) -> str:
    """The effect; and the control's error over the seeds shared with it, where its own row is over others."""
    if row.same_as:
        return f"= {row.same_as}" if pd.notna(row.error_percent) else _change(effect)
    if effect is None or pd.isna(row.control_error_percent):
        return _change(effect)
    beside = summary[summary["trials_setting"] == row.trials_setting]
    shown = beside.loc[beside["variant"] == effect.control, "error_percent"].map(percent)
    start = percent(row.control_error_percent)
    return _change(effect) + ("" if start in set(shown) else f" from {start}")


def _change(effect: Any) -> str:
    if effect is None:
        return MISSING
    return NOT_COMPARABLE if effect.kind == NOT_COMPARABLE else _effect(effect)


def _verdict(effect: Any) -> str:
    if effect is None:
        return MISSING
    return verdict_text(effect.verdict, effect.pairs, effect.pairs_wanted, _pair(effect))


def _pair(effect: Any) -> str:
    """What one pair of an effect is called."""
    return "draw" if effect.measure.endswith("images_per_second") else "seed"


def _effect(row: Any) -> str:
    """The effect with its interval, where it has one."""
    return effect_text(row.effect, *_bounds(row), row.unit)


def _effect_with_unit(row: Any) -> str:
    unit = {RATIO: "", POINTS: " points"}.get(row.unit, f" {row.unit}")
    return f"{in_unit(row.effect, row.unit)}{unit}" if pd.notna(row.effect) else MISSING


def _bounds(row: Any) -> tuple[float, float]:
    """The ends of the interval; not numbers where the row has none to show."""
    return (row.low, row.high) if row.kind in (INTERVAL, INCOMPLETE) else (math.nan, math.nan)


def _rates_text(row: Any) -> str:
    """The rates of an arm, and of the control where they are others."""
    own, control = (
        ", ".join(f"{rate:.3g}" for rate in rates) for rates in (row.arm_rates, row.control_rates)
    )
    return own if own == control else f"{own or MISSING}; {row.control} at {control or MISSING}"


def _p_value(row: Any) -> float:
    """Of the test that a verdict rests on."""
    if not row.verdict:
        return math.nan
    return float(row.p_equivalence if row.verdict == EQUIVALENT else row.p_difference)


def _each(row: Any) -> str:
    """The values that a descriptive effect is the mean of."""
    if row.kind != DESCRIPTIVE:
        return MISSING
    return ", ".join(in_unit(value, row.unit) for value in row.values)


def _share(value: float | None) -> str:
    return f"{100 * value:.0f}%" if value is not None and pd.notna(value) else MISSING


def _tally(good: int, failed: int) -> str:
    if not good and not failed:
        return MISSING
    return f"{good} of {good + failed}" if failed else str(good)
