"""Trials of several hosts: processes of this machine, which find what one with as many devices finds."""

import contextlib
import importlib
import socket
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
import slurm_stand_in
from same_trials import found

from alexnet_bench.errors import BenchError
from alexnet_bench.run.executors.cluster import as_one
from alexnet_bench.run.executors.node import Delivered
from alexnet_bench.run.local import Host, Zygote
from alexnet_bench.run.observer import Observer
from alexnet_bench.run.run import continue_run, start_run
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import Settings
from alexnet_bench.run.task import carry_out, lost, make_task
from alexnet_bench.run.trainers import Trainers

ASKED = {"variants": "data-parallel", "control": "data-parallel", "measure": "accuracy"}
ASKED |= {"epochs": 10, "seeds": 1, "threads": 1, "jobs": 1}
TOGETHER = {"executor": "slurm", "hosts": 2}


@pytest.fixture(scope="module", autouse=True)
def submitit():
    return pytest.importorskip("submitit")


@pytest.fixture(scope="module")
def schedule():
    return Schedule(Settings(**ASKED, **TOGETHER))


@pytest.fixture(scope="module")
def task(schedule):
    return make_task(schedule, schedule.trials()[-1], "run")


@pytest.fixture(scope="module")
def one_host(tmp_path_factory):
    """What one host with two devices finds."""
    schedule, folder = Schedule(Settings(**ASKED)), tmp_path_factory.mktemp("one") / "run"
    start_run(schedule, folder, "a test")
    continue_run(schedule, folder, Observer())
    (trial,) = found(folder)
    return trial


@pytest.mark.parametrize("ended", [0, 1])
def test_the_end_of_one_host_ends_the_other(ended, task, tmp_path):
    def trained(host):
        folder = tmp_path / str(host.index)
        folder.mkdir()
        return ended_once(host, task, folder, lambda: host.index == ended)

    killed = on_two_hosts(trained)

    assert [record.status for record in killed] == ["killed", "killed"]
    assert "was ended by signal SIGKILL" in killed[ended].error
    assert killed[1 - ended].error == "another host of the trial ended, or cannot be reached"


def test_two_hosts_go_on_to_what_two_devices_of_one_find(schedule, task, one_host, tmp_path, monkeypatch):
    """By a stand-in for Slurm; to the last bit, since a sum of two does not depend on their order."""
    for name, value in slurm_stand_in.environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    folders = [tmp_path / "run", tmp_path / "other"]
    folders[1].mkdir()
    start_run(schedule, folders[0], "a test")
    checkpoint = folders[0] / task.request["checkpoint"]
    on_two_hosts(lambda host: ended_once(host, task, folders[host.index], checkpoint.exists))

    continue_run(schedule, folders[0], Observer())

    (two_hosts,) = found(folders[0])
    assert two_hosts.pop("device") == one_host["device"].replace("logical CPU devices", "hosts")
    assert two_hosts == {name: one_host[name] for name in two_hosts} | {"hosts": 2}
    assert not list(folders[0].rglob("*.pkl"))


def ended_once(host, task, folder, is_time):
    """The record of a host of a trial that is ended after the first epoch for which it is time."""
    with Zygote(folder / "workers.log") as zygote:
        trainers = Trainers(zygote, host=host)
        return carry_out(task, folder, trainers, lambda row: trainers.end() if is_time() else None)


def on_two_hosts(do):
    """What two threads return, each as a host."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(2)]
        for each in sockets:
            each.bind(("localhost", 0))
        addresses = tuple(f"localhost:{each.getsockname()[1]}" for each in sockets)
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(do, [Host(addresses=addresses, index=index) for index in range(2)]))


def test_the_nodes_of_a_job_find_one_another_by_what_slurm_says(monkeypatch):
    slurm = importlib.import_module("alexnet_bench.run.executors.slurm")
    monkeypatch.setattr(slurm, "carry_out_parcel", lambda parcel, folder, host: host)
    said = {"JOB_ID": "1234567", "NTASKS": "3", "JOB_NODELIST": "gpu[07-08],cpu1", "PROCID": "1"}
    for name, value in said.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    monkeypatch.setenv("SUBMITIT_EXECUTOR", "slurm")

    hosts = slurm._Job()(b"", "run")

    assert hosts == Host(addresses=("gpu07:18701", "gpu08:18702", "cpu1:18703"), index=1)


# -- what is made of what each of them says


def delivered(task, status="ok", device="AMD EPYC", **others):
    record = lost(task, status, f"{status} here", "2026-01-02T03:04:05+00:00", 1.0)
    return Delivered(record=msgspec.structs.replace(record, device=device), **others)


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("ok", "ok", "ok"),
        # The first one has all it takes.
        ("ok", "killed", "ok"),
        ("killed", "ok", "killed"),
        ("killed", "out-of-memory", "out-of-memory"),
        ("timed-out", "crashed", "crashed"),
        ("crashed", "killed", "crashed"),
        ("killed", "killed", "killed"),
    ],
)
def test_a_trial_ended_as_it_did_where_that_began(task, first, second, told):
    together = as_one([delivered(task, first, log=b"1"), delivered(task, second, log=b"2")])

    assert (together.record.status, together.record.error) == (told, f"{told} here")
    assert (together.record.device, together.log) == ("2 hosts (AMD EPYC)", b"12")


def test_a_host_that_refuses_or_cannot_start_is_told_of(task):
    waited = delivered(task, "timed-out")

    assert as_one([waited, Delivered(refused="other data")]).refused == "other data"
    assert as_one([waited, Delivered(lost="no memory")]).lost == "no memory"
    assert as_one([Delivered(refused="other data"), waited]).refused == "other data"


def test_hosts_of_two_kinds_are_told_apart(task):
    together = as_one([delivered(task), delivered(task, device="Intel Xeon")])

    assert together.record.device == "2 hosts (AMD EPYC, Intel Xeon)"


# -- what is asked


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"executor": "local"}, "trials of 2 hosts take --executor slurm, not local; give both, or no --h"),
        ({"executor": "ray"}, "take --executor slurm, not ray"),
        ({"hosts": 0}, "hosts is 0; it must be at least 1"),
        ({"variants": "tanh", "control": "alexnet"}, "no variant shares its batches between hosts"),
        ({"hosts": 3, "batch_size": 2}, "a batch of 2 gives 3 hosts not an image each; give fewer --hosts"),
    ],
    ids=str,
)
def test_what_cannot_be_shared_is_refused(asked, expected):
    with pytest.raises(BenchError, match=expected):
        Schedule(Settings(**ASKED | TOGETHER | asked))


def test_the_other_variants_of_a_run_stay_on_one_host():
    schedule = Schedule(Settings(**ASKED | TOGETHER | {"variants": "data-parallel,two-gpu", "control": None}))
    wanted = {
        task.columns["variant"]: (task.worker.host_count, task.worker.device_count, task.columns["hosts"])
        for task in (make_task(schedule, trial, "run") for trial in schedule.trials())
    }

    assert wanted == {"alexnet": (1, 1, 1), "two-gpu": (1, 2, 1), "data-parallel": (2, 1, 2)}
