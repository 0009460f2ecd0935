"""Files of JSON lines: a row a line, appended and synced to disk, so that nothing is lost in a crash."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from alexnet_bench.errors import RecordError

Row = TypeVar("Row", bound=msgspec.Struct)
ENCODER = msgspec.json.Encoder()


class _Version(msgspec.Struct):
    schema_version: int = 0


def append_rows(path: Path, rows: Iterable[msgspec.Struct], type: Any, remedy: str) -> None:
    """Add rows to a file, all in one write, and sync it to disk; what is not a number becomes null.

    It is an error where a row does not fit its type, or the file cannot be written: `remedy` says what then.
    """
    lines = [ENCODER.encode(row) for row in rows]
    for line in lines:
        try:
            msgspec.json.decode(line, type=type)
        except msgspec.ValidationError as error:
            raise RecordError(f"a row of {path} does not fit the schema: {error}") from None
    try:
        with path.open("ab") as file:
            file.write(b"".join(line + b"\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise RecordError(f"{path} cannot be written ({error.strerror}); {remedy}") from None


def read_rows(path: Path, type: Any, version: int) -> list[Any]:
    """The rows of a file, oldest first; a last line that was cut short by a crash is passed over.

    `version` is the newest schema that is known.

    Raises:
        RecordError: a line is no row of a known schema; the message names file and line.
    """
    decoder, found = msgspec.json.Decoder(type), []
    # Lines of bytes end at a line feed alone: what else ends a line of text may stand in a value.
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.endswith(b"\n"):
                break
            try:
                row = decoder.decode(line)
            except (msgspec.DecodeError, RecursionError) as error:
                raise RecordError(f"{path}, line {number}: {_newer(line, version) or error}") from None
            if row.schema_version > version:
                raise RecordError(f"{path}, line {number}: {_newer(line, version)}")
            found.append(row)
    return found


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file beside another, which it replaces in one step once it is written: no reader finds half of it."""
    fresh = path.with_name(f"{path.name}.new")
    try:
        yield fresh
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def mend_file(path: Path) -> None:
    """Cut off a last line that a crash left unfinished, so that what is appended starts a line."""
    if path.is_file():
        text = path.read_bytes()
        if text and not text.endswith(b"\n"):
            with path.open("r+b") as file:
                file.truncate(text.rfind(b"\n") + 1)


def _newer(line: bytes, known: int) -> str:
    """That a row is of a newer schema; nothing where it is not."""
    try:
        found = msgspec.json.decode(line, type=_Version).schema_version
    except (msgspec.DecodeError, RecursionError):
        return ""
    text = f"it has schema version {found}; this alexnet-bench reads up to {known}: update it"
    return text if found > known else ""
