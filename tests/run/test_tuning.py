"""Which rates are tried, for how long, and which is chosen; with curves that are made up."""

import math
from random import Random

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st
from made_up_trials import made_up_trial
from report_runs import curve_point

from alexnet_bench.analysis.rates import chosen_rates
from alexnet_bench.network.registry import load_registry
from alexnet_bench.run.cost import estimate
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import Settings
from alexnet_bench.run.trials import task_key
from alexnet_bench.run.tuning import BEYOND, MOST_BEYOND, RATE_GRID, TUNING_SEEDS

REGISTRY = load_registry()
EPOCHS = 100
THIRD_OF_EPOCHS, TENTH_OF_EPOCHS = 33, 10
# All rates with the first seed, and two of them with the others.
TRIALS = len(RATE_GRID) + 2 * (len(TUNING_SEEDS) - 1)
# Of the paper's recipe, the nearest to its own rate first.
GRID = tuple(0.01 * factor for factor in (1.0, 1 / 3, 3.0, 0.1))
THIRD = GRID[1]
# Likewise of Figure 1's.
THIRD_OF_FIGURE_1 = 0.02 * (1 / 3)


def schedule(variants="alexnet", **asked):
    return Schedule(
        Settings(**{"variants": variants, "measure": "accuracy", "tune": "lr", "epochs": EPOCHS} | asked),
        REGISTRY,
    )


def name_of(task):
    return task.network.variant.name


def rate_of(task):
    return task.network.recipe.learning_rate


def trained(task, errors, **columns):
    """A trial's record, of a curve that is cut where the task says."""
    curve = [curve_point(epoch, error) for epoch, error in enumerate(errors[: task.most_epochs], 1)]
    if share := task.network.recipe.stop_at_train_error:
        there = [number for number, error in enumerate(errors[: task.most_epochs], 1) if error <= share]
        curve = curve[: min(there, default=len(curve))]
    return made_up_trial(task, "run", curve=curve, **columns)


def race(plan, outcome):
    """Carry out what is asked for, one trial after the other; returns tasks and records in order."""
    tasks, records = [], []
    while left := next(filter(None, plan.tuning_rungs(records)), None):
        tasks.append(left[0])
        records.append(outcome(left[0]))
        assert len(records) < 200
    return tasks, records


def by_rate(errors, failing=()):
    """The outcome of a trial: an error that depends on its rate, and stays."""

    def outcome(task):
        columns = {"status": "diverged"} if rate_of(task) in failing else {}
        return trained(task, [errors.get(rate_of(task), 0.9)] * EPOCHS, **columns)

    return outcome


def chosen(records):
    return chosen_rates(records, TUNING_SEEDS)[records[0].variant, "float32"]


def given(tasks):
    """For how long each rate was trained at most, by rate."""
    longest = sorted(tasks, key=lambda task: task.most_epochs)
    return {rate_of(task): task.most_epochs for task in longest}


# -- the race


def test_every_variant_is_tuned_on_the_same_grid_with_seeds_of_its_own():
    plan = schedule("alexnet,lrn,no-lrn,tanh", seeds=3)

    first, second = plan.tuning_rungs()

    tries = {
        name: [(rate_of(task), task.seed, task.most_epochs) for task in first if name_of(task) == name]
        for name in ("alexnet", "no-lrn", "tanh")
    }
    assert list(tries.values()) == [[(rate, TUNING_SEEDS[0], THIRD_OF_EPOCHS) for rate in GRID]] * 3
    assert (len(first), len(first) + len(second)) == (3 * len(RATE_GRID), 3 * TRIALS)
    assert {task.purpose for task in first + second} == {"tuning"}
    assert {task.seed for task in second} == set(TUNING_SEEDS[1:])
    assert not set(TUNING_SEEDS) & set(plan.seeds)


@pytest.mark.parametrize("asked", [{"tune": None}, {"measure": "throughput"}])
def test_nothing_is_tuned_that_is_not_asked_for(asked):
    settings = Settings(**{"variants": "alexnet", "measure": "accuracy", "tune": "lr"} | asked)
    assert Schedule(settings, REGISTRY).tuning_rungs() == []


def test_the_best_rate_after_a_third_of_the_epochs_is_chosen():
    """As the last third of these has it: errors go up and down from one epoch to the next."""

    def outcome(task):
        early, at_end, late = {0.01: (0.5, 0.0, 0.5), THIRD: (0.3, 0.3, 0.3)}.get(
            rate_of(task), (0.9, 0.9, 0.0)
        )
        errors = [early] * (THIRD_OF_EPOCHS - 1) + [at_end] + [late] * (EPOCHS - THIRD_OF_EPOCHS)
        return trained(task, errors)

    tasks, records = race(schedule(), outcome)

    assert given(tasks) == dict.fromkeys(GRID, THIRD_OF_EPOCHS)
    assert len(tasks) == TRIALS
    assert chosen(records) == THIRD


