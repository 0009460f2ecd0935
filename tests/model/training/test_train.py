import errno
import gc
import json
import os
import re
import weakref
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from alexnet_bench import ALEXNET, block
from alexnet_bench.data import open_dataset
from alexnet_bench.data.images import check_images
from alexnet_bench.data.tensorflow_pipeline import Pipeline
from alexnet_bench.errors import DataError, RecordError
from alexnet_bench.model import tensorflow_loss_scale
from alexnet_bench.model.build import build_model
from alexnet_bench.model.train import Trainer
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.recipe import NOTEBOOK, PAPER, scale_to_small_images
from alexnet_bench.network.topology import ALEXNET_8


@block(parameters=lambda channels: 2 * channels)
def batch_normalization(**layer):
    return keras.layers.BatchNormalization(**layer)


# Built and compiled in half the time, where the network doesn't matter.
PLAIN = ALEXNET.but("plain", towers=1, normalization="none")


@pytest.fixture(scope="module")
def outcome(train, tmp_path_factory):
    """A trial with all its files, and the folder that they are in."""
    folder = tmp_path_factory.mktemp("trial")
    return train(predictions=folder / "deep" / "predictions.npz", model=folder / "model.keras"), folder


def test_columns(outcome):
    columns, _ = outcome
    assert columns.keys() == {
        "status",
        "curve",
        "loss",
        "validation_top1_error",
        "train_error",
        "test_top1_error",
        "test_top5_error",
    }
    assert columns["status"] == "ok"
    assert [row.keys() for row in columns["curve"]] == 2 * [
        {"epoch", "learning_rate", "loss", "train_error", "validation_top1_error", "seconds"}
    ]
    assert [row["epoch"] for row in columns["curve"]] == [1, 2]
    assert columns["loss"] == columns["curve"][-1]["loss"]
    assert columns["validation_top1_error"] == columns["curve"][-1]["validation_top1_error"]
    assert json.loads(json.dumps(columns, allow_nan=False)) == columns


def test_same_seed_same_numbers(train, outcome):
    assert train() == outcome[0]


@pytest.mark.parametrize(
    "changes",
    [{}, {"optimizer": "sgd"}, {"learning_rate": 1e30}],
    ids=["adam", "sgd", "after one that diverged"],
)
def test_a_trial_after_another_has_the_numbers_it_has_alone(train, recipe, changes):
    """Whatever its rate was."""
    trainer, first = Trainer(), recipe.but(**changes)
    last = first.but(learning_rate=2e-3)
    train(recipe=first, seed=1, trainer=trainer)
    assert trainer.can_go_on

    assert train(recipe=last, trainer=trainer) == train(recipe=last)


def test_so_it_has_in_half_precision_whose_loss_scale_grows(train, recipe, monkeypatch):
    monkeypatch.setattr(tensorflow_loss_scale, "STEPS_BEFORE_GROWTH", 1)
    variant, trainer = ALEXNET.but("dense", towers=1), Trainer()
    asked = {"variant": variant, "precision": "mixed_float16"}
    train(seed=1, trainer=trainer, **asked)

    assert train(trainer=trainer, **asked) == train(**asked)


def test_what_a_trial_left_in_circles_is_gone_when_the_next_begins(train, recipe):
    """As its images are, whenever Python itself would look for them."""

    class Left:
        pass

    circle = Left()
    circle.itself, left = circle, weakref.ref(circle)
    gc.disable()
    try:
        del circle
        train(PLAIN, recipe=recipe.but(epochs=1), evaluate_test=False)
        assert left() is None
    finally:
        gc.enable()


def test_another_network_is_compiled_anew(train, recipe):
    trainer, other = Trainer(), PLAIN.but("other", activation="tanh")
    train(PLAIN, trainer=trainer)

    assert train(other, trainer=trainer) == train(other)


def test_after_a_users_block_no_trial_can_follow(train):
    """What state it has nobody knows."""
    train(PLAIN.but("mine", normalization=batch_normalization), trainer=(trainer := Trainer()))

    assert not trainer.can_go_on


def test_trial_starts_from_its_seeds_weights(train, recipe, tmp_path):
    """At a rate of nearly nothing they are still there at the end."""
    still = recipe.but(learning_rate=1e-12, epochs=1)
    train(PLAIN, recipe=still, seed=1, evaluate_test=False, model=tmp_path / "model.keras")
    plan = make_plan(PLAIN, ALEXNET_8, classes=10, channels=1)
    found = keras.saving.load_model(tmp_path / "model.keras").get_weights()
    for one, other in zip(found, build_model(plan, still, seed=1).get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-7)


