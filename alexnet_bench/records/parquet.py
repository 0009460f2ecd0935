"""Writes records as Parquet, always with the same types, so that files of several runs are read together."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

import msgspec

from alexnet_bench.records.schema import COLUMNS, AnyRecord

if TYPE_CHECKING:
    import pyarrow as pa


def write_parquet(records: Iterable[AnyRecord], path: Path) -> None:
    """Write records; a column that holds an object whose keys differ from run to run as JSON text."""
    import pyarrow as pa
    from pyarrow import parquet

    rows = msgspec.to_builtins(list(records))
    schema = pa.schema([(column.name, _arrow(column.type)) for column in COLUMNS])
    columns = {column.name: [_value(row.get(column.name), column.type) for row in rows] for column in COLUMNS}
    parquet.write_table(pa.table(columns, schema=schema), path)


def _arrow(hint: Any) -> "pa.DataType":
    """The Parquet type of a column of the schema."""
    import pyarrow as pa

    simple = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    if hint in simple:
        return simple[hint]
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return pa.struct([(name, _arrow(of)) for name, of in get_type_hints(hint).items()])
    if get_origin(hint) is tuple:
        return pa.list_(_arrow(get_args(hint)[0]))
    values = [item for item in get_args(hint) if item is not type(None)]
    # Choices of text, text or numbers, objects of free keys: all of them as text.
    return _arrow(values[0]) if len(values) == 1 and values[0] in simple else pa.string()


def _value(value: Any, hint: Any) -> Any:
    """A value as its Parquet type takes it."""
    if isinstance(value, dict) and get_origin(hint) is dict:
        return json.dumps(value, sort_keys=True)
    if isinstance(value, list | tuple) and _arrow(hint) == _arrow(tuple[str, ...]):
        return [str(item) for item in value]
    return value
