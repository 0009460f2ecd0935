"""Factorials: what each change does whatever the others are, and how much one changes what another does."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd

from alexnet_bench.analysis.conditions import Setting, measured_alike
from alexnet_bench.analysis.effects import did_not_learn, images_of
from alexnet_bench.analysis.metrics import headline
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.network.factorial import Factorial
from alexnet_bench.network.variant import ALEXNET
from alexnet_bench.records.predictions import Predictions
from alexnet_bench.records.schema import AnyRecord, Trial
from alexnet_bench.stats.error_rates import rounding_deviation
from alexnet_bench.stats.estimate import FEWEST_UNITS
from alexnet_bench.stats.verdict import Arm, verdicts


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """A main effect or an interaction. The fields are the columns of `factorial.csv`.

    Args:
        factorial: the changes that are crossed.
        term: one of them (a main effect) or several (an interaction).
        alias: the term that cannot be told from it, in a half factorial.
        measure: label of the error.
        effect: points. Of one change: the mean difference that it makes, over all settings of the others. Of
            two: by how much one changes the difference that the other makes; and so on.
        low, high: ends of the interval over seeds, from four on, for all terms of the factorial together.
        seeds: in which every cell was trained.
        p_value: of no effect, adjusted for all terms of the factorial (Bonferroni).
        setting: equal for records that were measured alike.
    """

    factorial: str
    term: str
    alias: str
    measure: str
    effect: float
    low: float = math.nan
    high: float = math.nan
    seeds: int
    p_value: float = math.nan
    setting: str


def contrasts(records: Iterable[AnyRecord], plans: Plans) -> pd.DataFrame:
    """A row a term of every factorial that the runs planned and finished."""
    rows = [
        row
        for setting, factorial, cells in crossed(records, plans)
        for row in _rows(setting, factorial, cells, plans)
    ]
    return pd.DataFrame([vars(row) for row in rows], columns=[item.name for item in fields(Contrast)])


def crossed(records: Iterable[AnyRecord], plans: Plans) -> Iterator[tuple[Setting, Factorial, pd.DataFrame]]:
    """Each factorial in each setting that has it whole, with the error by seed (rows) and cell (columns).

    A setting whose control did not learn has none.
    """
    for setting in measured_alike(records, plans, Trial):
        metric = headline(setting.succeeded)
        for factorial in plans.factorials(setting.runs):
            names = {cell: "+".join(cell) or ALEXNET.name for cell in factorial.cells}
            trained = {trial.variant for trial in setting.succeeded}
            if metric is None or not set(names.values()) <= trained or did_not_learn(setting):
                continue
            values = [(trial.seed, trial.variant, metric.of(trial)) for trial in setting.succeeded]
            frame = pd.DataFrame(values, columns=["seed", "variant", "error"])
            errors = frame.groupby(["seed", "variant"])["error"].mean().unstack()
            # Not a dict of tuples, which pandas would take for a tree of columns.
            columns = pd.Index(list(names), tupleize_cols=False)
            table = errors[list(names.values())].set_axis(columns, axis=1).dropna()
            if len(table):
                yield setting, factorial, table


def _rows(setting: Setting, factorial: Factorial, cells: pd.DataFrame, plans: Plans) -> list[Contrast]:
    metric = headline(setting.succeeded)
    assert metric is not None
    images = images_of(setting, metric, plans, Predictions(plans.folders))
    step, looks = metric.scale / images if images else 0.0, plans.looks(list(setting.runs))
    rows, arms = [], []
    for term in factorial.terms:
        weights = np.array(factorial.weights(term))
        values = cells.to_numpy(dtype=float) @ weights
        # What rounding brings to a difference is that of two values.
        least = rounding_deviation(step) * math.sqrt(float(weights @ weights) / 2)
        arms.append(Arm(differences=values, better="lower", margin=0.0, least_deviation=least, looks=looks))
        row = Contrast(
            factorial=", ".join(factorial.changes),
            term=" x ".join(term),
            alias=" x ".join(factorial.alias(term)),
            measure=metric.label,
            effect=float(values.mean()),
            seeds=len(values),
            setting=setting.name,
        )
        rows.append(row)
    if len(cells) < FEWEST_UNITS:
        return rows
    return [
        replace(row, low=found.low, high=found.high, p_value=found.p_difference)
        for row, found in zip(rows, verdicts(arms), strict=True)
    ]
