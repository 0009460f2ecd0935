"""`results/README.md` says what every column of the schema means."""

from pathlib import Path

from alexnet_bench.records.schema import COLUMNS

README = Path(__file__).parents[1] / "results" / "README.md"


def column_row(column):
    required = "" if column.required else "may be null; "
    agrees = "; must agree" if column.agrees else ""
    return f"| `{column.name}` | {' and '.join(column.kinds)} | {required}{column.about}{agrees} |"


def test_every_column_is_explained_as_the_schema_has_it_and_no_other():
    columns = README.read_text(encoding="utf-8").partition("## Columns")[2]
    rows = [line for line in columns.splitlines() if line.startswith("| `")]

    assert rows == [column_row(column) for column in COLUMNS]