def test_the_best_two_of_one_seed_are_judged_by_the_mean_of_all():
    """Even where one seed of another rate is better than that: the first was kind to all."""
    first = {0.01: 0.3, THIRD: 0.2, 0.03: 0.4, 0.001: 0.5}

    def outcome(task):
        later = 0.6 if rate_of(task) == 0.01 else 0.9
        return trained(task, [first[rate_of(task)] if task.seed == TUNING_SEEDS[0] else later] * EPOCHS)

    tasks, records = race(schedule(), outcome)

    assert {rate_of(task) for task in tasks if task.seed != TUNING_SEEDS[0]} == {0.01, THIRD}
    assert len(tasks) == TRIALS
    assert chosen(records) == 0.01


def test_of_a_tie_the_lower_rate_is_chosen():
    _, records = race(schedule(), by_rate({0.01: 0.1, 0.03: 0.1, 0.001: 0.9}))
    assert chosen(records) == 0.01


@pytest.mark.parametrize("seed", TUNING_SEEDS)
def test_what_fails_or_diverges_is_out_and_the_next_best_goes_on_in_its_place(seed):
    """Even where it failed for one seed alone."""
    errors = {0.01: 0.1, THIRD: 0.2, 0.03: 0.3, 0.001: 0.4}

    def outcome(task):
        fails = rate_of(task) == 0.01 and task.seed == seed
        return by_rate(errors, failing=(0.01,) if fails else ())(task)

    tasks, records = race(schedule(), outcome)

    assert {rate_of(task) for task in tasks if task.seed == TUNING_SEEDS[-1]} >= {THIRD, 0.03}
    assert chosen(records) == THIRD


def test_where_all_fail_the_recipes_own_rate_is_used():
    plan = schedule(seeds=1)

    tasks, records = race(plan, by_rate({}, failing=GRID))

    assert len(tasks) == len(RATE_GRID)
    assert chosen_rates(records, TUNING_SEEDS) == {}
    assert [rate_of(task) for task in plan.trials(records)] == [0.01]


@pytest.mark.parametrize(
    ("better", "beyond"), [(0.03, [0.03 * BEYOND]), (0.001, [0.001 / BEYOND]), (0.01, [])]
)
def test_where_the_best_rate_is_at_an_end_one_beyond_is_tried(better, beyond):
    tasks, records = race(schedule(), by_rate({better: 0.1}))

    assert sorted(set(given(tasks)) - set(GRID)) == pytest.approx(beyond)
    assert chosen(records) == better


def test_beyond_the_grid_it_ends_somewhere():
    tasks, _ = race(schedule(), lambda task: trained(task, [0.5 / (1 + rate_of(task))] * EPOCHS))
    assert len(given(tasks)) == len(RATE_GRID) + MOST_BEYOND


def test_a_rate_beyond_that_diverges_ends_it():
    tasks, records = race(schedule(), by_rate({0.03: 0.1}, failing=(0.03 * BEYOND,)))

    assert sorted(set(given(tasks)) - set(GRID)) == [0.03 * BEYOND]
    assert chosen(records) == 0.03


def test_rates_are_chosen_and_used_at_each_precision():
    """Those of the recipe where none is chosen."""
    halves = "mixed_bfloat16"
    plan = schedule("alexnet,tanh", precision=("float32", halves), seeds=1)
    best = {"float32": 0.03, halves: THIRD}
    _, records = race(plan, lambda task: by_rate({best[task.network.precision]: 0.1})(task))

    trials = plan.trials([item for item in records if item.variant == "alexnet"])

    networks = [task.network for task in trials]
    assert [(item.variant.name, item.precision, item.recipe.learning_rate) for item in networks] == [
        ("alexnet", "float32", 0.03),
        ("tanh", "float32", 0.01),
        ("alexnet", halves, THIRD),
        ("tanh", halves, 0.01),
    ]


# -- a choice for each seed


