"""The group of commands: finds them lazily and turns errors into one line and an exit code."""

import importlib
import sys
from collections.abc import Sequence
from typing import Any

import click

from alexnet_bench import __version__
from alexnet_bench.errors import BenchError

COMMANDS = ("run", "list", "show", "report")
DONE, FINDING, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


class LazyGroup(click.Group):
    """A group whose commands are imported when they are needed."""

    def list_commands(self, context: click.Context) -> list[str]:
        """In the order in which they are used."""
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The command of that name."""
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"alexnet_bench.cli.{name}_command").command
        return command

    def main(self, args: Sequence[str] | None = None, **options: Any) -> Any:
        """Run a command; returns the exit code where click would have left."""
        if options.get("standalone_mode", True):
            return super().main(args, **options)
        try:
            return super().main(args, **options) or DONE
        except click.exceptions.Exit as leave:
            return leave.exit_code
        except click.ClickException as error:
            error.show()
            return error.exit_code
        except BenchError as error:
            print(f"Error: {error}", file=sys.stderr)
            return BAD_INPUT
        except (KeyboardInterrupt, click.Abort):
            print("Interrupted.", file=sys.stderr)
            return INTERRUPTED


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="bench")
def bench() -> None:
    """Train and time AlexNet with and without each of its design choices.

    \b
    bench run --variants            all variants, quick preset, about six minutes on two cores
    bench run --variants @lrn       one question
    bench show no-lrn               what a variant is
    bench report RUN                tables and plots again, from the records
    """
