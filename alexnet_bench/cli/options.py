"""Options that several commands share, and how their values are written."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from alexnet_bench.run.settings import DEVICES, PRECISIONS

# Where gates add what they measured.
HISTORY = "results/history.jsonl"


class _WholeNumbers(click.ParamType):
    name = "N[,N...]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The numbers of a comma-separated list."""
        if isinstance(value, tuple):
            return value
        try:
            return tuple(int(item) for item in str(value).split(","))
        except ValueError:
            return self.fail(f"{value!r} is no list of whole numbers such as 16,32,64", param, ctx)


class _Share(click.ParamType):
    name = "SHARE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """A share from percent or a plain number."""
        if isinstance(value, float):
            return value
        try:
            share = float(value[:-1]) / 100 if value.endswith("%") else float(value)
        except ValueError:
            share = 0.0
        return share if 0 < share < 1 else self.fail(f"{value!r} is no share such as 0.5%", param, ctx)


class _Seconds(click.ParamType):
    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Seconds from a number with a unit."""
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"([0-9.]+)\s*(s|m|h|)", value.strip())
        if found is None or found[1].count(".") > 1 or found[1] == ".":
            return self.fail(f"{value!r} is no time such as 90s, 10m or 2h", param, ctx)
        return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]


class _Pools(click.ParamType):
    name = "INTRAxINTER"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Two numbers of threads."""
        if isinstance(value, tuple):
            return value
        found = re.fullmatch(r"([0-9]{1,9})x([0-9]{1,9})", value.strip())
        if found is None:
            return self.fail(f"{value!r} is no pair of thread counts such as 1x2", param, ctx)
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
            return Path(os.fsdecode(super().convert(value, param, ctx))).expanduser()
        except RuntimeError:
            return self.fail(f"{str(value)!r}: there is no such home folder", param, ctx)


SECONDS, FOLDER, FILE = _Seconds(), _Path("folder"), _Path("file")

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
    type=_Share(),
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
        "--time-topology", default="alexnet-227", show_default=True, help="Scale of the timed network."
    ),
    click.option(
        "--time-batch-size",
        type=_WholeNumbers(),
        help="Images a timed step, the preset's own by default (quick and compare: 16); several: a sweep.",
    ),
    click.option(
        "--time-threads",
        type=_Pools(),
        help="TensorFlow's threads while timing: within an operation, and for operations side by side. As "
        "many each as there are cores by default.",
    ),
    click.option(
        "--mode",
        default="training,inference",
        show_default=True,
        help="Which steps are timed: training, inference, or both.",
    ),
    click.option(
        "--precision",
        default="float32",
        show_default=True,
        help=f"Keras dtype policies, comma-separated: {', '.join(PRECISIONS)}.",
    ),
    devices,
    ablations,
)


def timing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of all that is timed."""
    for option in reversed(_TIMING):
        command = option(command)
    return command
