"""Trials that other machines carry out: what they take along, what comes back, what is lost on the way."""

import dataclasses
import importlib
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import msgspec
import pytest
import slurm_stand_in
from same_trials import found

from alexnet_bench.errors import BenchError, RecordError
from alexnet_bench.records.run_folder import add_record, run_records
from alexnet_bench.records.schema import FAULTS
from alexnet_bench.run.executors import node
from alexnet_bench.run.executors.cluster import RETRIES, ClusterExecutor, LostError
from alexnet_bench.run.executors.local import LocalExecutor
from alexnet_bench.run.executors.node import Delivered, Parcel, carry_out_parcel, pack
from alexnet_bench.run.local import Zygote
from alexnet_bench.run.observer import Observer
from alexnet_bench.run.run import continue_run, resume_settings, start_run
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import Settings
from alexnet_bench.run.task import lost, make_task
from alexnet_bench.run.trials import run_trials

# `alexnet_bench.run` is a function, too.
settings_module = importlib.import_module("alexnet_bench.run.settings")

# A block of the user's, which takes a file beside it; a trial of it goes with both.
MINE = """
    from alexnet_bench import ALEXNET, Ablation, block


    @block()
    def mine(**layer):
        from . import _mine

        return _mine.layer(**layer)


    MINE = Ablation(
        name="mine", factor="normalization", control=ALEXNET, arms=[ALEXNET.but("mine", normalization=mine)]
    )
"""
HELPER = """
    def layer(**layer):
        import keras

        return keras.layers.LayerNormalization(**layer)
"""


@pytest.fixture(scope="module")
def settings(write_ablations):
    """One trial, of a user's variant."""
    folder = write_ablations({"mine.py": MINE, "_mine.py": HELPER})
    asked = {"measure": "accuracy", "epochs": 1, "seeds": 1, "threads": 1, "jobs": 1}
    return Settings(variants="mine", control="mine", ablations=folder, **asked)


@pytest.fixture
def schedule(settings):
    return Schedule(settings)


@pytest.fixture
def task(schedule):
    return make_task(schedule, schedule.trials()[-1], "run")


@pytest.fixture(scope="module")
def local(settings, tmp_path_factory):
    """What this machine finds by itself."""
    folder = tmp_path_factory.mktemp("local") / "run"
    with Zygote(folder.with_name("log")) as zygote:
        carry_out(settings, folder, lambda schedule: LocalExecutor(schedule, zygote, folder))
    (trial,) = found(folder)
    return [trial]


def carry_out(settings, folder, executor_of):
    schedule = Schedule(settings)
    start_run(schedule, folder, "a test")
    keep, executor = partial(add_record, folder), executor_of(schedule)
    run_trials(schedule, schedule.trials(), executor, "run", keep, lambda *epoch: None)


# -- real clusters of one machine


def test_ray_finds_what_this_machine_finds_by_itself(settings, local, tmp_path):
    pytest.importorskip("ray")
    schedule = Schedule(dataclasses.replace(settings, executor="ray"))
    start_run(schedule, tmp_path / "run", "a test")

    continue_run(schedule, tmp_path / "run", Observer())

    assert found(tmp_path / "run") == local
    assert not list((tmp_path / "run").rglob("*.new"))


def test_jobs_find_what_this_machine_finds_by_itself(settings, local, tmp_path):
    """By submitit's own stand-in for Slurm."""
    slurm = pytest.importorskip("alexnet_bench.run.executors.slurm")
    folder = tmp_path / "run"

    carry_out(settings, folder, lambda schedule: slurm.SlurmExecutor(folder, 2, cluster="local"))

    assert found(folder) == local
    # What came back is in the records; its pickles are of no more use.
    assert not list(folder.rglob("*.pkl"))


