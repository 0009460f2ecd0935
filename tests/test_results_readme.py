"""`results/README.md` says what every column of the schema means, and which a report's tables have."""

import inspect
import re
from dataclasses import fields
from pathlib import Path

from alexnet_bench.analysis.by_epoch import EpochEffect
from alexnet_bench.analysis.by_rate import RateEffect, RateError
from alexnet_bench.analysis.contrasts import Contrast
from alexnet_bench.analysis.rows import Row
from alexnet_bench.records.schema import COLUMNS

README = Path(__file__).parents[1] / "results" / "README.md"
TABLES = {
    "effects.csv": Row,
    "factorial.csv": Contrast,
    "effect_by_epoch.csv": EpochEffect,
    "error_by_rate.csv": RateError,
    "effect_by_rate.csv": RateEffect,
}


def column_row(column):
    required = "" if column.required else "may be null; "
    agrees = "; must agree" if column.agrees else ""
    return f"| `{column.name}` | {' and '.join(column.kinds)} | {required}{column.about}{agrees} |"


def test_every_column_is_explained_as_the_schema_has_it_and_no_other():
    columns = README.read_text(encoding="utf-8").partition("## Columns")[2]
    rows = [line for line in columns.splitlines() if line.startswith("| `")]

    assert rows == [column_row(column) for column in COLUMNS]


def table_row(file, row_type):
    names = ", ".join(f"`{item.name}`" for item in fields(row_type))
    place = Path(inspect.getfile(row_type)).stem
    return f"| `{file}` |", f"| {names} | `analysis/{place}.py` |"


def test_the_columns_of_a_reports_tables_are_listed_and_explained():
    """A row type explains each of its columns in its docstring, by name."""
    tables = README.read_text(encoding="utf-8").partition("## Tables of a report")[2].partition("\n## ")[0]
    listed = [line for line in tables.splitlines() if line.startswith("| `")]

    assert len(listed) == len(TABLES)
    for line, (file, row_type) in zip(listed, TABLES.items(), strict=True):
        start, end = table_row(file, row_type)
        assert line.startswith(start) and line.endswith(end)
        explained = re.findall(r"^ {8}(\w[\w, ]*): ", row_type.__doc__, flags=re.MULTILINE)
        assert [name for names in explained for name in names.split(", ")] == [
            item.name for item in fields(row_type)
        ]
