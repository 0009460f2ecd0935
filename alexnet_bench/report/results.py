"""The records that a report rests on."""

import pandas as pd

from alexnet_bench.records import COLUMNS
from alexnet_bench.report.plans import Plans


def results(frame: pd.DataFrame, plans: Plans) -> pd.DataFrame:
    """The records without the trials that only chose a rate, a trained network's under each of its names.

    Columns that older records lack are null.
    """
    columns = [column.name for column in COLUMNS]
    records = frame.reset_index(drop=True).reindex(columns=columns)
    records = records[records["purpose"] != "tuning"]
    copies = [
        _trials(records, run, trained).assign(variant=alias)
        for run in dict.fromkeys(records["run_id"])
        for alias, trained in plans.aliases(run).items()
        if _trials(records, run, alias).empty
    ]
    copies = [rows for rows in copies if len(rows)]
    return pd.concat([records, *copies], ignore_index=True) if copies else records


def _trials(records: pd.DataFrame, run: str, variant: str) -> pd.DataFrame:
    return records[
        (records["kind"] == "trial") & (records["run_id"] == run) & (records["variant"] == variant)
    ]
