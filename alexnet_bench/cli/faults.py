"""What is done about an error that nobody foresaw: it is written down, and leaves with a code of its own."""

import contextlib
import os
import shlex
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path

from alexnet_bench.errors import BenchError

# Of the environment, what the numbers may depend on; the rest is nobody's business.
_VARIABLES = ("CUDA", "KERAS", "LANG", "LC_", "MPL", "MATPLOTLIB", "OMP", "ONEDNN", "PYTHON", "TF_", "XLA")


class FaultError(Exception):
    """An error of ours; the message says what and where it is written down."""


@contextlib.contextmanager
def kept_in(folder: Path | None) -> Iterator[None]:
    """Write down what nobody foresaw, in a run's folder or, without one, in the temporary folder.

    Raises:
        FaultError: In place of an error that is neither the user's to put right nor the command line's own.
    """
    import click

    try:
        yield
    except (BenchError, FaultError, click.ClickException, click.Abort, click.exceptions.Exit):
        raise
    # A library that ends the process must not choose the exit code.
    except (Exception, SystemExit) as error:
        raise FaultError(
            f"{type(error).__name__}: {error}. This is a fault of alexnet-bench, and says nothing about what "
            f"was measured; {_write_down(error, folder)}"
        ) from error


def _write_down(error: BaseException, folder: Path | None) -> str:
    text = _description(error)
    for place in (folder, None):
        try:
            handle, name = tempfile.mkstemp(prefix="fault-", suffix=".txt", dir=place)
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
        except OSError:
            continue
        return f"please report it with {name}"
    print(text, file=sys.stderr)
    return "please report it with the lines above"


def _description(error: BaseException) -> str:
    from alexnet_bench import __version__
    from alexnet_bench.environment import describe_environment

    try:
        environment = str(describe_environment())
    except Exception as failure:
        environment = f"unknown ({failure})"
    variables = {name: value for name, value in sorted(os.environ.items()) if name.startswith(_VARIABLES)}
    return "\n".join(
        [
            f"alexnet-bench {__version__}, Python {sys.version}",
            f"command: {shlex.join(['bench', *sys.argv[1:]])}",
            f"environment: {environment}",
            *(f"{name}={value}" for name, value in variables.items()),
            "",
            *traceback.format_exception(error),
        ]
    )
