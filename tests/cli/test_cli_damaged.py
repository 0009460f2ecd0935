"""A run's folder that was damaged, in whatever way: a message and an exit code, and nothing is changed."""

import os
import shutil

import damage
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_trials import made_up_trial
from report_runs import curve_point, draw

from alexnet_bench.records.lock import locked
from alexnet_bench.records.manifest import MANIFEST, read_manifest
from alexnet_bench.records.run_folder import DAMAGED, RECORDS, add_record
from alexnet_bench.run.run import start_run
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import Settings

OF_FILES = st.tuples(st.just(MANIFEST), damage.OF_MANIFEST) | st.tuples(st.just(RECORDS), damage.OF_RECORDS)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Two runs that were trained but for some seeds, and timed."""
    return [write_run(tmp_path_factory.mktemp("runs") / name) for name in ("run", "other")]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Where a damaged run lies."""
    return tmp_path_factory.mktemp("damaged") / "run"


def write_run(folder):
    schedule = Schedule(Settings(variants="@lrn", seeds=3, epochs=1))
    start_run(schedule, folder, "bench run --variants @lrn")
    run_id, rng = read_manifest(folder).run_id, np.random.default_rng(0)
    (folder / "predictions").mkdir()
    for task in schedule.trials()[1:]:
        name = f"predictions/{task.network.variant.name}-seed{task.seed}.npz"
        likeliest = rng.permuted(np.tile(np.arange(10), (20, 1)), axis=1)[:, :5]
        kernels = rng.normal(size=(2, 3, 3, 1, 4)).astype("float32")
        np.savez_compressed(folder / name, labels=np.arange(20) % 10, likeliest=likeliest, filters=kernels)
        error = 0.1 + 0.01 * task.seed
        outcome = {"test_top1_error": error, "validation_top1_error": error, "loss": 0.2, "predictions": name}
        digest = schedule.dataset.digest
        add_record(
            folder, made_up_trial(task, run_id, curve=[curve_point(1, error)], data_digest=digest, **outcome)
        )
    for number in range(2):
        for variant in ("alexnet", "no-lrn"):
            add_record(folder, draw(variant, number, [10.0 + number, 11.0], steady=True, run_id=run_id))
    return folder


def damaged(whole, place, name, change):
    """A copy of a run with one of its files changed."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(whole[0], place)
    (place / name).write_bytes(change((place / name).read_bytes()))
    return place


def check(outcome):
    """One line and exit code 2, or all is well."""
    assert outcome.code in (0, 1, 2, 3), outcome.err
    if outcome.code == 2:
        lines = [line for line in outcome.err.splitlines() if not line.startswith("Warning: ")]
        assert len(lines) == 1 and lines[0].startswith("Error: "), outcome.err


@settings(max_examples=30)
@given(OF_FILES)
def test_going_on_would_change_nothing_and_is_never_a_fault_of_ours(bench, whole, place, change):
    folder = damaged(whole, place, *change)
    before = contents(folder)

    check(bench("run", "--resume", folder, "--dry-run"))
    assert contents(folder) == before


@settings(max_examples=30)
@given(OF_FILES)
def test_runs_are_compared_or_refused(bench, whole, place, change):
    check(bench("compare", damaged(whole, place, *change), whole[1]))


@settings(max_examples=12)
@given(OF_FILES)
def test_claims_are_held_against_a_run_or_it_is_refused(bench, whole, place, change):
    check(bench("claims", damaged(whole, place, *change)))


@settings(max_examples=6)
@given(OF_FILES)
def test_a_run_is_reported_or_refused(bench, whole, place, change):
    check(bench("report", damaged(whole, place, *change)))


KINDS = {
    "nothing": lambda file: None,
    "empty": lambda file: file.touch(),
    "folder": lambda file: file.mkdir(),
    "pipe": os.mkfifo,
    "device": lambda file: file.symlink_to("/dev/zero"),
    "link to nothing": lambda file: file.symlink_to("nothing"),
    "link to itself": lambda file: file.symlink_to(file.name),
    "large": lambda file: (file.touch(), os.truncate(file, 2**40)),
    "one long line": lambda file: file.write_bytes(b"[" * 2**20),
    "no text": lambda file: file.write_bytes(os.urandom(2**16)),
    "zeroes": lambda file: file.write_bytes(bytes(2**16)),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [MANIFEST, RECORDS])
def test_what_is_no_file_of_a_run_is_neither_waited_for_nor_a_fault_of_ours(bench, whole, place, name, kind):
    folder = damaged(whole, place, name, bytes)
    (folder / name).unlink()
    KINDS[kind](folder / name)

    for command in (["run", "--dry-run", "--resume"], ["compare", whole[1]], ["report"]):
        check(bench(*command, folder))


def contents(folder):
    return {
        str(file): (file.stat().st_mtime_ns, file.read_bytes() if file.is_file() else b"")
        for file in [folder, *folder.rglob("*")]
    }


def torn(content):
    lines = content.splitlines(keepends=True)
    return b"".join([lines[0][:50] + b"\r" + lines[0][50:], *lines[1:-1], lines[-1][:-9]])


def test_what_going_on_will_mend_is_told_before_it_is_done(bench, whole, place):
    folder = damaged(whole, place, RECORDS, torn)
    before = contents(folder)

    code, _, err = bench("run", "--resume", folder, "--dry-run")
    assert code == 0
    assert err.count("\n") == 1
    assert err.startswith(f"Warning: {folder / RECORDS}, line 1: ") and "(and 1 more)" in err
    assert DAMAGED in err
    assert contents(folder) == before


def test_readers_refuse_a_damaged_line_and_say_what_mends_it(bench, whole, place):
    folder = damaged(whole, place, RECORDS, torn)

    for command in (["claims"], ["compare", whole[1]], ["report"]):
        code, _, err = bench(*command, folder)
        assert code == 2
        assert err.startswith(f"Error: {folder / RECORDS}, line 1: ")
        assert f"; `bench run --resume {folder}` sets it aside" in err


def test_predictions_that_cannot_be_read_are_told_of_once(bench, whole, place):
    folder = damaged(whole, place, RECORDS, bytes)
    (file,) = (folder / "predictions").glob("no-lrn-seed1.npz")
    file.write_bytes(file.read_bytes()[:100])

    code, _, err = bench("report", folder)
    assert code == 0
    assert err.count(f"{file} cannot be read") == 1


def test_a_run_that_is_held_is_not_gone_on_with(bench, whole, place):
    folder = damaged(whole, place, RECORDS, bytes)
    before = contents(folder)
    with locked(folder):
        code, _, err = bench("run", "--resume", folder)
        assert bench("run", "--resume", folder, "--dry-run").code == 0
        assert bench("claims", folder).code == 0
    assert code == 2
    assert f"{folder} is in use by process {os.getpid()} on " in err
    assert set(contents(folder)) == set(before)
