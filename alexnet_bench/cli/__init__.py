"""The `bench` command. Each command is a file and loads what it needs only when it is used."""

import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from alexnet_bench.cli.exits import BAD_INPUT, DONE, INTERRUPTED, NOTHING_MEASURED
from alexnet_bench.cli.group import bench
from alexnet_bench.errors import BenchError, WorkerError


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code; what a user can put right is one line."""
    # A CI that cancels a job terminates it: as after Ctrl-C, no worker may go on and nothing may be lost.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(_exit_code(arguments))


def _exit_code(arguments: Sequence[str] | None) -> int:
    try:
        return bench.main(arguments, prog_name="bench", standalone_mode=False) or DONE
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BenchError as error:
        print(f"Error: {error}", file=sys.stderr)
        return NOTHING_MEASURED if isinstance(error, WorkerError) else BAD_INPUT
    except (KeyboardInterrupt, click.Abort):
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
