"""How a run gets on, for scripts and notebooks: plain lines, or one line that is updated."""

import sys
from collections import Counter
from typing import Any

from alexnet_bench.analysis.metrics import headline
from alexnet_bench.records.manifest import Plan
from alexnet_bench.records.schema import AnyRecord, Trial
from alexnet_bench.run.observer import Observer
from alexnet_bench.run.schedule import TrialTask
from alexnet_bench.run.timing_plan import DrawTask
from alexnet_bench.words import counted, joined, plain


def make_progress() -> Observer:
    """What shows how a run gets on, as it suits where Python was started."""
    return OneLine() if in_notebook() else Lines()


def in_notebook() -> bool:
    """Whether this is a kernel, whose output is a document."""
    find_shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)
    return hasattr(find_shell(), "kernel")


class Lines(Observer):
    """Prints a line on standard error for each record: results are a script's own to print."""

    def begun(self, plan: Plan) -> None:
        """Say what is compared."""
        self._say(f"Variants: {joined(list(plan.variants))}. Starting workers.")

    def recorded(self, record: AnyRecord) -> None:
        """Say what came of it."""
        self._say(line_of(record))

    def stopped(self, reason: str) -> None:
        """Say why less is trained than was planned."""
        self._say(reason)

    def _say(self, text: str) -> None:
        print(plain(text), file=sys.stderr, flush=True)


class OneLine(Observer):
    """Keeps one line of a notebook up to date: what is left, and what is going on; failures stay below it."""

    def __init__(self) -> None:
        from IPython.display import DisplayHandle

        self._handle, self._left, self._now = DisplayHandle(), Counter[str](), ""
        self._draws, self._failures = set[int](), list[str]()
        self._handle.display(self._shown("Starting."), raw=True)

    def begun(self, plan: Plan) -> None:
        """Show what is compared."""
        self._update(f"starting workers for {joined(list(plan.variants))}")

    def planned(self, tuning: int, trials: int, draws: int) -> None:
        """Take in how much is left."""
        self._left = Counter({"tuning trial": tuning, "trial": trials, "draw": draws})
        self._update()

    def epoch(self, task: TrialTask, row: dict[str, Any]) -> None:
        """Show the epoch of a trial."""
        most, name = task.most_epochs or task.network.recipe.epochs, task.network.variant.name
        self._update(f"{name} seed {task.seed}, epoch {row['epoch']} of {most}")

    def recorded(self, record: AnyRecord) -> None:
        """Take what is done off what is left."""
        if isinstance(record, Trial):
            self._left["trial" if record.purpose == "result" else "tuning trial"] -= 1
        elif record.draw not in self._draws:
            self._draws.add(record.draw)
            self._left["draw"] -= 1
        if record.succeeded:
            self._update(line_of(record))
        else:
            self._failures.append(line_of(record))
            self._update(f"{record.variant} {record.status}")

    def timing(self, task: DrawTask, event: str) -> None:
        """Show where timing is."""
        self._update(f"draw {task.draw}, {counted(len(task.contenders), 'network')}: {event}")

    def stopped(self, reason: str) -> None:
        """Keep why less is trained than was planned."""
        self._failures.append(reason)
        self._update()

    def _update(self, now: str | None = None) -> None:
        self._now = self._now if now is None else now
        left = [counted(count, noun) for noun, count in self._left.items() if count > 0]
        parts = filter(None, (f"{joined(left)} left" if left else "", self._now))
        self._handle.update(self._shown("; ".join(parts)), raw=True)

    def _shown(self, line: str) -> dict[str, str]:
        return {"text/plain": "\n".join(map(plain, (line, *self._failures)))}


def line_of(record: AnyRecord) -> str:
    """A record in a line."""
    if not record.succeeded:
        return f"{record.variant} {record.status}: {record.error or ''}"
    if not isinstance(record, Trial):
        speed = f"{record.images_per_second:,.1f} images/s"
        return f"{record.variant} draw {record.draw}: {speed} {record.mode}"
    metric = headline([record])
    error = f"{metric.of(record):.2f}% {metric.label}, " if metric else ""
    return f"{record.variant} seed {record.seed}: {error}{record.duration_seconds:.1f} s"
