from dataclasses import replace

import pytest

from alexnet_bench import ALEXNET
from alexnet_bench.data import open_dataset
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.recipe import PAPER, scale_to_small_images
from alexnet_bench.network.topology import ALEXNET_8


@pytest.fixture(autouse=True, scope="session")
def ready(tensorflow_ready):
    """Every test here uses TensorFlow."""


@pytest.fixture(scope="session")
def digits():
    """A part of the digits: 320 to train and validate, 100 to test."""
    everything = open_dataset("digits")
    return replace(
        everything,
        train=everything.train.take(slice(320)),
        test=everything.test.take(slice(100)),
    )


@pytest.fixture(scope="session")
def recipe():
    """Two epochs of 36 steps, in which Adam learns a little of these few digits."""
    small = scale_to_small_images(PAPER, 1293)
    return small.but(epochs=2, batch_size=8, optimizer="adam", learning_rate=2e-3)


@pytest.fixture(scope="session")
def train(digits, recipe):
    """Run a trial on a clock that stands still; returns its outcome."""
    from alexnet_bench.model.train import Trainer, TrialSpec

    def train(variant=ALEXNET, *, recipe=recipe, dataset=digits, seed=0, trainer=None, **options):
        plan = make_plan(variant, ALEXNET_8, classes=len(dataset.classes), channels=dataset.channels)
        spec = TrialSpec(plan=plan, recipe=recipe, dataset=dataset, seed=seed, **options)
        curve = []
        outcome = (trainer or Trainer()).run(spec, curve.append, clock=lambda: 0.0)
        assert curve == outcome["curve"]
        return outcome

    return train
