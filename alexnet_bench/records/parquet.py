"""Writes records as Parquet."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from alexnet_bench.records.schema import COLUMNS


def write_parquet(frame: pd.DataFrame, path: Path) -> None:
    """Write records; columns that hold objects, whose keys differ from run to run, as JSON text."""
    texts = {
        column.name: frame[column.name].map(_text)
        for column in COLUMNS
        if column.type is dict and column.name in frame
    }
    frame.assign(**texts).to_parquet(path, index=False)


def _text(value: Any) -> str | None:
    return json.dumps(value, sort_keys=True) if isinstance(value, dict) else None
