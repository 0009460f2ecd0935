"""The rows of `effects.csv`."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

import pandas as pd

from alexnet_bench.analysis.accuracy import accuracy_effects
from alexnet_bench.analysis.effect import Effect
from alexnet_bench.analysis.plans import Manifest, Plans
from alexnet_bench.analysis.throughput import throughput_effects
from alexnet_bench.analysis.verdicts import judged
from alexnet_bench.records.predictions import Predictions


def effects(
    frame: pd.DataFrame, manifests: Sequence[Manifest], folders: Mapping[str, Path] | None = None
) -> pd.DataFrame:
    """One row an arm, metric and setting, by ablation; `Effect` says what the columns mean.

    Args:
        frame: the records.
        manifests: of their runs.
        folders: of the runs, by their ids; without them there are no intervals over test images.
    """
    plans = Plans(manifests, folders or {})
    order = [item["name"] for item in plans.ablations]

    def place(row: Effect) -> tuple[int, int]:
        return order.index(row.ablation) if row.ablation in order else len(order), plans.rank(row.arm)

    accuracy = accuracy_effects(frame, plans, Predictions(plans.folders))
    rows = sorted(judged([*accuracy, *throughput_effects(frame, plans)]), key=place)
    return pd.DataFrame([vars(row) for row in rows], columns=[item.name for item in fields(Effect)])
