"""What a terminal shows of a run that goes on: what trains, how long it has and how long it will."""

import re
from datetime import timedelta

import pytest
from made_up_trials import made_up_trial
from report_runs import draw

from alexnet_bench.cli.forecast import ESTIMATE_COUNTS_SECONDS, Forecast
from alexnet_bench.cli.progress import Progress
from alexnet_bench.network.registry import load_registry
from alexnet_bench.run.cost import Costs, costs_of, estimate
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import Settings

REGISTRY = load_registry()
PEAK = 1e12


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def shown(capsys, monkeypatch, clock):
    """The last frame on a terminal, after a run was carried out to some point."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")

    def call(drive, **how):
        with Progress(clock=clock, **how) as progress:
            drive(progress)
        err = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", capsys.readouterr().err)
        return [line.strip() for line in err.replace("\r", "\n").splitlines() if line.strip()]

    return call


def left(lines):
    """Seconds that the last line says are left; None where it says nothing."""
    found = re.search(r"(\d+):(\d\d):(\d\d) left", lines[-1])
    return found and timedelta(hours=int(found[1]), minutes=int(found[2]), seconds=int(found[3])).seconds


def scheduled(**asked):
    return Schedule(Settings(**asked), REGISTRY)


# -- names


def test_what_is_to_come_is_named_before_workers_are_there(shown):
    plan = scheduled(variants="alexnet,no-lrn", seeds=2).manifest_plan()

    def drive(progress):
        progress.begun(plan)
        progress.planned(0, 4, 4)

    *_, throughput, accuracy, time = shown(drive)
    assert throughput.startswith("throughput") and throughput.endswith("0/4 alexnet, no-lrn")
    assert accuracy.startswith("accuracy") and accuracy.endswith("0/4 alexnet, no-lrn")
    assert time == "0:00:00 elapsed"


def test_what_trains_is_named_as_it_begins_and_what_is_timed(shown):
    schedule = scheduled(variants="alexnet,no-lrn", seeds=1)

    def drive(progress):
        progress.planned(0, 2, 4)
        progress.timing(schedule.timing.next_task([]), "start workers")
        progress.started(schedule.trials()[1])

    *_, throughput, accuracy, _ = shown(drive)
    assert throughput.endswith("0/4 start workers: alexnet, no-lrn")
    assert accuracy.endswith("0/2 no-lrn seed 0")


# -- time


def carried_out(progress, schedule, clock, seconds, until):
    """A run whose trials take what a function of them says, as far as some of them."""
    tasks = schedule.trials()
    progress.due(tasks)
    progress.planned(0, len(tasks), 0)
    for task in tasks[:until]:
        progress.started(task)
        for epoch in range(1, task.network.recipe.epochs + 1):
            clock.now += seconds(task) / task.network.recipe.epochs
            progress.epoch(task, {"epoch": epoch})
        progress.recorded(made_up_trial(task, "run"))
    if until < len(tasks):
        progress.started(tasks[until])


@pytest.mark.parametrize("slowness", [0.25, 1, 8])
@pytest.mark.parametrize("until", [10, 15, 19])
def test_what_is_left_is_weighed_by_what_trials_cost(shown, clock, slowness, until):
    """Four towers cost other than one; however wrong the estimate is, the trials so far put it right."""
    schedule = scheduled(
        variants="alexnet,no-conv3,one-gpu,tanh",
        measure="accuracy",
        seeds=5,
        topology="alexnet-32",
        epochs=50,
        jobs=1,
    )
    costs = costs_of(schedule, PEAK)
    cost = costs.of_trial
    assert len({round(cost(task), 3) for task in schedule.trials()}) > 1

    lines = shown(
        lambda progress: carried_out(progress, schedule, clock, lambda task: slowness * cost(task), until),
        costs=costs,
    )

    truth = slowness * sum(map(cost, schedule.trials()[until:]))
    done = sum(map(cost, schedule.trials()[:until]))
    doubt = abs(slowness - 1) * ESTIMATE_COUNTS_SECONDS / (done + ESTIMATE_COUNTS_SECONDS) / slowness
    assert left(lines) == pytest.approx(truth, abs=truth * doubt + 1)
    assert f"{until}/20" in lines[-2]


def test_it_is_never_nothing_while_something_runs(shown, clock):
    schedule = scheduled(variants="alexnet", measure="accuracy", seeds=1, jobs=1)
    (task,) = schedule.trials()

    def drive(progress):
        carried_out(progress, schedule, clock, lambda task: 1, 0)
        clock.now += 10_000
        progress.epoch(task, {"epoch": task.network.recipe.epochs})

    assert left(shown(drive, costs=costs_of(schedule, PEAK))) == 1


def test_nothing_is_said_to_be_left_of_what_is_done(shown, clock):
    schedule = scheduled(variants="alexnet", measure="accuracy", seeds=2, jobs=1)

    lines = shown(
        lambda progress: carried_out(progress, schedule, clock, lambda task: 30, 2),
        costs=costs_of(schedule, PEAK),
    )
    assert lines[-1] == "0:01:00 elapsed"


def test_a_rung_that_follows_adds_to_what_was_counted(shown, clock):
    schedule = scheduled(variants="alexnet", measure="accuracy", seeds=2, jobs=1)

    def drive(progress):
        carried_out(progress, schedule, clock, lambda task: 1, 2)
        progress.planned(0, 3, 0)

    assert " 2/5 " in shown(drive)[-2]


def test_before_anything_ran_it_is_the_estimate(shown):
    schedule = scheduled(variants="alexnet,no-lrn", seeds=2, jobs=1)
    whole = estimate(schedule, PEAK)

    def drive(progress):
        progress.due(schedule.trials())
        progress.planned(0, len(schedule.trials()), schedule.timing.tasks_left([]))

    assert left(shown(drive, costs=costs_of(schedule, PEAK))) == pytest.approx(whole["seconds"], abs=2)


def test_draws_that_follow_those_planned_are_counted_too(shown, clock):
    """A comparison goes on until it knows enough; nothing is known of its cost before its first draw."""
    plan = scheduled(variants="alexnet", measure="throughput").timing
    task = plan.next_task([])

    def drive(progress):
        progress.planned(0, 0, 1)
        for _ in range(2):
            progress.timing(one := plan.next_task([]), "start workers")
            progress.timing(one, "build 1 networks")
            clock.now += 60
            progress.recorded(draw("alexnet", 0, [100.0]))
        progress.timing(task, "start workers")
        progress.timing(task, "build 1 networks")

    lines = shown(drive, costs=Costs(speed=PEAK), is_open=True)
    assert " 2/3 " in lines[-2]
    assert re.fullmatch(r"0:02:00 elapsed, at least 0:00:\d\d left", lines[-1])


def test_the_time_before_a_draws_own_is_no_measure_of_draws(clock):
    """The first one waits for TensorFlow; a part counts from its begin."""
    forecast = Forecast(clock)
    forecast.plan("draws", 40.0)
    clock.now += 3600

    forecast.begin(0, "draws", 10.0)
    clock.now += 10
    forecast.end(0)

    assert forecast.seconds == pytest.approx(30.0)


def test_side_by_side_the_time_counts_once(clock):
    forecast = Forecast(clock)
    forecast.plan("trials", 4000.0)
    for key in range(2):
        forecast.begin(key, "trials", 1000.0)
    clock.now += 500
    forecast.at(0, 0.5)
    forecast.at(1, 0.5)
    forecast.at("unknown", 0.5)
    forecast.end("unknown")

    assert forecast.seconds == pytest.approx(3000 * (500 + 15) / (1000 + 15))