def test_jobs_are_cancelled_with_the_run(task, tmp_path, monkeypatch):
    """By a stand-in for Slurm's own commands."""
    slurm = pytest.importorskip("alexnet_bench.run.executors.slurm")
    for name, value in slurm_stand_in.environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    (tmp_path / "run").mkdir()
    executor, begun = slurm.SlurmExecutor(tmp_path / "run", 1), slurm_stand_in.a_job(tmp_path)

    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(executor.deliver, pack(task), task)
        while begun() is None:
            assert not job.done(), job.exception()
        executor.end()

    with pytest.raises(LostError, match="the run was ended"):
        job.result()
    (state,) = tmp_path.glob("*.state")
    assert state.read_text(encoding="utf-8") == "CANCELLED"
    with pytest.raises(LostError):
        executor.deliver(pack(task), task)


def test_what_slurm_says_of_a_job_it_does_not_take_is_told(task, tmp_path, monkeypatch):
    slurm = pytest.importorskip("alexnet_bench.run.executors.slurm")
    for name, value in slurm_stand_in.environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    refusing = tmp_path / "bin" / "sbatch"
    refusing.write_text("#!/bin/sh\necho 'sbatch: error: invalid partition' >&2\nexit 1\n", encoding="utf-8")
    (tmp_path / "run").mkdir()

    with pytest.raises(BenchError, match=r"Slurm takes no job: .*invalid partition"):
        slurm.SlurmExecutor(tmp_path / "run", 1).deliver(pack(task), task)


def test_a_run_folder_that_is_removed_is_not_made_anew_by_a_job(task, tmp_path):
    slurm, folder = pytest.importorskip("alexnet_bench.run.executors.slurm"), tmp_path / "run"
    folder.mkdir()
    executor = slurm.SlurmExecutor(folder, 1, cluster="local")
    shutil.rmtree(folder)

    with pytest.raises(RecordError, match="was moved or removed"):
        executor.deliver(pack(task), task)
    assert not folder.exists()


@pytest.mark.parametrize(
    ("limit", "minutes"),
    [
        (None, 1440),
        ("90", 90),
        ("90:30", 90),
        ("8:00:00", 480),
        ("2-0", 2880),
        ("1-12:30", 2190),
        ("1-0:0:59", 1440),
        ("0:30", 1),
        ("UNLIMITED", 1440),
    ],
)
def test_a_job_asks_for_the_time_that_slurm_gives_it(task, tmp_path, monkeypatch, limit, minutes):
    """By another, one whose time is up would seem to be preempted, and be queued for ever."""
    slurm = pytest.importorskip("alexnet_bench.run.executors.slurm")
    for name, value in slurm_stand_in.environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("SBATCH_TIMELIMIT", raising=False)
    if limit:
        monkeypatch.setenv("SBATCH_TIMELIMIT", limit)
    (tmp_path / "bin" / "sbatch").write_text("#!/bin/sh\ncat $1 >&2; exit 1\n", encoding="utf-8")
    (tmp_path / "run").mkdir()

    with pytest.raises(BenchError, match=f"--time={minutes} "):
        slurm.SlurmExecutor(tmp_path / "run", 1).deliver(pack(task), task)


# -- what a node refuses


def delivered(task, **other):
    parcel = msgspec.json.decode(pack(task), type=Parcel)
    return carry_out_parcel(msgspec.json.encode(msgspec.structs.replace(parcel, **other)))


def test_a_node_with_other_libraries_says_which(task, no_workers):
    versions = node.versions() | {"tensorflow": "2.0.0"}

    refused = delivered(task, versions=versions).refused

    assert re.search(r"on \S+: version: tensorflow is 2.0.0 here and \S+ there; install the same", refused)


def test_a_node_with_other_code_refuses(task, no_workers):
    assert "is of another revision" in delivered(task, code="0" * 64).refused


def test_a_node_with_other_data_refuses(task, no_workers):
    other = msgspec.structs.replace(task, columns=task.columns | {"data_digest": "0" * 16})

    assert "digits holds other images or labels there" in delivered(other).refused


def test_a_node_without_the_data_refuses(task, no_workers, tmp_path):
    asked = task.request | {"dataset": f"cifar10:{tmp_path / 'none'}"}

    assert "none: no such folder" in delivered(msgspec.structs.replace(task, request=asked)).refused


