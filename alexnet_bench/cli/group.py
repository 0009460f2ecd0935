"""The group of commands, found lazily."""

import importlib

import click

from alexnet_bench import __version__

COMMANDS = ("run", "list", "show", "report", "compare", "gate", "history", "claims", "doctor")


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


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="bench")
def bench() -> None:
    """Train and time AlexNet with and without each of its design choices.

    \b
    bench run --variants            all variants, quick preset (--dry-run estimates how long)
    bench run --variants @lrn       one question
    bench show no-lrn               what a variant is
    bench report RUN                tables and plots again, from the records
    bench compare --base main       this code against other code, slice by slice
    bench gate                      has this branch become slower?
    bench history                   throughput over commits, with its changes
    bench claims RUN                the paper's claims against what was measured
    bench doctor                    what this machine can do, and what would spoil results
    """
