"""The rows of `effects.csv`."""

from collections.abc import Sequence
from dataclasses import asdict, fields

import pandas as pd

from alexnet_bench.report.accuracy import accuracy_effects
from alexnet_bench.report.effect import Effect
from alexnet_bench.report.plans import Manifest, Plans
from alexnet_bench.report.throughput import throughput_effects


def effects(frame: pd.DataFrame, manifests: Sequence[Manifest]) -> pd.DataFrame:
    """One row an arm, metric and setting, by ablation; `Effect` says what the columns mean."""
    plans = Plans(manifests)
    order = [item["name"] for item in plans.ablations]

    def place(row: Effect) -> tuple[int, int]:
        return order.index(row.ablation) if row.ablation in order else len(order), plans.rank(row.arm)

    rows = sorted([*accuracy_effects(frame, plans), *throughput_effects(frame, plans)], key=place)
    return pd.DataFrame([asdict(row) for row in rows], columns=[item.name for item in fields(Effect)])
