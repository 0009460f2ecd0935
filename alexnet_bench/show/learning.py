"""Every seed: what it came to, and its curve, for the page to draw where it is asked for."""

from collections.abc import Sequence
from typing import Any

from alexnet_bench.analysis.conditions import measured_alike
from alexnet_bench.analysis.metrics import headline
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.schema import AnyRecord, Trial
from alexnet_bench.show.table import Cells, Table
from alexnet_bench.words import MISSING, number, percent

# Epochs of all curves together: more would make the page too large.
MOST_POINTS = 30_000


def seeds_table(records: Sequence[AnyRecord], plans: Plans, places: dict[str, str]) -> Table:
    """One row a trial that counts, in the order of `curves`."""
    names = {
        setting.name: metric.label
        for setting in measured_alike(records, plans, Trial)
        if (metric := headline(setting.succeeded))
    }
    labels = list(dict.fromkeys(names.values()))
    error = f"{labels[0].capitalize()}, %" if len(labels) == 1 else "Error, %"
    cells: Cells = {
        "Variant": lambda row: row[1].variant,
        "Seed": lambda row: str(row[1].seed),
        "Where": lambda row: places.get(row[0], MISSING),
        error: lambda row: percent(row[2]),
        "Training error, %": lambda row: percent(_in_percent(row[1].train_error)),
        "Learning rate": lambda row: f"{row[1].recipe_settings['learning_rate']:.3g}",
        "Epochs": lambda row: str(len(row[1].curve)),
        "Seconds": lambda row: number(row[1].duration_seconds),
        "Outcome": lambda row: row[1].status,
    }
    return Table.of(_trials(records, plans), cells)


def curves(records: Sequence[AnyRecord], plans: Plans, places: dict[str, str]) -> list[dict[str, Any]]:
    """Of each row of `seeds_table`: variant, seed, control, where, errors in percent after each epoch.

    Nothing where there are so many that the page would be too large.
    """
    trials = _trials(records, plans)
    if sum(len(trial.curve) for _, trial, _ in trials) > MOST_POINTS:
        return []
    return [
        {
            "setting": setting,
            "where": places.get(setting, ""),
            "variant": trial.variant,
            "seed": trial.seed,
            "control": plans.control(trial.run_id, trial.variant),
            "epochs": [epoch.epoch for epoch in trial.curve],
            "validation": [_rounded(epoch.validation_top1_error) for epoch in trial.curve],
            "training": [_rounded(epoch.train_error) for epoch in trial.curve],
        }
        for setting, trial, _ in trials
    ]


def _trials(records: Sequence[AnyRecord], plans: Plans) -> list[tuple[str, Trial, float | None]]:
    """Setting, trial and its error in percent; a network of two names under one of them."""
    return [
        (setting.name, trial, metric.of(trial) if metric and trial.succeeded else None)
        for setting in measured_alike(records, plans, Trial)
        for metric in [headline(setting.succeeded)]
        for trial in sorted(setting.rows, key=lambda trial: (plans.rank(trial.variant), trial.seed))
        if not plans.same_as(trial.variant)
    ]


def _in_percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 2)
