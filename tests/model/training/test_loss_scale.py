import numpy as np
import pytest
import tensorflow as tf

from alexnet_bench import ALEXNET
from alexnet_bench.model import tensorflow_loss_scale
from alexnet_bench.model.tensorflow_loss_scale import FIRST_SCALE, LossScale, NoScale


def gradients_of(scale, *values):
    """What a step passes on to the optimizer; nothing where it is left out."""
    passed = []
    weight = tf.Variable(0.0)

    @tf.function
    def step(gradient):
        def update(gradients):
            weight.assign(gradients[0])

        scale.apply([gradient], update)

    for value in values:
        weight.assign(-1.0)
        step(tf.constant(value, tf.float32))
        passed.append(float(weight))
    return [None if value == -1.0 else value for value in passed]


def test_the_loss_goes_up_and_the_gradients_come_down():
    scale = LossScale()

    assert float(scale.up(tf.constant(0.5))) == 0.5 * FIRST_SCALE
    assert gradients_of(scale, 3 * FIRST_SCALE) == [3.0]


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_a_step_that_overflows_is_left_out_and_the_scale_halved(value):
    scale = LossScale()

    assert gradients_of(scale, value, FIRST_SCALE / 2) == [None, 1.0]
    assert float(scale.value) == FIRST_SCALE / 2


def test_the_scale_never_falls_below_one():
    scale = LossScale()

    gradients_of(scale, *[np.inf] * 20)

    assert float(scale.value) == 1.0


def test_the_scale_is_doubled_after_enough_good_steps(monkeypatch):
    monkeypatch.setattr(tensorflow_loss_scale, "STEPS_BEFORE_GROWTH", 3)
    scale, found = LossScale(), []

    for value in (1.0, np.inf, 1.0, 1.0, 1.0, 1.0):
        gradients_of(scale, value)
        found.append(float(scale.value) / FIRST_SCALE)

    assert found == [1, 0.5, 0.5, 0.5, 1, 1]


def test_other_precisions_are_left_as_they_are():
    scale = NoScale()

    assert float(scale.up(tf.constant(0.5))) == 0.5
    assert gradients_of(scale, 3.0, np.inf) == [3.0, np.inf]


def test_float16_trains(train, recipe):
    outcome = train(ALEXNET.but("dense", towers=1), precision="mixed_float16", recipe=recipe.but(epochs=1))

    assert outcome["status"] == "ok"
    assert outcome["train_error"] < 0.9
