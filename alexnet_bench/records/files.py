"""Files of JSON lines: a row a line, appended and synced to disk, so that nothing is lost in a crash.

Lines are bytes and end at a line feed alone: what else ends a line of text may stand in a value.
"""

import contextlib
import os
import stat
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import msgspec

from alexnet_bench.errors import RecordError, why_unwritable

Row = TypeVar("Row", bound=msgspec.Struct)
ENCODER = msgspec.json.Encoder()
# What decoding raises: no JSON, no UTF-8, another type, a number of thousands of digits, deep nesting.
UNDECODABLE = (msgspec.MsgspecError, ValueError, RecursionError)
# Far more than is ever written: what is larger was not written by us, and must not fill the memory.
MOST_FILE_BYTES, MOST_LINE_BYTES = 2**33, 2**26


class _Version(msgspec.Struct):
    schema_version: int = 0


@dataclass(frozen=True, kw_only=True)
class Damage:
    """A line that holds no row.

    Args:
        number: of the line, from 1 on.
        why: what is wrong with it.
        is_torn: whether it is a last line without its end, as a crash leaves one.
    """

    number: int
    why: str
    is_torn: bool


def append_rows(path: Path, rows: Iterable[msgspec.Struct], type: Any, remedy: str) -> None:
    """Add rows to a file that is there, all in one write, synced to disk; what is not a number becomes null.

    It is an error where a row does not fit its type, or the file cannot be written: `remedy` says what then.
    """
    lines = [ENCODER.encode(row) for row in rows]
    for line in lines:
        try:
            msgspec.json.decode(line, type=type)
        except UNDECODABLE as error:
            raise RecordError(f"a row of {path} does not fit the schema: {error}") from None
    try:
        # A file that is gone is not made anew: what it held would seem never to have been.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND), "ab") as file:
            file.write(b"".join(line + b"\n" for line in lines))
            sync(file)
    except OSError as error:
        raise RecordError(f"{path} cannot be written ({why_unwritable(error)}); {remedy}") from None


def read_rows(path: Path, type: Any, version: int, remedy: str) -> list[Any]:
    """The rows of a file, oldest first; a last line that was cut short by a crash is passed over.

    `version` is the newest schema that is known; `remedy` says what is to be done about a damaged line.

    Raises:
        RecordError: a line is no row of a known schema; the message names file and line.
    """
    rows, damage = sound_rows(path, type, version)
    if lines := [line for line in damage if not line.is_torn]:
        others = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
        raise RecordError(f"{path}, line {lines[0].number}: {lines[0].why}{others}; {remedy}")
    return rows


def sound_rows(path: Path, type: Any, version: int) -> tuple[list[Any], list[Damage]]:
    """The rows of a file, oldest first, and the lines that hold none.

    Raises:
        RecordError: the file cannot be read, or a line is of a newer schema than `version`.
    """
    decoder, rows, damage = msgspec.json.Decoder(type), list[Any](), list[Damage]()
    with reading(path) as file:
        for number, line in enumerate(_lines(file), 1):
            if not line.endswith(b"\n"):
                is_torn = len(line) <= MOST_LINE_BYTES
                why = "cut short" if is_torn else f"longer than {MOST_LINE_BYTES} bytes"
                damage.append(Damage(number=number, why=why, is_torn=is_torn))
                continue
            try:
                # The decoder passes over columns that it does not know, whatever they are.
                line.decode()
                row = decoder.decode(line)
            except UNDECODABLE as error:
                if newer := _newer(line, version):
                    raise RecordError(f"{path}, line {number}: {newer}") from None
                damage.append(Damage(number=number, why=str(error), is_torn=False))
                continue
            if row.schema_version > version:
                raise RecordError(f"{path}, line {number}: {_newer(line, version)}")
            rows.append(row)
    return rows, damage


def set_aside(path: Path, numbers: Collection[int], aside: Path) -> None:
    """Move lines, by their numbers from 1 on, into another file; what is appended next starts a line."""
    number, has_ended = 1, True
    with reading(path) as file:
        try:
            with replacing_durably(path) as kept, aside.open("a+b") as moved:
                moved.write(_end_of_last_line(moved))
                while piece := file.readline(MOST_LINE_BYTES):
                    (moved if number in numbers else kept).write(piece)
                    has_ended = piece.endswith(b"\n")
                    number += has_ended
                moved.write(b"" if has_ended else b"\n")
                sync(moved)
        except OSError as error:
            raise RecordError(f"{path} cannot be mended ({why_unwritable(error)})") from None


def _end_of_last_line(file: BinaryIO) -> bytes:
    """What a file lacks whose last line was cut short by a crash."""
    if not file.seek(0, os.SEEK_END):
        return b""
    file.seek(-1, os.SEEK_END)
    return b"" if file.read(1) == b"\n" else b"\n"


def is_there(path: Path) -> bool:
    """Whether there is something of that name, and not what leads nowhere or may not be looked at."""
    try:
        return path.exists()
    except OSError:
        return False


@contextlib.contextmanager
def reading(path: Path, most_bytes: int = MOST_FILE_BYTES) -> Iterator[BinaryIO]:
    """A file to read, if it is one: a pipe would be waited for, and a device never ends.

    Raises:
        RecordError: it cannot be read, is no file, or is larger than `most_bytes`.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise OSError("it is no file")
        if found.st_size > most_bytes:
            raise OSError(f"it has {found.st_size} bytes, of {most_bytes} at most")
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise RecordError(
            f"{path} cannot be read ({error.strerror or error}); give another, or make it readable"
        ) from None


@contextlib.contextmanager
def replacing(path: Path, suffix: str = "") -> Iterator[Path]:
    """A file beside another, which it replaces in one step once it is written: no reader finds half of it.

    `suffix` is what its name must end with for who writes it.
    """
    fresh = path.with_name(f"{path.name}.new{suffix}")
    try:
        yield fresh
        fresh.replace(path)
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)


@contextlib.contextmanager
def replacing_durably(path: Path) -> Iterator[BinaryIO]:
    """Likewise, opened to write; what was written outlives a loss of power that comes after it."""
    with replacing(path) as fresh, fresh.open("wb") as file:
        yield file
        sync(file)


def sync(file: BinaryIO) -> None:
    """Have what was written on disk."""
    file.flush()
    os.fsync(file.fileno())


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Each line with its end; of one that is too long, its beginning alone."""
    while line := file.readline(MOST_LINE_BYTES + 1):
        yield line
        while len(line) > MOST_LINE_BYTES and not line.endswith(b"\n"):
            line = file.readline(MOST_LINE_BYTES + 1)


def _newer(line: bytes, known: int) -> str:
    """That a row is of a newer schema; nothing where it is not."""
    try:
        found = msgspec.json.decode(line, type=_Version).schema_version
    except UNDECODABLE:
        return ""
    text = f"it has schema version {found}; this alexnet-bench reads up to {known}: update it"
    return text if found > known else ""
