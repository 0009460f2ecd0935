"""Gets trials done, several at a time, by an executor; what makes a record the answer to a task."""

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from itertools import islice
from typing import Any

from alexnet_bench.records.schema import Trial
from alexnet_bench.run.executors.executor import Executor
from alexnet_bench.run.local import ended_early
from alexnet_bench.run.schedule import Schedule, TrialTask
from alexnet_bench.run.task import make_task

OnRecord = Callable[[Trial], None]
OnEpoch = Callable[[TrialTask, dict[str, Any]], None]


def trial_key(record: Trial) -> tuple[Any, ...]:
    """What makes a trial's record the answer to a task."""
    rate = record.recipe_settings["learning_rate"]
    return record.fingerprint, record.seed, record.purpose, rate, record.precision


def task_key(task: TrialTask) -> tuple[Any, ...]:
    """The same of a task."""
    network = task.network
    rate = network.recipe.learning_rate
    return network.fingerprint, task.seed, task.purpose, rate, network.precision


def run_trials(
    schedule: Schedule,
    tasks: Iterable[TrialTask],
    executor: Executor,
    run_id: str,
    on_record: OnRecord,
    on_epoch: OnEpoch,
) -> None:
    """Run trials, as many at a time as the executor has places; each record is handed on at once.

    A task is asked for when there is a place for it: what is due may depend on what was recorded before.
    """
    waiting = iter(tasks)
    with ThreadPoolExecutor(executor.places) as pool, ended_early(pool, executor.end):

        def begun(count: int) -> set[Future[Trial]]:
            return {
                pool.submit(executor.carry_out, make_task(schedule, task, run_id), partial(on_epoch, task))
                for task in islice(waiting, count)
            }

        running = begun(executor.places)
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            # One that cannot go on must not take with it what others have finished.
            for future in sorted(done, key=lambda future: future.exception() is not None):
                on_record(future.result())
                running |= begun(1)
    executor.rest()
