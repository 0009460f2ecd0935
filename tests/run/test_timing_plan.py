"""What is timed next, from what has been recorded; nothing is started."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as replaced
from whole_records import record

from alexnet_bench.network.registry import load_registry
from alexnet_bench.records.schema import MODES
from alexnet_bench.run.effort import Effort, draws_effort
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import Settings
from alexnet_bench.run.timing_plan import (
    FEWEST_DRAWS_IN_BUDGET,
    FEWEST_ROUNDS,
    LARGEST_FACTOR,
    LEAST_FACTOR,
    TimingPlan,
)

REGISTRY = load_registry()
# Those with a timed step of their own.
ALL = ["alexnet", "tanh", "no-dropout", "single-tower", "one-gpu", "two-gpu", "pad-224", "lrn", "no-lrn"]
DRAWS = 2
EFFORT = Effort(draws=DRAWS, rounds=5, slice_seconds=0.1)
# By hand: what a contender costs before its first slice, and a slice.
BUILD_SECONDS, SLICE_SECONDS = 2.0, 0.1
DRAW = record("draw")


def plan_of(variants, effort=EFFORT, at_once=99):
    pairs = Schedule(Settings(variants=variants), REGISTRY).timing.pairs
    return TimingPlan(pairs, effort, lambda: at_once)


def names(task):
    return [contender.network.variant.name for contender in task.contenders]


def rows_of(task, step=1, rate=lambda name, draw, number: 100.0, build_seconds=BUILD_SECONDS, **changes):
    """The records that a task leaves, backwards if step is -1."""
    slices, rounds = len(task.contenders) * len(task.modes) * task.rounds, range(task.rounds)
    return [
        replaced(
            DRAW,
            draw=task.draw,
            side=contender.side,
            variant=(name := contender.network.variant.name),
            precision=contender.network.precision,
            batch_size=contender.network.recipe.batch_size,
            fingerprint=contender.network.fingerprint,
            mode=mode,
            duration_seconds=build_seconds * len(task.contenders) + SLICE_SECONDS * slices,
            round_ids=tuple(f"{task.draw}.{number}" for number in rounds),
            slice_steps=(1,) * task.rounds,
            slice_seconds=tuple(SLICE_SECONDS * 100 / rate(name, task.draw, number) for number in rounds),
            **changes,
        )
        for contender in task.contenders[::step]
        for mode in task.modes
    ]


def carried_out(plan, rows=(), most=500, **how):
    """All tasks until the plan wants no more, and the records then."""
    tasks, rows = [], list(rows)
    while (task := plan.next_task(rows)) is not None:
        assert len(tasks) < most
        tasks.append(task)
        rows += rows_of(task, **how)
    return tasks, rows


# -- who is timed together


@settings(max_examples=15)
@given(st.integers(2, len(ALL)), st.integers(2, 12))
def test_tasks_hold_the_control_and_as_many_others_as_memory(count, at_once):
    plan = plan_of(",".join(ALL[:count]), at_once=at_once)

    tasks, rows = carried_out(plan)

    assert all(names(task)[0] == "alexnet" for task in tasks)
    assert [task.draw for task in tasks] == list(range(len(tasks)))
    others = [name for task in tasks for name in names(task)[1:]]
    assert sorted(others) == sorted(DRAWS * ALL[1:count])
    sizes = {len(task.contenders) for task in tasks}
    assert max(sizes) <= at_once
    assert max(sizes) - min(sizes) <= 1
    assert (plan.tasks_left([]), plan.tasks_left(rows)) == (len(tasks), 0)


def test_the_control_comes_first_wherever_it_was_named():
    assert names(plan_of("tanh,no-lrn,alexnet").next_task([])) == ["alexnet", "tanh", "no-lrn"]


def test_a_variant_by_itself_is_timed_all_the_same():
    tasks, _ = carried_out(plan_of("alexnet"))

    assert [names(task) for task in tasks] == [["alexnet"]] * DRAWS


@settings(max_examples=10)
@given(st.sets(st.sampled_from([*ALL[1:], "tanh-he", "tanh-normal"]), min_size=1), st.integers(2, 6))
def test_every_task_is_of_one_control_and_of_arms_that_are_held_against_it(chosen, at_once):
    schedule = Schedule(Settings(variants=",".join(chosen)), REGISTRY)

    tasks, _ = carried_out(TimingPlan(schedule.timing.pairs, EFFORT, lambda: at_once))

    beside = [(name, names(task)[0]) for task in tasks for name in names(task)[1:] or names(task)]
    controls = schedule.compared.controls
    assert all(controls[name] == control for name, control in beside)
    arms = [name for name in schedule.compared.names if controls[name] != name]
    assert all([name for name, _ in beside].count(arm) == DRAWS for arm in arms)


@settings(max_examples=20)
@given(st.integers(1, 6), st.integers(2, 6), st.integers(2, 6), st.integers(0, 30), st.sampled_from([1, -1]))
def test_a_run_that_goes_on_times_what_is_missing_whatever_memory_holds_now(count, before, now, cut, step):
    chosen = ",".join(ALL[:count])
    _, rows = carried_out(plan_of(chosen, at_once=before), step=step)
    second = plan_of(chosen, at_once=now)

    _, everything = carried_out(second, rows[:cut])

    keys = [(row.draw, row.variant, row.mode) for row in everything]
    assert len(set(keys)) == len(keys)
    for name in ALL[:count]:
        beside_the_control = [
            draw
            for draw in {row.draw for row in everything}
            if all((draw, variant, mode) in keys for variant in (name, "alexnet") for mode in MODES)
        ]
        assert len(beside_the_control) >= DRAWS
        assert name == "alexnet" or len(beside_the_control) == DRAWS
    assert second.next_task(everything) is None


def test_a_variant_that_was_edited_is_timed_again():
    plan = plan_of("alexnet,tanh")
    _, rows = carried_out(plan)
    edited = [replaced(row, fingerprint="other") if row.variant == "tanh" else row for row in rows]

    again, _ = carried_out(plan, edited)

    assert [(task.draw, names(task)) for task in again] == [
        (2, ["alexnet", "tanh"]),
        (3, ["alexnet", "tanh"]),
    ]


def test_a_mode_that_is_not_asked_for_is_not_waited_for():
    plan = plan_of("alexnet,tanh", Effort(modes=("training",), draws=3, rounds=2, slice_seconds=0.1))

    assert len(carried_out(plan)[0]) == 3


# -- until when


def noisy(draws=0.01, rounds=0.005):
    """Rates that differ from draw to draw and from round to round by a known pattern."""

    def rate(name, draw, number):
        return 100.0 * math.exp((name == "tanh") * (draws * (-1) ** draw + rounds * (-1) ** number))

    return rate


@pytest.mark.parametrize(("interval", "fewest"), [(0.05, 4), (0.01, 6), (0.004, 20)])
def test_timing_goes_on_until_the_interval_is_as_narrow_as_asked(interval, fewest):
    plan = plan_of("alexnet,tanh", Effort(draws=4, rounds=4, slice_seconds=0.1, interval=interval))

    tasks, rows = carried_out(plan, rate=noisy())

    assert fewest <= len(tasks) < 200
    before = [row for row in rows if row.draw < len(tasks) - 1]
    assert len(tasks) == 4 or plan.next_task(before) is not None


def test_an_interval_needs_the_draws_that_make_one_however_quiet_the_machine():
    plan = plan_of("alexnet,tanh", Effort(draws=4, rounds=4, slice_seconds=0.1, interval=0.2))

    assert len(carried_out(plan)[0]) == 4


def test_a_failure_is_not_timed_until_it_is_precise():
    plan = plan_of("alexnet,tanh", Effort(draws=4, rounds=4, slice_seconds=0.1, interval=0.001))

    assert len(carried_out(plan, status="crashed")[0]) == 4


@pytest.mark.parametrize(("unsteady", "draws"), [(0, 4), (1, 5), (3, 7), (99, 8)])
def test_draws_without_a_steady_state_are_drawn_again_and_not_for_ever(unsteady, draws):
    """Twice as often as planned at most: what never gets steady would be drawn until the budget ends."""
    plan, rows = plan_of("alexnet,tanh", replace(EFFORT, draws=4)), []

    while (task := plan.next_task(rows)) is not None:
        assert plan.tasks_left(rows) == (max(1, 4 - max(0, task.draw - unsteady)))
        rows += [
            replaced(row, steady=task.draw >= unsteady or (row.variant, row.mode) != ("tanh", "training"))
            for row in rows_of(task)
        ]

    assert len({row.draw for row in rows}) == draws


def test_a_users_own_test_has_the_draws_that_it_asks_for():
    assert len(carried_out(plan_of("alexnet", draws_effort(3, MODES)), steady=False)[0]) == 3


def test_an_interval_is_waited_for_of_draws_that_count():
    """Four planned draws, of which one moves: three make no interval, however quiet they are."""
    effort = Effort(modes=("training",), draws=4, rounds=4, slice_seconds=0.1, interval=0.2)
    plan, rows = plan_of("alexnet,tanh", effort), []

    while (task := plan.next_task(rows)) is not None:
        rows += [replaced(row, steady=row.draw != 1) for row in rows_of(task)]

    assert {row.draw for row in rows} == {0, 1, 2, 3, 4}


@pytest.mark.parametrize("budget", [15.0, 60.0, 120.0])
def test_the_budget_is_kept(budget):
    effort = Effort(draws=4, rounds=20, slice_seconds=0.1, interval=1e-9, budget_seconds=budget)

    tasks, rows = carried_out(plan_of("alexnet,tanh", effort), rate=noisy())

    spent = sum({row.draw: row.duration_seconds for row in rows}.values())
    assert spent <= budget + 1e-6
    assert spent > budget - (2 * BUILD_SECONDS + 2 * FEWEST_ROUNDS * 4 * SLICE_SECONDS)
    assert len(tasks) >= min(Effort.draws_in_budget, budget // (2 * BUILD_SECONDS + 20 * 4 * SLICE_SECONDS))


def test_where_building_takes_long_a_budget_holds_fewer_draws_with_as_much_time_for_rounds():
    effort = Effort(modes=("training",), draws=4, rounds=80, slice_seconds=0.1, interval=1e-9)
    plan = plan_of("alexnet,tanh", replace(effort, budget_seconds=120.0))

    first = plan.next_task([])
    tasks, _ = carried_out(plan, build_seconds=6.0, rate=noisy())

    assert first.seconds == 120 / FEWEST_DRAWS_IN_BUDGET
    assert FEWEST_DRAWS_IN_BUDGET <= len(tasks) < Effort.draws_in_budget
    assert all(2 * SLICE_SECONDS * task.rounds > 2 * 5.5 for task in tasks[1:-1])


# -- draws or rounds


def rounds_after_four_draws(rate):
    plan = plan_of("alexnet,tanh", Effort(draws=9, rounds=8, slice_seconds=0.1))
    rows = []
    for _ in range(4):
        rows += rows_of(plan.next_task(rows), rate=rate)
    return plan.next_task(rows).rounds


def test_time_goes_to_draws_where_draws_differ_and_to_rounds_where_rounds_do():
    assert rounds_after_four_draws(noisy(draws=0.1, rounds=0.001)) == LEAST_FACTOR * 8
    assert rounds_after_four_draws(noisy(draws=0.0, rounds=0.1)) == LARGEST_FACTOR * 8
