"""Writes records as Parquet, always with the same types, so that files of several runs are read together."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

import msgspec

from alexnet_bench.records.schema import COLUMNS, AnyRecord

if TYPE_CHECKING:
    import pyarrow as pa

# Records that are converted together.
AT_ONCE = 500


def write_parquet(records: Iterable[AnyRecord], path: Path) -> None:
    """Write records; a column that holds an object whose keys differ from run to run as JSON text."""
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema([(column.name, _arrow(column.type)) for column in COLUMNS])
    tables = [schema.empty_table(), *(_table(rows, schema) for rows in _batched(records))]
    # Of a name, Arrow would make an address, and it takes none that is not UTF-8.
    with path.open("wb") as file:
        parquet.write_table(pa.concat_tables(tables), file)


def _batched(records: Iterable[AnyRecord]) -> Iterator[list[AnyRecord]]:
    """Some records at a time: as objects of Python they take many times the memory."""
    left = iter(records)
    while some := list(islice(left, AT_ONCE)):
        yield some


def _table(records: Sequence[AnyRecord], schema: "pa.Schema") -> "pa.Table":
    import pyarrow as pa

    rows = msgspec.to_builtins(records)
    columns = {}
    for column in COLUMNS:
        convert = _converter(column.type)
        columns[column.name] = [convert(row.get(column.name)) for row in rows]
    return pa.table(columns, schema=schema)


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


def _converter(hint: Any) -> Callable[[Any], Any]:
    """Makes of a column's values what its Parquet type takes."""
    if get_origin(hint) is dict:
        return lambda value: json.dumps(value, sort_keys=True) if isinstance(value, dict) else value
    if _arrow(hint) == _arrow(tuple[str, ...]):
        return lambda value: [str(item) for item in value] if isinstance(value, list | tuple) else value
    return lambda value: value
