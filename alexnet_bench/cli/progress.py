"""The progress of a run, on the terminal: what is running, how much is left, and for how long."""

import shlex
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from math import ceil
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bars
from rich.text import Text

from alexnet_bench import api
from alexnet_bench.analysis.metrics import headline
from alexnet_bench.cli import faults
from alexnet_bench.cli.forecast import Forecast
from alexnet_bench.records.manifest import Plan
from alexnet_bench.records.run_folder import RETRIED
from alexnet_bench.records.schema import BASE, AnyRecord, Draw, Trial
from alexnet_bench.run.capacity import uses_gpus
from alexnet_bench.run.cost import Costs, speed_of
from alexnet_bench.run.observer import Observer
from alexnet_bench.run.schedule import TrialTask
from alexnet_bench.run.timing_plan import DrawTask
from alexnet_bench.run.trials import task_key, trial_key
from alexnet_bench.words import counted, joined, plain
from alexnet_bench.worker.nvml import visible_gpus

THROUGHPUT, TUNING, ACCURACY = "throughput", "tuning", "accuracy"
_BAR_WIDTH = 16


class Progress(Observer):
    """An observer of a run that draws bars on a terminal, and prints a line a record elsewhere.

    Args:
        quiet: print nothing.
        costs: what the parts of the run are estimated to take.
        is_open: whether more may follow than is planned.
        clock: seconds.
    """

    def __init__(
        self,
        quiet: bool = False,
        costs: Costs | None = None,
        is_open: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._begun, self._costs, self._forecast = False, costs, Forecast(clock)
        self._console = Console(stderr=True, quiet=quiet)
        self._bars = _Bars(self._console, self._forecast, is_open, clock)
        self._tasks = {
            name: self._bars.add_task(name, total=None, now="", visible=False)
            for name in (THROUGHPUT, TUNING, ACCURACY)
        }
        self._drawing: DrawTask | None = None
        self._events = 0

    def __enter__(self) -> "Progress":
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def begun(self, plan: Plan) -> None:
        """Say what is compared, before workers start."""
        self._say(f"Variants: {joined(list(plan.variants))}.")
        trained = [name for name in plan.variants if name not in plan.aliases]
        timed = plan.variants if plan.timed is None else plan.timed
        for bar, names in ((THROUGHPUT, timed), (TUNING, trained), (ACCURACY, trained)):
            self._show(bar, ", ".join(names))

    def retried(self, records: Sequence[AnyRecord]) -> None:
        """Say what is done again."""
        kinds = Counter((record.kind, record.status) for record in records)
        for (kind, status), count in kinds.items():
            self._say(f"Done again: {counted(count, kind)}, {status}; see {RETRIED}.")

    def due(self, trials: Sequence[TrialTask]) -> None:
        """Take in what the trials that are left cost."""
        if self._costs:
            self._forecast.plan(ACCURACY, sum(map(self._costs.of_trial, trials)))

    def planned(self, tuning: int, trials: int, draws: int) -> None:
        """Take in how much is left to do, and at first say so: workers take seconds to start."""
        if not self._begun:
            todo = {"draw": draws, "tuning trial": tuning, "trial": trials}
            parts = [counted(count, noun) for noun, count in todo.items() if count]
            self._say(f"Starting workers for {joined(parts)}." if parts else "Nothing is left to do.")
            self._begun = True
        if draws and self._costs and self._costs.each_draw:
            self._forecast.plan(THROUGHPUT, draws * self._costs.each_draw)
        for name, left in ((TUNING, tuning), (ACCURACY, trials), (THROUGHPUT, draws)):
            if left:
                bar = self._bars.tasks[self._tasks[name]]
                self._bars.update(bar.id, total=bar.completed + left, visible=True)

    def started(self, task: TrialTask) -> None:
        """Show which trial is begun."""
        if self._costs:
            self._forecast.begin(task_key(task), ACCURACY, self._costs.of_trial(task))
        self._show(_bar_of(task.purpose), _trial(task))

    def epoch(self, task: TrialTask, row: dict[str, Any]) -> None:
        """Show the epoch of a trial."""
        most = task.most_epochs or task.network.recipe.epochs
        self._forecast.at(task_key(task), row["epoch"] / most)
        self._show(_bar_of(task.purpose), f"{_trial(task)} epoch {row['epoch']}/{most}")

    def recorded(self, record: AnyRecord) -> None:
        """Count a trial or what a draw ends, and print the record's line."""
        if isinstance(record, Trial):
            self._forecast.end(trial_key(record))
            self._bars.advance(self._tasks[_bar_of(record.purpose)])
        else:
            self._end_draw()
        self._say(_line(record), style=None if record.succeeded else "red")

    def timing(self, task: DrawTask, event: str) -> None:
        """Show where timing is: it builds the networks, warms each up, goes through the rounds."""
        if task is not self._drawing:
            self._end_draw()
            self._expect_draw(task)
        elif self._events == 1 and self._costs:
            # What comes before is to start workers, the first time for long, and none of a draw's own time.
            self._forecast.begin(THROUGHPUT, THROUGHPUT, self._costs.of_draw(task))
        # Starting workers and building, a warm-up each, the rounds.
        self._events += 1
        share = self._events / (3 + len(task.contenders) + task.rounds)
        self._forecast.at(THROUGHPUT, share)
        names = dict.fromkeys(contender.network.variant.name for contender in task.contenders)
        self._show(THROUGHPUT, f"{event}: {', '.join(names)}")

    def stopped(self, reason: str) -> None:
        """Say why less is trained than was planned."""
        self._say(reason)

    def _expect_draw(self, task: DrawTask) -> None:
        self._drawing, self._events = task, 0
        bar = self._bars.tasks[self._tasks[THROUGHPUT]]
        # Where more draws turn out to be needed than were planned.
        total = max(bar.total or 0, bar.completed + 1)
        self._bars.update(bar.id, total=total)
        if self._costs and not self._costs.each_draw and not bar.completed:
            self._forecast.plan(THROUGHPUT, total * self._costs.of_draw(task))

    def _end_draw(self) -> None:
        if self._drawing is not None:
            self._drawing = None
            self._forecast.end(THROUGHPUT)
            self._bars.advance(self._tasks[THROUGHPUT])

    def _say(self, text: str, style: str | None = None) -> None:
        # A line as long as it is: on no terminal, nobody needs it folded.
        self._console.print(
            plain(text), style=style, highlight=False, markup=False, emoji=False, soft_wrap=True
        )

    def _show(self, name: str, now: str) -> None:
        self._bars.update(self._tasks[name], now=plain(now))


class _Bars(Bars):
    """A bar a kind of work, and below them how long the run has taken and will.

    Args:
        is_open: whether more may follow than is planned.
    """

    def __init__(
        self, console: Console, forecast: Forecast, is_open: bool, clock: Callable[[], float]
    ) -> None:
        self._forecast, self._clock, self._begun_at = forecast, clock, clock()
        self._left = "at least {} left" if is_open else "about {} left"
        super().__init__(
            TextColumn("{task.description:<10}"),
            BarColumn(_BAR_WIDTH),
            MofNCompleteColumn(),
            TextColumn("{task.fields[now]}", style="dim", markup=False),
            console=console,
            disable=not console.is_terminal,
        )

    def get_renderables(self) -> Iterable[RenderableType]:
        """What is drawn anew several times a second."""
        yield from super().get_renderables()
        parts = [f"{_clock_text(self._clock() - self._begun_at)} elapsed"]
        if not self._forecast.is_over:
            # Never nothing, while something goes on.
            parts.append(self._left.format(_clock_text(max(1.0, self._forecast.seconds))))
        yield Text(", ".join(parts), style="dim")


def _clock_text(seconds: float) -> str:
    """Hours, minutes and seconds: `0:04:30`."""
    return str(timedelta(seconds=ceil(seconds)))


def _trial(task: TrialTask) -> str:
    return f"{task.network.variant.name} seed {task.seed}"


def time_sides(settings: dict[str, Any], *, quiet: bool, **how: Any) -> api.Timed:
    """As `api.time_sides`, for what was typed: with progress, and faults kept in the run folder."""

    @contextmanager
    def watched(folder: Path) -> Iterator[Progress]:
        devices = settings.get("devices", "auto")
        on_gpus = uses_gpus(devices, visible_gpus)
        costs = None if quiet else Costs(speed=speed_of(on_gpus=on_gpus))
        with faults.kept_in(folder), Progress(quiet=quiet, costs=costs, is_open=True) as progress:
            yield progress

    return api.time_sides(shlex.join(["bench", *sys.argv[1:]]), settings, watched=watched, **how)


def _bar_of(purpose: str) -> str:
    return ACCURACY if purpose == "result" else TUNING


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