def test_a_clusters_own_settings_of_tensorflow_are_not_taken_on(task, monkeypatch):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    parcel = msgspec.json.decode(pack(task), type=Parcel)
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")

    variables = node.variables(parcel)

    assert variables["TF_ENABLE_ONEDNN_OPTS"] == "0"
    assert "OMP_NUM_THREADS" not in variables
    assert "PATH" in variables


# -- what the sender makes of what comes back


class Answers(ClusterExecutor):
    """Answers in turn; an error is raised."""

    def __init__(self, folder, *answers):
        super().__init__(folder, 1)
        self.answers, self.parcels = iter(answers), []

    def deliver(self, parcel, task):
        self.parcels.append(parcel)
        if isinstance(answer := next(self.answers), Exception):
            raise answer
        return answer

    def end(self):
        pass


def record_of(task):
    return lost(task, "ok", "", "2026-01-02T03:04:05+00:00", 1.0)


def test_what_is_lost_is_sent_again_as_it_was(task, tmp_path):
    executor = Answers(tmp_path, LostError("gone"), Delivered(lost="full"), Delivered(record=record_of(task)))

    assert executor.carry_out(task, print).status == "ok"
    assert len(executor.parcels) == 3 == 1 + RETRIES
    assert len(set(executor.parcels)) == 1


def test_what_is_lost_too_often_is_a_record_and_the_rest_goes_on(schedule, tmp_path):
    gone = [LostError("node 7 died")] * RETRIES + [LostError("it died again", "out-of-memory")]
    first = schedule.trials()[0]
    second = dataclasses.replace(first, seed=1)
    fine = Delivered(record=record_of(make_task(schedule, second, "run")))
    records = []

    executor = Answers(tmp_path, *gone, fine)
    run_trials(schedule, [first, second], executor, "run", records.append, lambda *epoch: None)

    assert [record.status for record in records] == ["out-of-memory", "ok"]
    assert records[0].error == f"lost {1 + RETRIES} times, the last time: it died again"
    assert (records[0].variant, records[0].seed, records[0].device) == ("mine", 0, "unknown")
    # So that a run that goes on tries it again.
    assert {LostError("").status, records[0].status} <= {*FAULTS}


def test_what_a_node_refuses_ends_the_run_with_its_message(task, tmp_path):
    with pytest.raises(BenchError, match="on node7: no such folder"):
        Answers(tmp_path, Delivered(refused="on node7: no such folder")).carry_out(task, print)


def test_files_and_the_log_come_into_the_run_folder(task, tmp_path):
    files, name = {"predictions/a.npz": b"1", "models/a.keras": b"2"}, "workers.log"
    answer = Delivered(record=record_of(task), files=files, log=b"said\n")

    executor = Answers(tmp_path, answer, answer)
    for _ in range(2):
        executor.carry_out(task, print)

    assert {path: (tmp_path / path).read_bytes() for path in files} == files
    assert (tmp_path / name).read_bytes() == b"said\n" * 2


# -- what is asked


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"executor": "ray"}, "ray spreads trials over machines.*give --measure accuracy"),
        ({"executor": "rey"}, "unknown executor 'rey' .did you mean 'ray'"),
        ({"ray_address": "auto"}, "--ray-address is an address, for --executor ray"),
        ({"threads": 0}, "threads is 0; it must be at least 1"),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused(asked, expected):
    with pytest.raises(BenchError, match=expected):
        Settings(**asked)


def test_what_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr(settings_module, "find_spec", lambda name: None)

    with pytest.raises(BenchError, match=r'slurm needs submitit: `pip install "alexnet-bench\[slurm\]"`'):
        Settings(executor="slurm", measure="accuracy")


def test_a_trial_has_the_threads_that_it_would_have_here(settings):
    asked = dataclasses.replace(settings, executor="slurm", threads=None)

    assert Schedule(asked).capacity.threads == 1
    assert Schedule(dataclasses.replace(asked, threads=5)).capacity.threads == 5


def test_a_run_goes_on_where_it_is_told_to(settings, tmp_path):
    start_run(Schedule(settings), tmp_path / "run", "a test")

    assert resume_settings(tmp_path / "run", None, {"executor": "slurm"}).executor == "slurm"
    assert run_records(tmp_path / "run") == []
