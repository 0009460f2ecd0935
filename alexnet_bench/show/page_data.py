"""What the page's script computes effects from anew: what `analysis.effects` reads of the records, as JSON.

`web/effects.js` computes the same from it, against any control, with any margin, for any arms.
"""

import math
from collections.abc import Sequence
from typing import Any

from alexnet_bench.analysis.conditions import Setting, distinguish, measured_alike
from alexnet_bench.analysis.effect import failure, slices
from alexnet_bench.analysis.effects import (
    arms_of,
    did_not_learn,
    images_of,
    margin_of,
    networks_of,
    outcomes_of,
    refusal,
    rounding,
)
from alexnet_bench.analysis.metrics import HEADLINES, THROUGHPUTS, Metric
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.predictions import Predictions
from alexnet_bench.records.schema import AnyRecord, Draw, Trial
from alexnet_bench.stats.error_rates import learned_below
from alexnet_bench.words import distinct


def page_data(records: Sequence[AnyRecord], plans: Plans) -> dict[str, Any]:
    """Every setting in which there is something to compare.

    Its keys: `name` as in `effects.csv`; `kind`; `about`, what is particular to it among those of its kind;
    `control`, the planned one; `measures`, what may be compared; `variants`, each with its records;
    `controls`, the variants that the others can be held against, and what follows from that. Of trials
    besides: `learned`, the share of errors below which something was; `looks`, those planned by run.
    """
    predictions = Predictions(plans.folders)
    found = []
    for settings in (measured_alike(records, plans, Trial), measured_alike(records, plans, Draw)):
        places = distinguish(settings)
        for setting in settings:
            if setting.refusals or len(setting.variants) > 1:
                about = {"about": places.get(setting.name, "")}
                found.append(_setting(setting, plans, predictions) | about)
    return {"settings": found}


def _setting(setting: Setting, plans: Plans, predictions: Predictions) -> dict[str, Any]:
    of_trials = setting.kind == Trial.kind
    metrics = outcomes_of(setting) if of_trials else _throughputs(setting)
    runs = distinct(record.run_id for record in setting.rows)
    networks = distinct(record.trained_as for record in setting.rows)
    read = _trial if of_trials else _draw
    asked: dict[str, Any] = {
        "name": setting.name,
        "kind": setting.kind,
        "control": setting.control,
        "measures": [_measure(metric) for metric in metrics],
        "variants": {
            variant: {
                "ablation": plans.ablation_of(variant),
                "networks": [networks.index(name) for name in networks_of(setting, variant)],
                "records": [
                    {"run": runs.index(row.run_id)} | read(row, metrics) for row in setting.of(variant)
                ],
            }
            for variant in setting.variants
        },
        "controls": {
            name: control
            for name in dict.fromkeys([setting.control, *setting.variants])
            if (control := _control(setting, name, metrics, plans, predictions))
        },
    }
    if of_trials:
        asked["learned"] = learned_below(setting.conditions["classes"])
        asked["looks"] = [plans.looks([run]) for run in runs]
    return asked


def _throughputs(setting: Setting) -> list[Metric]:
    modes = {draw.mode for draw in setting.rows}
    return [metric for metric in THROUGHPUTS if metric.mode in modes]


def _measure(metric: Metric) -> dict[str, Any]:
    """What a metric declares; `headline`: whether verdicts are given on it, if none before it has a value."""
    return {
        "name": metric.name,
        "label": metric.label,
        "unit": metric.effect_unit,
        "valueUnit": metric.unit,
        "better": metric.better,
        "scale": metric.scale,
        "mode": metric.mode,
        "headline": metric in (*HEADLINES, *THROUGHPUTS),
    }


def _trial(trial: Trial, metrics: Sequence[Metric]) -> dict[str, Any]:
    """A seed with its value of each metric: null where it has none, a text where that is infinite."""
    if not trial.succeeded:
        return {"seed": trial.seed, "failed": failure(trial, trial.variant)}
    return {"seed": trial.seed, "values": [_number(metric.of(trial)) for metric in metrics]}


def _draw(draw: Draw, metrics: Sequence[Metric]) -> dict[str, Any]:
    """A draw with its slices, in images a second, if they count."""
    known = {"mode": draw.mode, "draw": draw.draw}
    if not draw.succeeded:
        return known | {"failed": failure(draw, draw.variant)}
    if draw.steady is False:
        return known | {"unsteady": f"draw {draw.draw} of {draw.variant}"}
    return known | {"rounds": draw.round_ids, "rates": [float(rate) for rate in slices([draw]).rates]}


def _control(
    setting: Setting, name: str, metrics: Sequence[Metric], plans: Plans, predictions: Predictions
) -> dict[str, Any] | None:
    """What a setting is to one of its variants as control; None where it would fall apart, a variant too.

    Its keys: `refused`, why arms cannot be held against it; `itself`, the names under which it is no arm;
    `unlearned`, a sentence if it is no better than chance; `margins` and `least` deviations, of each metric.
    """
    parts, held = [setting], plans
    if name != setting.control:
        held = plans.held_against(name)
        parts = measured_alike(setting.rows, held, type(setting.rows[0]))
        if sum(len(part.variants) for part in parts) > len(setting.variants):
            return None
    own = next((part for part in parts if name in part.variants), parts[0])
    of_trials = own.kind == Trial.kind
    # Of draws every variant but the control is an arm: what is timed twice tells how much that is worth.
    arms = arms_of(own, held) if of_trials else own.variants
    reasons = {variant: refusal(part, variant) for part in parts for variant in part.variants}
    return {
        "refused": {variant: reason for variant, reason in reasons.items() if reason and variant != name},
        "itself": [variant for variant in own.variants if variant not in arms],
        "unlearned": did_not_learn(own) if of_trials else None,
        "margins": [_number(margin_of(own, metric, held, predictions)) for metric in metrics],
        "least": [rounding(metric, images_of(own, metric, held, predictions)) for metric in metrics],
    }


def _number(value: float) -> float | str | None:
    """A number as JSON has it."""
    if math.isnan(value):
        return None
    return float(value) if math.isfinite(value) else "Infinity"
