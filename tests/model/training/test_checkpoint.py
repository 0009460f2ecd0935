"""A trial that is cut short goes on from its checkpoint, to the numbers that it would have had."""

import keras
import pytest
import tensorflow as tf

from alexnet_bench import ALEXNET, block
from alexnet_bench.model.checkpoint import Checkpoint
from alexnet_bench.model.train import Trainer, TrialSpec
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.topology import ALEXNET_8

EPOCHS = 4


class CutShortError(Exception):
    """In place of the end of the process."""


@block(parameters=lambda channels: 4 * channels)
def batch_norm_of_ones_own(**layer):
    """Has state of its own: moving means, which an optimizer does not see."""
    return keras.layers.BatchNormalization(**layer)


def run(digits, recipe, path, variant=ALEXNET, *, after=None, seed=3, hours=1.0, **options):
    """A trial whose every epoch takes `hours`; cut short as it reports the epoch `after`, if any."""
    plan = make_plan(variant, ALEXNET_8, classes=10, channels=1)
    recipe = recipe.but(epochs=EPOCHS)
    spec = TrialSpec(plan=plan, recipe=recipe, dataset=digits, seed=seed, checkpoint=path, **options)
    reported = []

    def on_epoch(row):
        reported.append(row)
        if len(reported) == after:
            raise CutShortError

    try:
        outcome = Trainer().run(spec, on_epoch, clock=lambda: 3600 * hours * len(reported))
    except CutShortError:
        return reported
    assert reported == outcome["curve"]
    return outcome


@pytest.mark.parametrize("after", [2, 4])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_trial_goes_on_to_the_same_numbers(digits, recipe, tmp_path, optimizer, after):
    recipe = recipe.but(optimizer=optimizer)
    whole = run(digits, recipe, None)
    path = tmp_path / "checkpoints" / "trial.zip"
    cut = run(digits, recipe, path, after=after)
    assert len(cut) == after and path.is_file()
    assert run(digits, recipe, path) == whole
    assert [entry.name for entry in path.parent.iterdir()] == ["trial.zip"]


OTHERS = {
    "a user's block": {"variant": ALEXNET.but("own", normalization=batch_norm_of_ones_own)},
    "mixed_float16": {"precision": "mixed_float16"},
    "mixed_bfloat16": {"precision": "mixed_bfloat16"},
    "two devices": {"variant": ALEXNET.but("two", placement="data-parallel"), "devices": ("cpu:0", "cpu:1")},
    "split": {"variant": ALEXNET.but("split", placement="split"), "devices": ("cpu:0", "cpu:1")},
}


@pytest.mark.parametrize("kind", OTHERS)
def test_so_does_one_with_more_to_remember(digits, recipe, tmp_path, kind):
    whole = run(digits, recipe, None, **OTHERS[kind])
    run(digits, recipe, tmp_path / "trial.zip", after=3, **OTHERS[kind])
    assert run(digits, recipe, tmp_path / "trial.zip", **OTHERS[kind]) == whole


def test_what_was_trained_before_is_not_trained_again(digits, recipe, tmp_path):
    run(digits, recipe, tmp_path / "trial.zip", after=3)
    of_another_seed = run(digits, recipe, tmp_path / "trial.zip", after=2, seed=4)
    assert of_another_seed == run(digits, recipe, None, after=2)


def test_a_trial_of_short_epochs_leaves_no_checkpoint(digits, recipe, tmp_path):
    run(digits, recipe, tmp_path / "trial.zip", after=3, hours=1e-5)
    assert not any(tmp_path.iterdir())


def spoiled(path, kind):
    contents = path.read_bytes()
    middle = len(contents) // 2
    changed = {
        "empty": b"",
        "cut short": contents[:-100],
        "one byte": contents[:middle] + bytes([contents[middle] ^ 1]) + contents[middle + 1 :],
        "something else": b"a text",
    }
    path.write_bytes(changed[kind])


@pytest.mark.parametrize("kind", ["empty", "cut short", "one byte", "something else"])
def test_a_damaged_checkpoint_is_passed_over(digits, recipe, tmp_path, kind, capfd):
    path = tmp_path / "trial.zip"
    run(digits, recipe, path, after=3)
    spoiled(path, kind)
    assert run(digits, recipe, path) == run(digits, recipe, None)
    assert f"{path} cannot be read" in capfd.readouterr().err


def test_so_is_one_of_another_network(digits, recipe, tmp_path, capfd):
    path = tmp_path / "trial.zip"
    run(digits, recipe, path, ALEXNET.but("wide", towers=1), after=3)
    assert run(digits, recipe, path) == run(digits, recipe, None)
    assert "it is of another network" in capfd.readouterr().err


def test_a_trial_goes_on_where_no_checkpoint_can_be_written(digits, recipe, tmp_path, capfd):
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    assert run(digits, recipe, tmp_path / "file" / "trial.zip") == run(digits, recipe, None)
    assert "cannot be written" in capfd.readouterr().err


def test_no_damaged_byte_is_more_than_a_trial_that_starts_again(tmp_path, capfd):
    path, ticks = tmp_path / "trial.zip", iter(range(0, 10**9, 3600))
    state = [tf.Variable([1.0, 2.0]), tf.Variable(3)]
    checkpoint = Checkpoint(path, state, lambda: next(ticks))
    checkpoint.save([{"epoch": 1}])
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        assert checkpoint.restore() in ([], [{"epoch": 1}])
        assert [item.numpy().tolist() for item in state] == [[1.0, 2.0], 3]


def test_another_processor_starts_again(tmp_path, capfd, monkeypatch):
    ticks = iter(range(0, 10**9, 3600))
    here = Checkpoint(tmp_path / "trial.zip", [tf.Variable(1.0)], lambda: next(ticks))
    here.save([{"epoch": 1}])
    assert here.restore() == [{"epoch": 1}]
    monkeypatch.setattr("alexnet_bench.model.checkpoint.cpu_model", lambda: "another")
    assert here.restore() == []
