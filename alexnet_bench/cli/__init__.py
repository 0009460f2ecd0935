"""The `bench` command. Each command is a file and loads what it needs only when it is used."""

import io
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from alexnet_bench.cli import completion, faults, interrupts, terminal
from alexnet_bench.cli.group import BAD_INPUT, DONE, FAULT, INTERRUPTED, NOTHING_MEASURED, bench
from alexnet_bench.errors import BenchError, WorkerError

PROGRAM = "bench"


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code; what a user can put right is one line."""
    interrupts.end_in_order()
    terminal.prepare()
    code = completion.completed(bench, PROGRAM)
    if code is None:
        code = _exit_code(arguments)
    if reason := terminal.why_unwritten():
        terminal.complain("Error", f"standard output cannot be written ({reason}); what it lacks is lost")
        # A finding stays one, whoever reads of it.
        code = code or BAD_INPUT
    if sys.flags.inspect:
        # PYTHONINSPECT would swallow the code, and wait at a prompt.
        os._exit(code)
    sys.exit(code)


def _exit_code(arguments: Sequence[str] | None) -> int:
    try:
        with faults.kept_in(None):
            return bench.main(arguments, prog_name=PROGRAM, standalone_mode=False) or DONE
    except click.ClickException as error:
        text = io.StringIO()
        error.show(text)
        terminal.say(text.getvalue().rstrip(), sys.stderr)
        return BAD_INPUT
    except BenchError as error:
        terminal.complain("Error", error)
        return NOTHING_MEASURED if isinstance(error, WorkerError) else BAD_INPUT
    except faults.FaultError as error:
        terminal.complain("Error", error)
        return FAULT
    except (KeyboardInterrupt, click.Abort):
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