def test_each_seed_chooses_its_rate_with_a_tuning_seed_of_its_own():
    """By the best two of a fifth of the epochs, trained for half of them."""
    plan = schedule(seeds=2, tune="lr-per-seed")
    best = {TUNING_SEEDS[0]: 0.03, TUNING_SEEDS[0] + 1: THIRD}

    def outcome(task):
        late = 0.1 if rate_of(task) == best[task.seed] else 0.3
        early = 0.2 if rate_of(task) in (0.01, best[task.seed]) else 0.4
        return trained(task, [early] * (EPOCHS // 5) + [late] * (EPOCHS - EPOCHS // 5))

    tasks, records = race(plan, outcome)

    # One beyond the end of the grid as well, where the best one is there.
    assert given([task for task in tasks if task.seed == TUNING_SEEDS[0] + 1]) == dict.fromkeys(
        GRID, EPOCHS // 5
    ) | {0.01: EPOCHS // 2, THIRD: EPOCHS // 2}
    assert [(task.seed, rate_of(task)) for task in plan.trials(records)] == [(0, 0.03), (1, THIRD)]


def test_a_seed_with_a_result_chooses_no_rate_any_more():
    plan = schedule(seeds=2, tune="lr-per-seed")
    result = made_up_trial(plan.trials()[0], "run", curve=[])

    assert {task.seed for rung in plan.tuning_rungs([result]) for task in rung} == {TUNING_SEEDS[0] + 1}


# -- recipes that stop at a training error


def falling(epochs):
    """A running training error that is at 25% in the last of these epochs."""
    return [0.9 - 0.65 * epoch / epochs for epoch in range(1, EPOCHS + 1)]


def stopping(epochs_of):
    """The outcome of a trial that is there after so many epochs of its rate and seed, or never."""

    def outcome(task):
        epochs = epochs_of(rate_of(task), task.seed)
        return trained(task, falling(epochs) if epochs < math.inf else [0.9] * EPOCHS)

    return outcome


def test_the_rate_that_gets_to_the_training_error_the_soonest_is_chosen():
    """Two rates go on; the slower one for no longer than can be of use."""
    needs = {0.02: 30, THIRD_OF_FIGURE_1: 20, 0.06: 50, 0.002: math.inf}

    tasks, records = race(schedule(recipe="figure-1"), stopping(lambda rate, seed: needs[rate]))

    assert chosen(records) == THIRD_OF_FIGURE_1
    assert given(tasks)[0.06] == given(tasks)[0.002] == TENTH_OF_EPOCHS
    slower = [len(item.curve) for item in records if item.recipe_settings["learning_rate"] == 0.02]
    assert sum(slower[1:]) <= len(TUNING_SEEDS) * 20


def test_of_two_that_go_on_the_one_that_was_behind_may_be_there_sooner():
    def outcome(task):
        early, epochs = {0.02: (0.5, 40), 0.06: (0.6, 30)}.get(rate_of(task), (0.9, 90))
        errors = [early] * (epochs - 1) + [0.2] * (EPOCHS - epochs + 1)
        return trained(task, errors)

    assert chosen(race(schedule(recipe="figure-1"), outcome)[1]) == 0.06


def test_where_one_that_goes_on_fails_the_next_best_goes_on_in_its_place():
    needs = {0.02: 20, THIRD_OF_FIGURE_1: 30, 0.06: 40, 0.002: 50}

    def outcome(task):
        fails = rate_of(task) == 0.02 and task.most_epochs > TENTH_OF_EPOCHS
        return trained(task, falling(needs[rate_of(task)]), **({"status": "crashed"} if fails else {}))

    tasks, records = race(schedule(recipe="figure-1"), outcome)

    longer = {rate for rate, most in given(tasks).items() if most > TENTH_OF_EPOCHS}
    assert longer == {0.02, THIRD_OF_FIGURE_1, 0.06}
    assert chosen(records) == THIRD_OF_FIGURE_1


def test_a_rate_that_is_slower_with_one_seed_may_be_the_soonest_over_all():
    """It is not cut at what the other took with that seed."""

    def needs(rate, seed):
        if rate == 0.02:
            return 20
        return {THIRD_OF_FIGURE_1: (28, 12, 12)}.get(rate, (60, 60, 60))[seed - TUNING_SEEDS[0]]

    _, records = race(schedule(recipe="figure-1"), stopping(needs))

    assert chosen(records) == THIRD_OF_FIGURE_1


def test_where_no_rate_gets_there_the_one_that_came_nearest_is_chosen():
    errors = {0.02: 0.6, THIRD_OF_FIGURE_1: 0.5, 0.06: 0.7}

    tasks, records = race(schedule(recipe="figure-1"), by_rate(errors))

    assert chosen(records) == THIRD_OF_FIGURE_1
    assert max(given(tasks).values()) == EPOCHS


# -- runs that go on


@settings(max_examples=150, deadline=None)
@for_all(st.sampled_from(["paper", "figure-1"]), st.integers(0, 10**9))
def test_every_race_ends_with_a_rate_and_trains_nothing_twice(recipe, world):
    """However long each rate and seed takes, and whichever diverge."""
    plan = schedule("relu-he", recipe=recipe, topology="four-layer-32")

    def outcome(task):
        luck = Random(f"{world} {rate_of(task)} {task.seed}")
        errors = [0.5] * luck.randrange(40) + [luck.choice([0.2, 0.3])] * EPOCHS
        return trained(task, errors, status="diverged" if luck.random() < 0.1 else "ok")

    tasks, records = race(plan, outcome)

    running = {rate_of(task) for task in tasks} - {
        rate_of(task) for task, record in zip(tasks, records, strict=True) if not record.succeeded
    }
    assert not running or chosen(records) in running
    assert len({(rate_of(task), task.seed, task.most_epochs) for task in tasks}) == len(tasks)


@pytest.mark.parametrize("recipe", ["paper", "figure-1"])
def test_a_race_goes_on_with_exactly_what_is_missing(recipe):
    plan = schedule("alexnet,no-lrn", recipe=recipe)
    tasks, records = race(plan, lambda task: trained(task, falling(20 + round(100 * rate_of(task)))))

    for done, task in enumerate(tasks):
        left = next(filter(None, plan.tuning_rungs(records[:done])))
        assert (task_key(left[0]), left[0].most_epochs) == (task_key(task), task.most_epochs)
    assert not any(plan.tuning_rungs(records))


def grid_of_one_seed(plan, errors):
    """As rates were chosen before there was a race: each to the end, with one seed."""
    first = {rate_of(task): task for task in plan.tuning_rungs()[0] if task.seed == TUNING_SEEDS[0]}
    return [made_up_trial(task, "run", curve=falling_points(errors[rate])) for rate, task in first.items()]


def falling_points(error):
    return [curve_point(epoch, error) for epoch in range(1, EPOCHS + 1)]


def test_rates_that_were_chosen_before_there_was_a_race_stay_chosen():
    plan = schedule(seeds=2)
    records = grid_of_one_seed(plan, {0.01: 0.3, THIRD: 0.2, 0.03: 0.1, 0.001: 0.4})
    (result, *_) = plan.trials(records)

    assert rate_of(result) == 0.03
    assert plan.tuning_rungs([*records, made_up_trial(result, "run")]) == []


def test_a_grid_of_one_seed_that_was_not_ended_counts_in_the_race():
    plan = schedule()
    records = grid_of_one_seed(plan, {0.01: 0.3, THIRD: 0.2, 0.03: 0.1, 0.001: 0.4})[:2]

    first, _ = plan.tuning_rungs(records)

    assert [(rate_of(task), task.seed) for task in first] == [(rate, TUNING_SEEDS[0]) for rate in GRID[2:]]


# -- what it costs


@pytest.mark.parametrize("epochs", [3, 5, 30, 100])
def test_a_race_costs_fewer_epochs_than_the_grid_to_the_end_with_one_seed(epochs):
    """A third with one seed; two thirds with three."""
    plan = Schedule(Settings(variants="alexnet", measure="accuracy", tune="lr", epochs=epochs), REGISTRY)

    first, second = plan.tuning_rungs()

    grid = len(RATE_GRID) * epochs
    assert sum(task.most_epochs for task in first) <= 0.35 * grid
    assert sum(task.most_epochs for task in first + second) <= 0.7 * grid


@pytest.mark.parametrize("recipe", ["paper", "figure-1"])
def test_what_one_rung_trained_is_not_trained_again_by_the_next(recipe):
    """And is not counted twice in what is left, where the rates of the next rung are guessed."""
    asked = {"measure": "accuracy", "tune": "lr", "epochs": 1, "recipe": recipe}
    plan = Schedule(Settings(variants="alexnet", **asked), REGISTRY)

    assert [len(rung) for rung in plan.tuning_rungs()] == [len(RATE_GRID), TRIALS - len(RATE_GRID)]
    tasks, records = race(plan, by_rate({plan.recipe.learning_rate: 0.3}))
    assert len(tasks) == TRIALS
    assert chosen(records) == plan.recipe.learning_rate


def test_an_estimate_counts_the_epochs_that_tuning_trains():
    tuned, plain = (
        schedule(seeds=1),
        Schedule(Settings(measure="accuracy", variants="alexnet", epochs=EPOCHS, seeds=1)),
    )
    costs = [estimate(plan, peak=1e11) for plan in (tuned, plain)]

    assert [cost["tuning_trials"] for cost in costs] == [TRIALS, 0]
    assert [cost["trials"] for cost in costs] == [TRIALS + 1, 1]
    assert costs[0]["seconds"] < 1.5 * (1 + len(RATE_GRID)) * costs[1]["seconds"]
