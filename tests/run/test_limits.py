"""For how long a worker may be silent: never less than what works may take, and always an end."""

from dataclasses import replace

import pytest

from alexnet_bench.run import limits
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import Settings


@pytest.fixture(scope="module")
def schedule():
    return Schedule(Settings(variants="alexnet,ten-crops", seeds=1))


def test_a_build_has_more_time_the_more_it_computes(schedule):
    (network, *_) = (item.network for item in schedule.timing.contenders)
    larger = replace(network, recipe=network.recipe.but(batch_size=1024))

    # On two cores, 31 images a second and four times as many without training.
    assert limits.of_build(larger) > 10 * (1024 / 31 + 1024 / 124)
    assert limits.LONGEST_START < limits.of_build(network) < limits.of_build(larger) < 24 * 3600


def test_steps_have_as_long_as_steps_took():
    assert limits.of_steps(1, 0.001) == pytest.approx(60, abs=0.1)
    assert limits.of_steps(3, 100.0) >= 20 * 300


def test_the_first_epoch_has_its_time_by_the_data_and_the_next_ones_by_it(schedule):
    network, ten_crops = schedule.networks
    quick, slow = {"seconds": 1.0}, {"seconds": 500.0}

    limit = limits.of_epoch(network, schedule.dataset)
    assert limits.LONGEST_START < limit.after([]) < 3600
    assert limit.after([quick]) < 2 * limits.LONGEST_START
    assert limit.after([slow, quick]) > 20 * 500
    # Ten views of each test image may take longer than an epoch.
    dataset = replace(schedule.dataset, train=schedule.dataset.train.take(range(100)))
    usual, longer = (limits.of_epoch(item, dataset).after([slow]) for item in (network, ten_crops))
    assert longer > 9 * usual


def test_nine_views_have_nine_times_as_long_and_a_topologys_own_views_count():
    schedule = Schedule(Settings(variants="alexnet", topology="11pct", seeds=1))
    (nine,) = schedule.networks
    (one,) = Schedule(Settings(variants="alexnet", topology="19pct", seeds=1)).networks
    few = replace(schedule.dataset, train=schedule.dataset.train.take(range(10)))

    longer, usual = (
        limits.of_epoch(network, few).after([{"seconds": 500.0}]) - limits.LONGEST_START
        for network in (nine, one)
    )
    operations = [network.plan.inference_flops / network.plan.training_flops for network in (nine, one)]
    assert longer / usual == pytest.approx(9 * operations[0] / operations[1])
