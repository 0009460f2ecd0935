"""Times what a plan asks for until it is satisfied, and hands on each record."""

from collections.abc import Callable

from alexnet_bench.records.schema import Draw
from alexnet_bench.run.session import Sessions
from alexnet_bench.run.timing_plan import DrawTask, TimingPlan


def time_contenders(
    plan: TimingPlan,
    sessions: Sessions,
    recorded: list[Draw],
    on_records: Callable[[list[Draw]], None],
    on_event: Callable[[DrawTask, str], None],
) -> list[Draw]:
    """Run sessions until the plan wants no more.

    Args:
        plan: decides from the records what is due.
        sessions: what runs it.
        recorded: draws that there are.
        on_records: is given the records of each session as it ends.
        on_event: is told what a session does.

    Returns:
        All draws.
    """
    records = list(recorded)
    while (task := plan.next_task(records)) is not None:
        found = sessions.run(task, lambda event, task=task: on_event(task, event))  # type: ignore[misc]
        records += found
        on_records(found)
    return records
