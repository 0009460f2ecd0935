"""One row a variant: what it scored, how fast it ran, what it costs."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from alexnet_bench.analysis.conditions import Setting, measured_alike
from alexnet_bench.analysis.effect import (
    failure,
    log_speed,
    seed_effect,
    speed_effect,
    steady_draws,
    step_quantiles,
    typical_speed,
)
from alexnet_bench.analysis.metrics import INFERENCE, TRAINING, Metric, headline
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.manifest import Manifest
from alexnet_bench.records.schema import AnyRecord, Draw, Trial
from alexnet_bench.words import distinct

COLUMNS = (
    *("variant", "difference", "is_control", "same_as", "same_step"),
    *("error_percent", "control_error_percent", "error_name"),
    *("dataset", "topology", "epochs", "learning_rates", "seeds_ok", "seeds_failed"),
    *("training_images_per_second", "inference_images_per_second"),
    *("training_flops_per_second", "inference_flops_per_second"),
    *("training_utilization", "inference_utilization"),
    *("training_step_ms", "inference_step_ms", "training_joules_per_image", "steady"),
    *("time_topology", "time_batch_size", "time_precision", "draws_ok", "draws_failed"),
    *("parameters", "macs", "counted_at", "peak_memory_bytes", "device", "failures"),
    *("trials_setting", "draws_setting"),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Condition:
    """Trials and draws that belong side by side; a report of one run has one.

    Args:
        trials: where accuracy was measured, if it was.
        draws: where throughput was measured, if it was.
    """

    trials: Setting | None = None
    draws: Setting | None = None

    @property
    def variants(self) -> set[str]:
        """All that were measured under it."""
        return {name for setting in (self.trials, self.draws) if setting for name in setting.variants}


def conditions(records: Iterable[AnyRecord], plans: Plans) -> list[Condition]:
    """Trials beside the draws of the same runs, or beside the only draws there are."""
    records = list(records)
    trials, draws = measured_alike(records, plans, Trial), measured_alike(records, plans, Draw)
    beside = {id(setting): _beside(setting, draws) for setting in trials}
    used = {id(setting) for setting in beside.values()}
    return [
        *(Condition(trials=setting, draws=beside[id(setting)]) for setting in trials),
        *(Condition(draws=setting) for setting in draws if id(setting) not in used),
    ]


def summarize(records: Iterable[AnyRecord], manifests: Sequence[Manifest]) -> pd.DataFrame:
    """One row a variant and condition, controls first, then as planned; variants without records too.

    Images a second are the control's typical speed times the ratio: variants that were timed at different
    moments can be set side by side.
    """
    plans = Plans(manifests)
    rows = [
        _row(condition, variant, plans)
        for condition in conditions(records, plans)
        for variant in sorted(condition.variants, key=plans.rank)
    ]
    known = {row["variant"] for row in rows}
    rows += [_row(Condition(), variant, plans) for variant in plans.variants if variant not in known]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def comparable_speeds(setting: Setting, variant: str, metric: Metric) -> tuple[float, list[float]]:
    """A variant's images a second, and those of each draw: the control's typical speed times their ratios.

    Of the control itself, and where there is none to hold a variant against, as they were measured.
    """
    draws, control = (setting.of(name, metric.mode) for name in (variant, setting.control))
    typical = typical_speed(control)
    if variant == setting.control or math.isnan(typical):
        return typical_speed(draws), [math.exp(log_speed(draw)) for draw in steady_draws(draws)]
    effect = speed_effect(draws, control, metric, typical)
    return effect.arm, [typical * math.exp(value) for value in effect.values]


def _beside(trials: Setting, draws: list[Setting]) -> Setting | None:
    shared = [setting for setting in draws if set(setting.runs) & set(trials.runs)]
    alike = [setting for setting in shared if bool(setting.refusals) == bool(trials.refusals)]
    only = draws if len(draws) == 1 and not trials.refusals else []
    return next(iter([*alike, *only]), None)


def _row(condition: Condition, variant: str, plans: Plans) -> dict[str, Any]:
    row: dict[str, Any] = {
        "variant": variant,
        "difference": plans.difference(variant),
        "is_control": plans.is_control(variant),
        "same_as": plans.same_as(variant),
        "same_step": plans.same_step(variant),
        **_accuracy(condition.trials, variant),
        **_throughput(condition.draws, variant),
        "trials_setting": condition.trials.name if condition.trials else "",
        "draws_setting": condition.draws.name if condition.draws else "",
    }
    measured = [
        rows for setting in (condition.draws, condition.trials) if setting and (rows := setting.of(variant))
    ]
    if not measured:
        return row
    peaks = [record.peak_memory_bytes for record in measured[0] if record.peak_memory_bytes is not None]
    first, every = measured[0][0], [record for rows in measured for record in rows]
    failed = dict.fromkeys(failure(record) for record in every if not record.succeeded)
    return row | {
        "parameters": first.parameters,
        "macs": first.macs,
        "counted_at": first.topology,
        "peak_memory_bytes": max(peaks, default=math.nan),
        "device": ", ".join(distinct(record.device for record in every)),
        "failures": "; ".join(failed),
    }


def _accuracy(setting: Setting | None, variant: str) -> dict[str, Any]:
    """A variant's error, and its control's, over the seeds that both have; of the control over its own."""
    if setting is None:
        return {"seeds_ok": 0, "seeds_failed": 0}
    rows, metric = setting.of(variant), headline(setting.succeeded)
    trials = [trial for trial in rows if trial.succeeded]
    error, control = None, None
    if metric is not None:
        effect = seed_effect(rows, setting.of(setting.control), metric)
        if variant == setting.control or not effect.pairs:
            error = _mean(metric.of(trial) for trial in trials)
        else:
            error, control = effect.arm, effect.control
    rates = Counter(
        rate for trial in rows if (rate := trial.recipe_settings.get("learning_rate")) is not None
    )
    return {
        "error_percent": error,
        "control_error_percent": control,
        "error_name": metric.label if metric else None,
        "dataset": setting.conditions["dataset"],
        "topology": setting.conditions["topology"],
        "epochs": max((trial.epochs for trial in rows), default=None),
        "learning_rates": tuple(sorted(rates.items())),
        "seeds_ok": len({trial.seed for trial in trials}),
        "seeds_failed": len(rows) - len(trials),
    }


def _throughput(setting: Setting | None, variant: str) -> dict[str, Any]:
    draws: list[Draw] = setting.of(variant) if setting else []
    if setting is None or not draws:
        return {"draws_ok": 0, "draws_failed": 0}
    failed = _sessions(draw for draw in draws if not draw.succeeded)
    tested = [draw.steady for draw in draws if draw.steady is not None]
    return {
        **_speed(setting, variant, TRAINING),
        **_speed(setting, variant, INFERENCE),
        "training_joules_per_image": _mean(
            draw.joules_per_image for draw in draws if draw.succeeded and draw.mode == "training"
        ),
        "steady": all(tested) if tested else None,
        "time_topology": draws[0].topology,
        "time_batch_size": draws[0].batch_size,
        "time_precision": draws[0].precision,
        "draws_ok": len(_sessions(draws) - failed),
        "draws_failed": len(failed),
    }


def _speed(setting: Setting, variant: str, metric: Metric) -> dict[str, Any]:
    mode, own = metric.mode, setting.of(variant, metric.mode)
    (speed, _), steady = comparable_speeds(setting, variant, metric), steady_draws(own)
    return {
        metric.name: speed,
        f"{mode}_flops_per_second": speed * _mean(draw.flops_per_image for draw in steady),
        f"{mode}_utilization": _mean(draw.utilization for draw in steady),
        f"{mode}_step_ms": step_quantiles(own) or None,
    }


def _mean(values: Iterable[float | None]) -> float:
    known = [value for value in values if value is not None and not math.isnan(value)]
    return float(np.mean(known)) if known else math.nan


def _sessions(draws: Iterable[Draw]) -> set[tuple[str, int]]:
    return {(draw.run_id, draw.draw) for draw in draws}
