"""Options that several commands share, and how their values are written."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from alexnet_bench.cli import completion
from alexnet_bench.records.schema import MODES
from alexnet_bench.run.settings import DEVICES, PRECISIONS
from alexnet_bench.words import as_share, in_short

# Where gates add what they measured.
HISTORY = "results/history.jsonl"


class _Typed(click.ParamType):
    """A value that is written in a way of its own: `read` makes it of a text, or raises a ValueError."""

    def __init__(self, name: str, what: str, read: Callable[[str], Any]) -> None:
        self.name, self.what, self.read = name, what, read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value of a text; a default is one already."""
        try:
            return self.read(value.strip()) if isinstance(value, str) else value
        except ValueError:
            return self.fail(f"{value!r} is no {self.what}", param, ctx)


def _whole_numbers(text: str) -> tuple[int, ...]:
    return tuple(int(item) for item in text.split(","))


def _seconds(text: str) -> float:
    found = re.fullmatch(r"([0-9]+\.?[0-9]*|\.[0-9]+)\s*(s|m|h|)", text)
    if found is None:
        raise ValueError
    return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]


def _pools(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]{1,9})x([0-9]{1,9})", text)
    if found is None:
        raise ValueError
    return int(found[1]), int(found[2])


class _Path(click.Path):
    """A path that may begin with `~`; an empty one would be the current folder."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self.what = what

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path."""
        if not str(value):
            return self.fail(f"the name is empty; give a {self.what}", param, ctx)
        try:
            path = Path(os.fsdecode(super().convert(value, param, ctx))).expanduser()
            path.lstat()
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            # What needs it to be there, or to be made, says so.
            return path
        except RuntimeError:
            return self.fail(f"{str(value)!r}: there is no such home folder", param, ctx)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            name = in_short(str(value))
            return self.fail(f"{name} can be no {self.what} ({why}); give another", param, ctx)
        return path


SECONDS = _Typed("TIME", "time such as 90s, 10m or 2h", _seconds)
FOLDER, FILE = _Path("folder"), _Path("file")

ablations = click.option(
    "--ablations",
    multiple=True,
    type=FOLDER,
    help="A folder of your own ablation files; they are executed. May be repeated.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
run_folder = click.option("--out", type=FOLDER, help="Run folder; results/runs/TIME by default.")
devices = click.option(
    "--devices",
    type=click.Choice(DEVICES),
    default="auto",
    show_default=True,
    help="What to run on. auto takes GPUs where a variant finds enough of them.",
)
interval = click.option(
    "--interval",
    type=_Typed("SHARE", "share such as 0.5%", as_share),
    help="Time until every ratio's 95% interval is this narrow to either side, such as 0.5%; "
    "the preset's own by default.",
)
budget = click.option(
    "--budget",
    type=SECONDS,
    help="Time for no longer than this, such as 10m; with --until-conclusive, train for no longer, too.",
)
base_python = click.option(
    "--base-python",
    type=FILE,
    metavar="PATH",
    help="Another Python interpreter, with its own TensorFlow, for the base.",
)
_TIMING = (
    click.option(
        "--time-topology",
        default="alexnet-227",
        show_default=True,
        shell_complete=completion.topology,
        help="Scale of the timed network.",
    ),
    click.option(
        "--time-batch-size",
        type=_Typed("N[,N...]", "list of whole numbers such as 16,32,64", _whole_numbers),
        help="Images a timed step, the preset's own by default (quick and compare: 16, on GPUs 128); "
        "several: a sweep.",
    ),
    click.option(
        "--time-threads",
        type=_Typed("INTRAxINTER", "pair of thread counts such as 1x2", _pools),
        help="TensorFlow's threads while timing: within an operation, and for operations side by side. As "
        "many each as there are cores by default.",
    ),
    click.option(
        "--mode",
        default="training,inference",
        show_default=True,
        shell_complete=completion.choices(MODES),
        help="Which steps are timed: training, inference, or both.",
    ),
    click.option(
        "--precision",
        default="float32",
        show_default=True,
        shell_complete=completion.choices(PRECISIONS),
        help=f"Comma-separated: {', '.join(PRECISIONS)}; TensorFloat-32 is used by tf32 alone, on GPUs that "
        "have it.",
    ),
    devices,
    ablations,
)


def timing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of all that is timed."""
    for option in reversed(_TIMING):
        command = option(command)
    return command


def typed(context: click.Context, *names: str) -> list[str]:
    """Which of a command's parameters were typed, as its options are called."""
    given = [name for name in names if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    return [f"--{name.replace('_', '-')}" for name in given]


def refuse(context: click.Context, option: str, *others: str) -> None:
    """Refuse what was typed beside an option that excludes it."""
    if given := typed(context, *others):
        raise click.UsageError(f"{option} excludes {', '.join(given)}; leave one of them out")
