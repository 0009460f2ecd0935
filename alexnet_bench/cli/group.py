"""The group of commands, found lazily."""

import importlib
from typing import Any

import click

from alexnet_bench import __version__
from alexnet_bench.cli import faults
from alexnet_bench.errors import UnknownNameError

# Exit codes.
DONE, FINDING, BAD_INPUT, NOTHING_MEASURED, FAULT, INTERRUPTED = 0, 1, 2, 3, 4, 130
COMMANDS = (
    "run",
    "list",
    "show",
    "report",
    "compare",
    "gate",
    "history",
    "claims",
    "fit",
    "doctor",
    "profile",
    "export",
)


class LazyGroup(click.Group):
    """A group whose commands are imported when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which they are used."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"alexnet_bench.cli.{cmd_name}_command").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is asked for; of one that there is not, the closest."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise UnknownNameError("command", [args[0]], COMMANDS)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Carry a command out."""
        # Around this, click takes a closed pipe or the end of a file, of whatever, for its own.
        with faults.kept_in(None):
            return super().invoke(ctx)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="bench")
def bench() -> None:
    """Train and time AlexNet with and without each of its design choices.

    \b
    bench run --variants            the paper's four questions (--dry-run estimates how long)
    bench run --variants @lrn       one question
    bench show no-lrn               what a variant is
    bench report RUN                tables and plots again, from the records
    bench compare --base main       this code against other code, slice by slice
    bench gate                      has this branch become slower?
    bench history                   throughput over commits, with its changes
    bench claims RUN                the paper's claims against what was measured
    bench fit photos                which variant suits a folder of photographs, in sentences
    bench doctor                    what this machine can do, and what would spoil results

    \b
    Exit codes: 0 done
                1 a finding: a regression, failed trials
                2 wrong usage or bad input
                3 nothing could be measured; with --strict also inconclusive or not comparable
                4 a fault of this program, with where it is written down
              130 interrupted
    Where several hold: 4, 1, 2, 3, 0.
    """
