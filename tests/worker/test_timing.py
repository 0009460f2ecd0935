import itertools

import numpy as np
import pytest

from alexnet_bench import ALEXNET
from alexnet_bench.model.tensorflow_step import build_steps
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.topology import ALEXNET_8
from alexnet_bench.worker import timing
from alexnet_bench.worker.timing import Draw


class Clock:
    """Ticks 1.0 s each time it is read."""

    def __init__(self):
        self.ticks = itertools.count()

    def __call__(self):
        return float(next(self.ticks))


class CountedSteps:
    """Stands in for the compiled steps; notes every step."""

    def __init__(self):
        self.done = []

    def train(self, images, labels):
        self.done.append("training")
        return self, None

    def infer(self, images):
        self.done.append("inference")
        return self


@pytest.fixture(scope="module")
def draw(recipe):
    plan = make_plan(ALEXNET.but("plain", towers=1, normalization="none"), ALEXNET_8, classes=10)
    return Draw(
        lambda: build_steps(plan, recipe, seed=0),
        input_shape=plan.input_shape,
        classes=10,
        batch_size=4,
        clock=Clock(),
    )


@pytest.fixture
def counted(draw, monkeypatch):
    """Every step and every wait for the devices, in order."""
    steps = CountedSteps()
    monkeypatch.setattr(draw, "steps", steps)
    monkeypatch.setattr(
        timing.tf.test.experimental, "sync_devices", lambda: steps.done.append("wait"), raising=True
    )
    return steps


def test_building_takes_from_one_tick_to_the_next(draw):
    assert draw.compile_seconds == 1.0


@pytest.mark.parametrize("mode", ["training", "inference"])
@pytest.mark.parametrize("steps", [1, 7])
def test_slice_takes_from_one_tick_to_the_next(draw, mode, steps):
    """The clock is read before the first step and after the last, and not in between."""
    assert draw.slice(mode, steps)["seconds"] == 1.0


@pytest.mark.parametrize("mode", ["training", "inference"])
@pytest.mark.parametrize("steps", [1, 7])
def test_slice_waits_for_the_device_once_at_its_end(draw, counted, mode, steps):
    draw.slice(mode, steps)
    assert counted.done == [mode] * steps + ["wait"]


def test_clock_stops_after_the_device_has_finished(draw, counted, monkeypatch):
    monkeypatch.setattr(draw, "clock", lambda: counted.done.append("clock") or 0.0)
    draw.slice("training", 2)
    assert counted.done == ["clock", "training", "training", "wait", "clock"]


def test_timing_leaves_the_weights_as_they_are(draw):
    """So that the loss stays finite however long it is timed."""
    before = draw.steps.model.get_weights()
    draw.slice("training", 3)
    for old, new in zip(before, draw.steps.model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_batch_is_noise_of_the_networks_size(draw):
    assert draw.images.shape == (4, 8, 8, 3)
    assert np.std(draw.images) == pytest.approx(1, abs=0.1)
    assert set(np.array(draw.labels)) <= set(range(10))
