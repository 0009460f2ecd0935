"""A process that dies at each moment of an append, a setting aside, a manifest and a checkpoint.

Nothing is trained here: what is killed is a sweep of made-up trials, or saves what stands for weights.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from kills import APPEND, CHECKPOINT, MANIFEST, SET_ASIDE, complete, doubled, lost
from made_up_checkpoint import opened, saved
from same_trials import found

HERE = Path(__file__).parent
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds the name of an open file in /proc")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run a script, which dies at a moment where that is ordered: its exit code."""
    orders = tmp_path_factory.mktemp("orders")

    def run(script, *arguments, dies=None):
        if dies:
            moment, file, times = dies
            (orders / f"command {moment} {file} {times}").touch()
        paths = [str(HERE / "dying"), str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")]
        own = {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "FAULTS_ORDERS": str(orders)}
        ended = subprocess.run([sys.executable, HERE / script, *arguments], env={**os.environ, **own})
        for order in orders.iterdir():
            order.unlink()
        return ended.returncode

    return run


@pytest.fixture(scope="module")
def unkilled(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unkilled") / "run"
    assert run("made_up_sweep.py", folder) == 0
    return found(folder)


def records_survive(run, folder, unkilled, dies, *ending):
    """A sweep that dies, and goes on, has each record once and all that were complete."""
    assert run("made_up_sweep.py", folder, *ending, dies=dies) == -signal.SIGKILL
    seen = complete(folder / "records.jsonl")
    assert run("made_up_sweep.py", folder) == 0
    assert (lost(folder, seen), doubled(folder)) == (0, 0)
    assert found(folder) == unkilled


@pytest.mark.parametrize(("moment", "file"), APPEND)
def test_in_an_append(run, unkilled, tmp_path, moment, file):
    """After others."""
    records_survive(run, tmp_path / "run", unkilled, (moment, file, 2))


@pytest.mark.parametrize(("moment", "file"), MANIFEST)
def test_as_the_manifest_is_replaced(run, unkilled, tmp_path, moment, file):
    """That of a run that goes on: its first one is written as the folder is made."""
    records_survive(run, tmp_path / "run", unkilled, (moment, file, 1))


@pytest.mark.parametrize(("moment", "file"), SET_ASIDE)
def test_as_what_is_done_again_is_set_aside(run, unkilled, tmp_path, moment, file):
    folder = tmp_path / "run"
    assert run("made_up_sweep.py", folder, "no-lrn") == 0
    records_survive(run, folder, unkilled, (moment, file, 0))


@pytest.mark.parametrize("times", [0, 1])
@pytest.mark.parametrize(("moment", "file"), CHECKPOINT)
def test_in_a_checkpoint(run, tmp_path, moment, file, times):
    """It is the one before or this one, never a mixture."""
    path = tmp_path / "checkpoints" / "trial.zip"
    assert run("made_up_checkpoint.py", path, dies=(moment, file, times)) == -signal.SIGKILL
    checkpoint, variables = opened(path)
    epochs = times + (moment == "replaced")
    curve, value = saved(epochs)
    assert checkpoint.restore() == curve
    assert {float(item) for variable in variables for item in variable.numpy()} == {value}
    checkpoint.save(saved(2)[0])
    assert [entry.name for entry in path.parent.iterdir()] == ["trial.zip"]
