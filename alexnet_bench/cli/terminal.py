"""Standard output and error, such that no terminal, pipe or disk ends a command in a traceback."""

import contextlib
import io
import json
import math
import os
import shutil
import sys
import textwrap
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import msgspec

from alexnet_bench.errors import BenchWarning
from alexnet_bench.words import plain

if TYPE_CHECKING:
    from alexnet_bench.show.table import Table

# A table of fewer or more columns than this is none.
_COLUMNS = range(20, 1000)
# Where there is no terminal, a line may be as long as it is.
_UNBOUNDED = 10**9


class _Unbreakable(io.FileIO):
    """A file that takes in what cannot be written: a reader that went away must not stop a measurement.

    Attributes:
        failure: why something was not written; a closed pipe is no failure.
    """

    failure: str | None = None

    def write(self, data: Any, /) -> int:
        """Write, or from the first failure on pretend to."""
        try:
            return super().write(data)
        except OSError as error:
            if not isinstance(error, BrokenPipeError):
                self.failure = error.strerror or str(error)
            with Path(os.devnull).open("wb") as nowhere:
                os.dup2(nowhere.fileno(), self.fileno())
            return len(memoryview(data).cast("B"))


def prepare() -> None:
    """Make the streams of this process take every character, and the environment one that tables fit into."""
    sys.stdout, sys.stderr = _stream(sys.stdout, 1), _stream(sys.stderr, 2)
    # With PYTHONWARNINGS=error a library's deprecation would end the command.
    warnings.simplefilter("ignore")
    warnings.simplefilter("always", BenchWarning)
    warnings.showwarning = _complain_once()
    for name in ("COLUMNS", "LINES"):
        value = os.environ.get(name, "")
        if value and not (value.isascii() and value.isdigit() and len(value) < 4 and int(value) in _COLUMNS):
            del os.environ[name]


def say(text: str = "", file: TextIO | None = None) -> None:
    """Print text in which a name or message may hold anything: none of it acts on the terminal."""
    print("\n".join(map(plain, text.split("\n"))), file=file)


def complain(level: str, what: object) -> None:
    """Say on standard error, in one line, what is wrong; the level is `Error` or `Warning`."""
    print(f"{level}: {plain(str(what))}", file=sys.stderr)


def _complain_once() -> Callable[..., None]:
    """What prints a warning of ours; the same one comes from each table and figure of a report."""
    said = set[str]()

    def show(message: Warning | str, *about: object) -> None:
        if (text := str(message)) not in said:
            said.add(text)
            complain("Warning", text)

    return show


def print_table(table: "Table", title: str | None = None) -> None:
    """Print a table: as wide as the terminal, or where there is none, a line a row."""
    from rich.console import Console
    from rich.text import Text

    from alexnet_bench.cli.layout import lay_out

    width = _width()
    console = Console(width=width or _UNBOUNDED, highlight=False, markup=False, emoji=False)
    with console.capture() as printed:
        if title is not None:
            console.print(Text(plain(title), style="italic"), soft_wrap=width is None)
        for part in lay_out(table, width):
            console.print(part)
    print("\n".join(line.rstrip() for line in printed.get().splitlines()))


def say_prose(text: str, indent: int = 0) -> None:
    """Print a paragraph: folded at words on a terminal, its later lines indented; elsewhere on one line."""
    width = _width()
    if width is not None:
        text = textwrap.fill(
            text, width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False
        )
    say(text)


def _width() -> int | None:
    """Columns of the terminal; None where a line may be as long as it is."""
    if sys.stdout.isatty() or "COLUMNS" in os.environ:
        return shutil.get_terminal_size().columns
    return None


def say_json(data: Any, indent: int | None = None) -> None:
    """Print data as JSON that every parser and terminal takes: what is not finite is null, all is ASCII.

    Args:
        data: of dictionaries, dataclasses, paths and tables of pandas, whose rows become objects.
        indent: of nested lines; all on one line by default.
    """
    print(json.dumps(_finite(msgspec.to_builtins(data, enc_hook=_as_builtin)), indent=indent))


def _as_builtin(value: Any) -> Any:
    return json.loads(value.to_json(orient="records")) if hasattr(value, "to_json") else str(value)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


@contextlib.contextmanager
def native_errors_unsaid() -> Iterator[None]:
    """Leave out what libraries print past Python on standard error, as TensorFlow does while it is loaded."""
    try:
        kept = os.dup(2)
    except OSError:
        # The caller has closed it.
        yield
        return
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def why_unwritten() -> str | None:
    """Why standard output lacks some of what was printed; None where it lacks nothing."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(ValueError):
            stream.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return raw.failure if isinstance(raw, _Unbreakable) else None


def _stream(stream: Any, number: int) -> Any:
    """A stream of the process made unbreakable; one that was put in its place stays as it is."""
    if stream is None:
        # Closed by the caller: the next file that is opened would get its number, and what is printed.
        return Path(os.devnull).open("w", encoding="utf-8")
    if stream not in (sys.__stdout__, sys.__stderr__) or os.name != "posix":
        return stream
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_Unbreakable(number, "w", closefd=False)),
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=stream.line_buffering,
    )
