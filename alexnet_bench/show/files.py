"""The folders that are read, and that which is written into."""

import contextlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from alexnet_bench.analysis.plans import Plans
from alexnet_bench.errors import RecordError, why_unwritable
from alexnet_bench.records.files import replacing
from alexnet_bench.records.manifest import read_manifest
from alexnet_bench.records.run_folder import each_once, run_records
from alexnet_bench.records.schema import AnyRecord
from alexnet_bench.words import plain

# What a spreadsheet takes a cell for a formula by.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
# The columns whose cells hold several numbers.
_SEVERAL = ("values", "arm_rates", "control_rates")
# One or several, with a unit; or one with its interval and signs.
_NUMBERS = re.compile(
    r"[-+]?[\d.]+(e[-+]?\d+)?(; [-+]?[\d.]+(e[-+]?\d+)?)*( [a-z]+)?|[-+]?[\d.]+( \[[-+−\d., ]+\])?[*≈†]*"
)


def read_runs(runs: Iterable[Path]) -> tuple[list[AnyRecord], Plans]:
    """The records of runs, and their plans; a folder that is given twice counts once.

    Raises:
        RecordError: a folder holds no run, or two hold the same one.
    """
    by_run: dict[str, Path] = {}
    manifests = []
    for folder in each_once(runs):
        manifest = read_manifest(folder)
        if other := by_run.get(manifest.run_id):
            raise RecordError(f"{other} and {folder} hold the same run; give one of them")
        by_run[manifest.run_id] = folder
        manifests.append(manifest)
    return run_records(*by_run.values()), Plans(manifests, by_run)


def write_csv(rows: pd.DataFrame, file: Path) -> None:
    """Write a table as CSV."""
    with replacing(file) as fresh:
        fresh.write_text(as_csv(rows), encoding="utf-8", newline="")


def as_csv(rows: pd.DataFrame) -> str:
    """A table as CSV, in which no spreadsheet takes a text for a formula; numbers stay numbers.

    Where a cell holds several numbers, semicolons stand between them.
    """
    lists = {
        name: ["; ".join(f"{value:.4g}" for value in values) for values in rows[name]]
        for name in _SEVERAL
        if name in rows
    }
    return rows.assign(**lists).map(_as_text).to_csv(index=False, lineterminator="\n")


def _as_text(cell: Any) -> Any:
    """Text on one line; what a spreadsheet would calculate, with the apostrophe by which it does not."""
    if not isinstance(cell, str):
        return cell
    is_formula = cell.startswith(_FORMULA) and not _NUMBERS.fullmatch(cell)
    return f"'{plain(cell)}" if is_formula else plain(cell)


@contextlib.contextmanager
def writing_into(out: Path) -> Iterator[None]:
    """Make a folder that what is done in this context writes into.

    Raises:
        RecordError: it cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise RecordError(f"{out} cannot be written ({why_unwritable(error)}); give another --out") from None
