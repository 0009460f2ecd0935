"""Workers, forked before CUDA is in use, time and train on a GPU: the commands as users type them."""

import pytest

from alexnet_bench import ALEXNET
from alexnet_bench.environment import cpu_model
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.topology import ALEXNET_227
from alexnet_bench.records.run_folder import run_records
from alexnet_bench.worker.nvml import visible_gpus

pytestmark = pytest.mark.gpu

BATCH_SIZE = 128


@pytest.fixture(scope="module")
def draws(bench, tmp_path_factory):
    """One draw each or more, in both kinds of step: at 227 pixels computing takes longer than launching."""
    folder = tmp_path_factory.mktemp("runs") / "timed"
    code, _, err = bench(
        *("run", "--variants", "alexnet,no-lrn", "--measure", "throughput", "--time-batch-size", BATCH_SIZE),
        *("--budget", "20s", "--out", folder),
    )
    assert code == 0, err
    return run_records(folder)


def test_what_is_timed_is_on_the_gpu_and_holds_no_more_of_it_than_estimated(draws):
    plan = make_plan(ALEXNET, ALEXNET_227, classes=1000)

    assert {(draw.status, draw.device != cpu_model()) for draw in draws} == {("ok", True)}
    assert all(0 < draw.peak_memory_bytes < plan.gpu_memory_bytes(BATCH_SIZE) for draw in draws)


def test_the_clock_waits_for_the_device(draws):
    """Else a step would seem to compute more than the device's peak."""
    assert all(0 < draw.utilization < 1.1 for draw in draws if draw.utilization is not None)
    assert any(draw.utilization for draw in draws)


def test_energy_is_counted_where_the_driver_counts_it(draws):
    if not visible_gpus():
        pytest.skip("nvidia-ml-py is not installed")
    assert all(draw.joules_per_image is None or draw.joules_per_image > 0 for draw in draws)


def test_trials_share_a_gpu(bench, tmp_path):
    """As many at once as there are jobs, each of them with the memory that it needs."""
    code, _, err = bench(
        *("run", "--variants", "alexnet", "--measure", "accuracy", "--seeds", "3", "--epochs", "2"),
        *("--jobs", "3", "--out", tmp_path / "run"),
    )

    assert code == 0, err
    trials = run_records(tmp_path / "run")
    assert {(trial.status, trial.device != cpu_model()) for trial in trials} == {("ok", True)}
    assert len(trials) == 3


def test_the_doctor_finds_nothing_missing_for_one(bench):
    code, out, err = bench("doctor", "--budget", "5s")

    assert code == 0, err
    missing = out.partition("To run on GPUs:")[2].splitlines()
    assert [line for line in missing if line.startswith("- ") and not line.startswith("- one GPU")] == []
