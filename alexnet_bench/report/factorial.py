"""Factorials: what each change does whatever the others are, and how much one changes what another does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import chain, combinations

import numpy as np
import pandas as pd

from alexnet_bench.report.metrics import headline
from alexnet_bench.report.plans import Plans, succeeded
from alexnet_bench.report.settings import Setting, settings
from alexnet_bench.stats import FEWEST_UNITS, estimate
from alexnet_bench.stats.verdict import Arm, difference_p_value, holm

Cell = frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """A main effect or an interaction. The fields are the columns of `factorial.csv`.

    Args:
        factorial: the changes that are crossed.
        term: one of them (a main effect) or several (an interaction).
        measure: label of the error.
        effect: points. Of one change: the mean difference that it makes, over all settings of the others. Of
            two: by how much one changes the difference that the other makes; and so on.
        low: end of the 95% t interval over seeds, from four on.
        high: likewise.
        seeds: in which every cell was trained.
        p_value: of no effect, adjusted for all terms of the factorial (Holm).
        setting: equal for records that were measured alike.
    """

    factorial: str
    term: str
    measure: str
    effect: float
    low: float
    high: float
    seeds: int
    p_value: float
    setting: str


def contrasts(frame: pd.DataFrame, plans: Plans) -> pd.DataFrame:
    """A row a term of every factorial that the runs planned and finished."""
    rows = [
        row for setting, changes, cells in crossed(frame, plans) for row in _rows(setting, changes, cells)
    ]
    return pd.DataFrame([vars(row) for row in rows], columns=[item.name for item in fields(Contrast)])


def crossed(frame: pd.DataFrame, plans: Plans) -> Iterator[tuple[Setting, tuple[str, ...], pd.DataFrame]]:
    """Each factorial in each setting that has it whole, with the error by seed (rows) and cell (columns)."""
    for setting in settings(frame, plans, "trial"):
        trials = succeeded(setting.rows)
        metric = headline(trials)
        for changes in plans.factorials(setting.runs):
            names = {cell: _name(cell, changes, setting) for cell in _subsets(changes)}
            if metric is None or not set(names.values()) <= set(trials["variant"]):
                continue
            errors = (
                metric.of(trials).groupby([trials["seed"].astype(int), trials["variant"]]).mean().unstack()
            )
            table = pd.DataFrame({cell: errors[name] for cell, name in names.items()}).dropna()
            if len(table):
                yield setting, changes, table


def _rows(setting: Setting, changes: tuple[str, ...], cells: pd.DataFrame) -> list[Contrast]:
    metric = headline(succeeded(setting.rows))
    assert metric is not None
    rows, arms = [], []
    for term in list(_subsets(changes))[1:]:
        values = _contrast(cells, term, len(changes))
        found = estimate(values)
        arms.append(Arm(differences=values, better="lower", margin=0.0))
        rows.append(
            Contrast(
                factorial=", ".join(changes),
                term=" x ".join(name for name in changes if name in term),
                measure=metric.label,
                effect=found.mean,
                low=found.low,
                high=found.high,
                seeds=found.count,
                p_value=float("nan"),
                setting=setting.name,
            )
        )
    if len(cells) < FEWEST_UNITS:
        return rows
    adjusted = holm([difference_p_value(arm) for arm in arms])
    return [replace(row, p_value=p_value) for row, p_value in zip(rows, adjusted, strict=True)]


def _contrast(cells: pd.DataFrame, term: Cell, factors: int) -> np.ndarray:
    """The term's value in each seed: differences of differences, averaged over the other factors."""
    signs = [(-1) ** len([change for change in term if change not in cell]) for cell in cells.columns]
    values: np.ndarray = cells.to_numpy(dtype=float) @ np.array(signs) / 2 ** (factors - len(term))
    return values


def _subsets(changes: Sequence[str]) -> Iterator[Cell]:
    every = chain.from_iterable(combinations(changes, size) for size in range(len(changes) + 1))
    return (frozenset(subset) for subset in every)


def _name(cell: Cell, changes: Sequence[str], setting: Setting) -> str:
    """The variant of a cell: a sum in the order in which the changes were named."""
    return "+".join(name for name in changes if name in cell) or setting.control
