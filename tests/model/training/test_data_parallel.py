"""`data-parallel` trains as one device would, on half of every batch each."""

import keras
import numpy as np
import pytest

from alexnet_bench import ALEXNET
from alexnet_bench.model.tensorflow_step import build_steps
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.topology import ALEXNET_8

DEVICES = ("cpu:0", "cpu:1")
# A batch that cannot be halved.
IMAGES = np.random.default_rng(0).normal(size=(9, 8, 8, 1)).astype("float32")
LABELS = np.arange(9)


def plan_of(placement="data-parallel", **changes):
    return make_plan(ALEXNET.but("tried", placement=placement, **changes), ALEXNET_8, classes=10, channels=1)


@pytest.mark.parametrize(
    ("optimizer", "precision", "tolerance"), [("sgd", "float32", 1e-4), ("adam", "mixed_float16", 1e-2)]
)
def test_two_halves_of_a_batch_train_as_the_whole_does(recipe, optimizer, precision, tolerance):
    recipe = recipe.but(optimizer=optimizer, learning_rate=1e-3)
    halves = build_steps(plan_of(dropout=0.0), recipe, seed=3, devices=DEVICES, precision=precision)
    whole = build_steps(plan_of("one-device", dropout=0.0), recipe, seed=3, precision=precision)

    for _ in range(4):
        (loss, right), (expected_loss, expected_right) = (
            halves.train(IMAGES, LABELS),
            whole.train(IMAGES, LABELS),
        )
        assert float(loss) == pytest.approx(float(expected_loss), rel=tolerance)
        assert abs(int(right) - int(expected_right)) <= (precision != "float32")
    np.testing.assert_allclose(halves.infer(IMAGES), whole.infer(IMAGES), atol=tolerance)


def test_every_device_keeps_the_same_weights_and_drops_units_of_its_own(recipe):
    steps = build_steps(plan_of(), recipe, seed=3, devices=DEVICES)
    steps.train(IMAGES, LABELS)

    for weight in steps.model.trainable_weights:
        first, second = weight.value.values
        assert (first.device[-5:], second.device[-5:]) == ("CPU:0", "CPU:1")
        np.testing.assert_array_equal(first, second)
    drops = [layer for layer in steps.model.layers if isinstance(layer, keras.layers.Dropout)]
    states = [np.array(part) for layer in drops for part in layer.seed_generator.state.value.values]
    assert len({int(state[0]) for state in states}) == len(states) > 0
    assert {int(state[1]) for state in states} == {1}


def test_each_half_is_computed_on_its_own_device(recipe):
    steps = build_steps(plan_of(), recipe, seed=3, devices=DEVICES)
    graph = steps.train.get_concrete_function(*map(keras.ops.convert_to_tensor, (IMAGES, LABELS))).graph
    convolutions = [item.device[-5:] for item in graph.get_operations() if item.type == "Conv2D"]
    assert sorted(convolutions) == sorted([*["CPU:0"] * 5, *["CPU:1"] * 5])


def test_one_device_shares_nothing(recipe):
    with pytest.raises(ValueError, match="two devices or more, not by 0"):
        build_steps(plan_of(), recipe, seed=3)


def test_two_networks_of_other_shapes_train_in_one_process(recipe):
    for kernels in ("full", "half"):
        steps = build_steps(plan_of(kernels=kernels, towers=1), recipe, seed=3, devices=DEVICES)
        loss, _ = steps.train(IMAGES, LABELS)
        assert np.isfinite(loss)


def test_a_trial_of_it_is_trained_and_saved(train, tmp_path):
    outcome = train(
        ALEXNET.but("halves", placement="data-parallel", dropout=0.0, towers=1, normalization="none"),
        devices=DEVICES,
        predictions=tmp_path / "predictions.npz",
        model=tmp_path / "model.keras",
    )

    assert outcome["status"] == "ok"
    assert outcome["test_top1_error"] < 0.9
    assert np.load(tmp_path / "predictions.npz")["filters"].shape == (1, 3, 3, 1, 16)
    saved = keras.models.load_model(tmp_path / "model.keras")
    assert saved(IMAGES).shape == (9, 10)