def test_a_model_is_there_whole_or_not_at_all(train, recipe, tmp_path, monkeypatch):
    def half(model, path):
        Path(path).write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(keras.Model, "save", half)
    with pytest.raises(RecordError, match="No space left"):
        once = recipe.but(epochs=1)
        train(PLAIN, recipe=once, evaluate_test=False, model=tmp_path / "model.keras")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("seed", [1, 6])
def test_cross_validated_it_tests_the_fold_of_its_seed_and_keeps_where_that_stands(
    train, digits, recipe, tmp_path, seed
):
    folds = replace(digits, train=digits.train.take(slice(40)), folds=4, test_name="held-out")
    held_out = folds.of_seed(seed).test

    columns = train(
        PLAIN, recipe=recipe.but(epochs=1), dataset=folds, seed=seed, predictions=tmp_path / "predictions.npz"
    )

    kept = np.load(tmp_path / "predictions.npz")
    assert kept["places"].tolist() == folds.of_seed(seed).places.tolist()
    assert kept["labels"].tolist() == folds.train.labels[kept["places"]].tolist() == held_out.labels.tolist()
    assert columns["held_out_top1_error"] == 1 - np.mean(kept["likeliest"][:, 0] == kept["labels"])


def test_predictions_are_those_reported(digits, outcome):
    columns, folder = outcome
    assert [file.name for file in (folder / "deep").iterdir()] == ["predictions.npz"]
    predictions = np.load(folder / "deep" / "predictions.npz")
    labels, likeliest = predictions["labels"], predictions["likeliest"]
    assert labels.tolist() == digits.test.labels.tolist()
    assert likeliest.shape == (100, 5)
    assert all(len(set(row)) == 5 for row in likeliest.tolist())
    assert columns["test_top1_error"] == pytest.approx(np.mean(likeliest[:, 0] != labels))
    assert columns["test_top5_error"] == pytest.approx(1 - np.mean((likeliest == labels[:, None]).any(1)))


def test_the_first_layers_kernels_are_kept_tower_by_tower(outcome):
    _, folder = outcome
    model = keras.saving.load_model(folder / "model.keras")
    kept = np.load(folder / "deep" / "predictions.npz")["filters"]
    assert kept.shape == (2, 3, 3, 1, 8)
    np.testing.assert_array_equal(np.concatenate(kept, -1), model.get_layer("conv1").weights[0].numpy())


def test_saved_model_is_the_one_that_was_evaluated(digits, recipe, outcome):
    """Its errors are those reported, on training and validation images that the seed has carved."""
    columns, folder = outcome
    model = keras.saving.load_model(folder / "model.keras")
    training, validation = digits.carve(0)
    pipeline = Pipeline(digits, training, recipe, side=8, input_side=8, seed=0)

    def error(split):
        (images,) = pipeline.evaluation(split, 1000)
        return np.mean(np.argmax(model(images), 1) != split.labels)

    reported = [columns[name] for name in ("train_error", "validation_top1_error", "test_top1_error")]
    assert reported == pytest.approx([error(split) for split in (training, validation, digits.test)])
    # So that they can be told apart, and from chance.
    assert len(set(reported)) == 3
    assert max(reported) < 0.85


def test_ten_crops_are_averaged(train, digits, recipe, tmp_path):
    """Section 4.1: over the softmax, five crops here, since digits have no mirror images."""
    files = {"predictions": tmp_path / "predictions.npz", "model": tmp_path / "model.keras"}
    train(PLAIN.but("ten-crops", evaluation="ten-crops"), recipe=recipe.but(epochs=1), **files)
    model = keras.saving.load_model(files["model"])
    pipeline = Pipeline(digits, digits.carve(0)[0], recipe, side=8, input_side=8, seed=0)
    (crops,) = pipeline.evaluation(digits.test, 100, "ten-crops")
    assert len(crops) == 5
    mean = sum(tf.nn.softmax(model(crop)) for crop in crops) / 5
    expected = np.argsort(-mean.numpy(), axis=1, kind="stable")[:, :5]
    assert np.load(files["predictions"])["likeliest"].tolist() == expected.tolist()


DIVERGED = "loss or outputs are not finite in epoch 1"


def test_an_overflow_in_the_very_last_step_is_seen(train, digits, recipe):
    one_step = recipe.but(learning_rate=1e38, optimizer="sgd", epochs=1, batch_size=len(digits.carve(0)[0]))
    assert train(PLAIN, recipe=one_step)["error"] == DIVERGED


def test_diverged_is_an_outcome(train, recipe):
    outcome = train(PLAIN, recipe=recipe.but(learning_rate=1e30, epochs=3))
    assert (outcome["status"], outcome["error"]) == ("diverged", DIVERGED)
    (row,) = outcome["curve"]
    assert (row["epoch"], row["loss"], row["validation_top1_error"]) == (1, None, None)
    assert not outcome.keys() & {"test_top1_error", "loss"}
    json.dumps(outcome, allow_nan=False)


