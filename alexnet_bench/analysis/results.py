"""The records that a report rests on."""

import pandas as pd

from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.schema import COLUMNS


def results(frame: pd.DataFrame, plans: Plans) -> pd.DataFrame:
    """The records without the trials that only chose a rate, a trained network's under each of its names.

    Columns that older records lack are null.
    """
    records = frame.reset_index(drop=True).reindex(columns=[column.name for column in COLUMNS])
    records = records[records["purpose"] != "tuning"]
    labels, names = list(records.index), list(records["variant"])
    for run in dict.fromkeys(records["run_id"]):
        for alias, trained in plans.aliases(run).items():
            if not _trials(records, run, alias):
                copied = _trials(records, run, trained)
                labels += copied
                names += [alias] * len(copied)
    return records.loc[labels].assign(variant=names).reset_index(drop=True)


def _trials(records: pd.DataFrame, run: str, variant: str) -> list[int]:
    """The labels of a variant's trials in a run."""
    rows = (records["kind"] == "trial") & (records["run_id"] == run) & (records["variant"] == variant)
    return list(records.index[rows])
