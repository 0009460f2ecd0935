"""One row a variant: what it scored, how fast it ran, what it costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from alexnet_bench.analysis.conditions import Setting, settings
from alexnet_bench.analysis.draws import step_milliseconds
from alexnet_bench.analysis.metrics import THROUGHPUTS, TRAINING, Metric, headline
from alexnet_bench.analysis.plans import Manifest, Plans, present, succeeded
from alexnet_bench.words import failures

QUANTILES = (0.5, 0.05, 0.95)
COLUMNS = (
    "variant",
    "difference",
    "is_control",
    "same_as",
    "error_percent",
    "error_name",
    "dataset",
    "topology",
    "epochs",
    "learning_rate",
    "seeds_ok",
    "seeds_failed",
    "training_images_per_second",
    "inference_images_per_second",
    "training_flops_per_second",
    "inference_flops_per_second",
    "training_utilization",
    "inference_utilization",
    "training_step_ms",
    "inference_step_ms",
    "training_joules_per_image",
    "steady",
    "time_topology",
    "time_batch_size",
    "time_precision",
    "draws_ok",
    "draws_failed",
    "parameters",
    "macs",
    "counted_at",
    "peak_memory_bytes",
    "device",
    "failures",
    "trials_setting",
    "draws_setting",
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

    def rows(self, variant: str) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
        """The trials and the draws of a variant."""
        return (
            self.trials.of(variant) if self.trials else None,
            self.draws.of(variant) if self.draws else None,
        )


def conditions(frame: pd.DataFrame, plans: Plans) -> list[Condition]:
    """Trials beside the draws of the same runs, or beside the only draws there are."""
    trials, draws = settings(frame, plans, "trial"), settings(frame, plans, "draw")
    beside = {id(setting): _beside(setting, draws) for setting in trials}
    used = {id(setting) for setting in beside.values()}
    return [
        *(Condition(trials=setting, draws=beside[id(setting)]) for setting in trials),
        *(Condition(draws=setting) for setting in draws if id(setting) not in used),
    ]


def summarize(frame: pd.DataFrame, manifests: Sequence[Manifest]) -> pd.DataFrame:
    """One row a variant and condition, controls first, then as planned; variants without records too."""
    plans = Plans(manifests)
    rows = [
        _row(condition, variant, plans)
        for condition in conditions(frame, plans)
        for variant in sorted(_variants(condition), key=plans.rank)
    ]
    known = {row["variant"] for row in rows}
    rows += [_row(Condition(), variant, plans) for variant in plans.variants if variant not in known]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _beside(trials: Setting, draws: list[Setting]) -> Setting | None:
    shared = [setting for setting in draws if set(setting.runs) & set(trials.runs)]
    alike = [setting for setting in shared if bool(setting.refusals) == bool(trials.refusals)]
    only = draws if len(draws) == 1 and not trials.refusals else []
    return next(iter([*alike, *only]), None)


def _variants(condition: Condition) -> set[str]:
    both = (condition.trials, condition.draws)
    return {variant for setting in both if setting for variant in setting.variants}


def _row(condition: Condition, variant: str, plans: Plans) -> dict[str, Any]:
    trials, draws = condition.rows(variant)
    row: dict[str, Any] = {
        "variant": variant,
        "difference": plans.difference(variant),
        "is_control": plans.is_control(variant),
        "same_as": plans.same_as(variant),
        **_accuracy(condition, variant),
        **_throughput(draws),
        "trials_setting": condition.trials.name if condition.trials else "",
        "draws_setting": condition.draws.name if condition.draws else "",
    }
    measured = [rows for rows in (draws, trials) if rows is not None and len(rows)]
    if measured:
        first = measured[0].iloc[0]
        row |= {
            "parameters": first["parameters"],
            "macs": first["macs"],
            "counted_at": first["topology"],
            "peak_memory_bytes": pd.to_numeric(measured[0]["peak_memory_bytes"]).max(),
            "device": ", ".join(present(pd.concat([rows["device"] for rows in measured]))),
            "failures": "; ".join(filter(None, (failures(rows) for rows in measured))),
        }
    return row


def _accuracy(condition: Condition, variant: str) -> dict[str, Any]:
    if condition.trials is None:
        return {"seeds_ok": 0, "seeds_failed": 0}
    rows = condition.trials.of(variant)
    metric, trials = headline(succeeded(condition.trials.rows)), succeeded(rows)
    return {
        "error_percent": metric.of(trials).mean() if metric else None,
        "error_name": metric.label if metric else None,
        "dataset": condition.trials.conditions["dataset"],
        "topology": condition.trials.conditions["topology"],
        "epochs": rows["epochs"].max() if len(rows) else None,
        "learning_rate": _learning_rate(rows),
        "seeds_ok": trials["seed"].nunique(),
        "seeds_failed": len(rows) - len(trials),
    }


def _learning_rate(trials: pd.DataFrame) -> float | None:
    """The rate that training started at, where it is one."""
    rates = {settings.get("learning_rate") for settings in trials["recipe_settings"]}
    return rates.pop() if len(rates) == 1 else None


def _throughput(draws: pd.DataFrame | None) -> dict[str, Any]:
    if draws is None or draws.empty:
        return {"draws_ok": 0, "draws_failed": 0}
    failed = _draws(draws[draws["status"] != "ok"])
    return {
        **{metric.name: _mean(succeeded(draws), metric) for metric in THROUGHPUTS},
        **{f"{metric.mode}_flops_per_second": _flops(draws, metric) for metric in THROUGHPUTS},
        **{f"{metric.mode}_utilization": _mean_of(draws, metric, "utilization") for metric in THROUGHPUTS},
        **{f"{metric.mode}_step_ms": _step_milliseconds(draws, metric) for metric in THROUGHPUTS},
        "training_joules_per_image": _mean_of(draws, TRAINING, "joules_per_image"),
        "steady": _steady(draws),
        "time_topology": draws["topology"].iloc[0],
        "time_batch_size": draws["batch_size"].iloc[0],
        "time_precision": draws["precision"].iloc[0],
        "draws_ok": len(_draws(draws) - failed),
        "draws_failed": len(failed),
    }


def _mean(draws: pd.DataFrame, metric: Metric) -> float:
    return float(metric.of(draws[draws["mode"] == metric.mode]).mean())


def _mean_of(draws: pd.DataFrame, metric: Metric, column: str) -> float:
    rows = succeeded(draws)
    return float(pd.to_numeric(rows[column][rows["mode"] == metric.mode]).astype(float).mean())


def _flops(draws: pd.DataFrame, metric: Metric) -> float:
    """Operations a second."""
    return _mean(succeeded(draws), metric) * _mean_of(draws, metric, "flops_per_image")


def _step_milliseconds(draws: pd.DataFrame, metric: Metric) -> tuple[float, ...] | None:
    """The median of a step's duration over the slices, and its 5% and 95% quantiles."""
    durations = step_milliseconds(draws[draws["mode"] == metric.mode].to_dict("records"))
    return tuple(float(value) for value in np.quantile(durations, QUANTILES)) if durations.size else None


def _steady(draws: pd.DataFrame) -> bool | None:
    """Whether every draw was in a steady state; null where that was not tested."""
    tested = draws["steady"].dropna()
    return bool(tested.astype(bool).all()) if len(tested) else None


def _draws(rows: pd.DataFrame) -> set[tuple[str, int]]:
    return set(zip(rows["run_id"], rows["draw"], strict=True))