class Untouchable:
    """A test split that may not be looked at."""

    def __getattr__(self, name):
        pytest.fail(f"the test split's {name} was read")

    def __len__(self):
        pytest.fail("the test split's length was read")


def test_tuning_leaves_the_test_split_alone(train, digits, recipe):
    untouchable = replace(digits, test=Untouchable())
    outcome = train(PLAIN, dataset=untouchable, recipe=recipe.but(epochs=1), evaluate_test=False)
    assert [name for name in outcome if name.endswith("error")] == ["validation_top1_error", "train_error"]


def test_held_out_errors_are_called_so(train, digits, recipe):
    """And with five classes there is no top-5 error to speak of."""
    few = {
        name: split.take(split.labels < 5)
        for name, split in vars(digits).items()
        if name in ("train", "test")
    }
    dataset = replace(digits, classes=tuple("01234"), test_name="held-out", **few)
    outcome = train(PLAIN, dataset=dataset, recipe=recipe.but(epochs=1))
    assert [name for name in outcome if "top" in name] == ["validation_top1_error", "held_out_top1_error"]


def test_rate_drops_when_stated(train, recipe, outcome):
    """Two drops at the start, the others at the shares of the recipe: as if from a hundredth of the rate."""
    curve = train(recipe=recipe.but(learning_rate=0.2, drops=(0.0, 0.0, *recipe.drops)))["curve"]
    assert [row["learning_rate"] for row in curve] == pytest.approx([2e-3, 2e-6])
    assert [row["loss"] for row in curve] == [row["loss"] for row in outcome[0]["curve"]]


def test_an_epochs_figures_are_those_of_all_its_batches(train, recipe, monkeypatch):
    """Made four at a time or all at once: at a rate of nearly nothing, every image counts alike."""
    plain = PLAIN.but("still", dropout=0.0)
    still = recipe.but(learning_rate=1e-12, epochs=1, augmentation="none")
    whole = train(plain, recipe=still)["curve"][0]
    monkeypatch.setattr("alexnet_bench.data.tensorflow_pipeline.BYTES_AT_ONCE", 4 * 4 * 8 * 8 * 8)
    parts = train(plain, recipe=still)["curve"][0]

    assert parts["loss"] == pytest.approx(whole["loss"], rel=1e-5)
    assert parts["train_error"] == pytest.approx(whole["train_error"], abs=0.01)


def test_half_precision_trains(train):
    columns = train(ALEXNET.but("dense", towers=1), precision="mixed_bfloat16")
    assert columns["status"] == "ok"
    assert columns["curve"][-1]["loss"] < columns["curve"][0]["loss"]


@pytest.mark.parametrize("base", [PAPER, NOTEBOOK], ids=lambda base: base.name)
def test_small_recipes_train(train, base):
    """Four epochs of all digits; by chance, nine in ten are wrong."""
    outcome = train(recipe=scale_to_small_images(base, 1293).but(epochs=4), dataset=open_dataset("digits"))
    assert outcome["test_top1_error"] < 0.82


def test_corrupt_file_ends_a_trial_with_an_error_that_names_it(train, tmp_path):
    """Whole to look at, it is found while training; not an outcome, since the data must be put right."""
    for name in ("one/1", "one/2", "one/3", "two/1", "two/2", "two/3"):
        path = tmp_path / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (12, 12), (200, 100, 50)).save(path)
    dataset = open_dataset(f"folder:{tmp_path}")
    damaged = Path(dataset.carve(0)[0].paths[0])
    data = damaged.read_bytes()
    start = data.index(b"IDAT") + 4
    damaged.write_bytes(data[:start] + bytes(8) + data[start + 8 :])
    check_images([str(damaged)])
    with pytest.raises(DataError, match=f"^corrupt image: {re.escape(str(damaged))} cannot be decoded"):
        train(dataset=dataset)


def test_training_ends_with_the_last_epoch_that_is_wanted(train, recipe):
    assert len(train(PLAIN, recipe=recipe.but(epochs=2), most_epochs=1)["curve"]) == 1


def test_training_ends_with_the_epoch_that_is_down_to_the_training_error(train, recipe):
    """Any error is at most 1, so it ends with the first."""
    first = train(PLAIN, recipe=recipe.but(stop_at_train_error=1.0))

    assert (first["status"], len(first["curve"])) == ("ok", 1)
    assert first["validation_top1_error"] == first["curve"][-1]["validation_top1_error"]
