"""The progress of a run, on the terminal: what is running, how much is left, and for how long."""

import shlex
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from alexnet_bench import api
from alexnet_bench.analysis.metrics import headline
from alexnet_bench.cli import faults
from alexnet_bench.records.manifest import Plan
from alexnet_bench.records.run_folder import RETRIED
from alexnet_bench.records.schema import BASE, AnyRecord, Draw, Trial
from alexnet_bench.run.observer import Observer
from alexnet_bench.run.schedule import TrialTask
from alexnet_bench.run.timing_plan import DrawTask
from alexnet_bench.words import counted, joined, plain


class Progress(Observer):
    """An observer of a run that draws bars on a terminal, and prints a line a record elsewhere.

    Args:
        quiet: print nothing.
    """

    def __init__(self, quiet: bool = False) -> None:
        self._begun = False
        self._console = Console(stderr=True, quiet=quiet)
        self._bars = Bars(
            TextColumn("{task.description:<12}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[now]}", style="dim", markup=False),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._tasks = {
            name: self._bars.add_task(name, total=None, now="", visible=False)
            for name in ("throughput", "tuning", "accuracy")
        }

    def __enter__(self) -> "Progress":
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def begun(self, plan: Plan) -> None:
        """Say what is compared."""
        self._say(f"Variants: {joined(list(plan.variants))}.")

    def retried(self, records: Sequence[AnyRecord]) -> None:
        """Say what is done again."""
        kinds = Counter((record.kind, record.status) for record in records)
        for (kind, status), count in kinds.items():
            self._say(f"Done again: {counted(count, kind)}, {status}; see {RETRIED}.")

    def planned(self, tuning: int, trials: int, draws: int) -> None:
        """Take in how much is left to do, and at first say so: workers take seconds to start."""
        if not self._begun:
            todo = {"draw": draws, "tuning trial": tuning, "trial": trials}
            parts = [counted(count, noun) for noun, count in todo.items() if count]
            self._say(f"Starting workers for {joined(parts)}." if parts else "Nothing is left to do.")
            self._begun = True
        for name, total in (("tuning", tuning), ("accuracy", trials), ("throughput", draws)):
            if total:
                self._bars.reset(self._tasks[name], total=total, visible=True, start=False)

    def epoch(self, task: TrialTask, row: dict[str, Any]) -> None:
        """Show the epoch of a trial."""
        most, name = task.most_epochs or task.network.recipe.epochs, task.network.variant.name
        self._show(_bar_of(task.purpose), f"{name} seed {task.seed} epoch {row['epoch']}/{most}")

    def recorded(self, record: AnyRecord) -> None:
        """Count a trial or what a draw ends, and print the record's line."""
        if isinstance(record, Trial):
            bar = self._tasks[_bar_of(record.purpose)]
            self._bars.start_task(bar)
            self._bars.advance(bar)
        else:
            draws = self._tasks["throughput"]
            self._bars.update(draws, completed=round(self._bars.tasks[draws].completed))
        self._say(_line(record), style=None if record.succeeded else "red")

    def timing(self, task: DrawTask, event: str) -> None:
        """Show where timing is: it builds the networks, warms each up, goes through the rounds."""
        self._show("throughput", f"{len(task.contenders)} networks: {event}")
        self._bars.advance(self._tasks["throughput"], 1 / (1 + len(task.contenders) + task.rounds))

    def stopped(self, reason: str) -> None:
        """Say why less is trained than was planned."""
        self._say(reason)

    def _say(self, text: str, style: str | None = None) -> None:
        # A line as long as it is: on no terminal, nobody needs it folded.
        self._console.print(
            plain(text), style=style, highlight=False, markup=False, emoji=False, soft_wrap=True
        )

    def _show(self, name: str, now: str) -> None:
        self._bars.start_task(self._tasks[name])
        self._bars.update(self._tasks[name], now=plain(now))


def time_sides(settings: dict[str, Any], *, quiet: bool, **how: Any) -> api.Timed:
    """As `api.time_sides`, for what was typed: with progress, and faults kept in the run folder."""

    @contextmanager
    def watched(folder: Path) -> Iterator[Progress]:
        with faults.kept_in(folder), Progress(quiet=quiet) as progress:
            yield progress

    return api.time_sides(shlex.join(["bench", *sys.argv[1:]]), settings, watched=watched, **how)


def _bar_of(purpose: str) -> str:
    return "accuracy" if purpose == "result" else "tuning"


def _line(record: AnyRecord) -> str:
    base = f" ({BASE})" if isinstance(record, Draw) and record.side == BASE else ""
    name = f"{record.variant + base:<24}"
    if not record.succeeded:
        return f"{name} {record.status}: {record.error or ''}"
    if isinstance(record, Draw):
        return f"{name} draw {record.draw}: {record.images_per_second:,.1f} images/s {record.mode}"
    metric = headline([record])
    error = f"{metric.of(record):.2f}% {metric.label}, " if metric else ""
    return f"{name} seed {record.seed}{_rate(record)}: {error}{record.duration_seconds:.1f} s"


def _rate(trial: Trial) -> str:
    """The rate that a trial tries."""
    return f" at rate {trial.recipe_settings['learning_rate']:.3g}" if trial.purpose == "tuning" else ""
