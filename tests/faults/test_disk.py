"""What a disk does to a sweep of made-up trials: full, read-only, with its folder renamed or removed."""

import contextlib
import errno
import json
import os
import shutil

import pytest
from kills import complete, doubled, lost
from made_up_runs import carry_out
from report_runs import curve_point
from same_trials import found

from alexnet_bench.errors import BenchWarning, RecordError

SWEEP = {"variants": "alexnet,no-lrn", "seeds": 2}


def fill(disk):
    """Leave no room; the file that takes it."""
    with (disk / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(2**12))
    return disk / "filler"


def columns(task):
    """Of a trial: more than fits into what is left of a file's last block."""
    curve = [curve_point(epoch + 1, 0.5) for epoch in range(200)]
    return {"test_top1_error": 0.1 + task.seed / 100, "curve": curve}


def meanwhile(variant, seed, act):
    """The same, with something that happens while one trial is trained."""

    def do(task):
        if (task.network.variant.name, task.seed) == (variant, seed):
            act()
        return columns(task)

    return do


@pytest.fixture
def undisturbed(tmp_path):
    return found(carry_out(tmp_path / "undisturbed", columns, **SWEEP))


def goes_on(folder, seen, undisturbed):
    """It keeps what was complete, and ends as one that nothing happened to."""
    assert seen
    carry_out(folder, columns, **SWEEP)
    assert (lost(folder, seen), doubled(folder)) == (0, 0)
    assert found(folder) == undisturbed


def test_a_full_disk_ends_it_and_with_room_it_goes_on(small_disk, undisturbed):
    folder = small_disk / "run"
    with pytest.raises(RecordError, match=r"records\.jsonl cannot be written \(No space left on device"):
        carry_out(folder, meanwhile("no-lrn", 0, lambda: fill(small_disk)), **SWEEP)
    seen = complete(folder / "records.jsonl")
    told_at_once = pytest.raises(RecordError, match="No space left on device")
    with told_at_once, pytest.warns(BenchWarning, match="cut short"):
        carry_out(folder, lambda task: pytest.fail("a trial was begun"), **SWEEP)
    (small_disk / "filler").unlink()
    with pytest.warns(BenchWarning, match="cut short"):
        goes_on(folder, seen, undisturbed)


@pytest.mark.parametrize("failure", [errno.ENOSPC, errno.EIO, errno.EDQUOT], ids=errno.errorcode.get)
def test_a_disk_that_fails_as_it_syncs_ends_it(tmp_path, monkeypatch, undisturbed, failure):
    """What was written may be there all the same, and is not there twice then."""
    folder, sync = tmp_path / "run", os.fsync

    def fails(descriptor):
        raise OSError(failure, os.strerror(failure))

    with monkeypatch.context() as patch, pytest.raises(RecordError, match=os.strerror(failure)):
        carry_out(folder, meanwhile("no-lrn", 0, lambda: patch.setattr(os, "fsync", fails)), **SWEEP)
    assert os.fsync is sync
    goes_on(folder, complete(folder / "records.jsonl"), undisturbed)


def test_records_that_become_read_only_end_it(mount, tmp_path, undisturbed):
    folder = tmp_path / "run"
    records = folder / "records.jsonl"

    def make_read_only():
        mount("--bind", records, records)
        mount("-o", "remount,bind,ro", records)

    with pytest.raises(RecordError, match=r"records\.jsonl cannot be written \(Read-only file system"):
        carry_out(folder, meanwhile("no-lrn", 0, make_read_only), **SWEEP)
    seen = complete(records)
    elsewhere = shutil.copytree(folder, tmp_path / "elsewhere")
    goes_on(elsewhere, seen, undisturbed)


def test_a_read_only_folder_is_told_before_workers_start(bench, mount, tmp_path, no_workers):
    folder = carry_out(tmp_path / "run", columns, **SWEEP)
    mount("--bind", folder, folder)
    mount("-o", "remount,bind,ro", folder)
    code, out, err = bench("run", "--resume", folder)
    assert (code, out) == (2, "")
    assert f"{folder} cannot be written (Read-only file system)" in " ".join(err.split())


def test_a_folder_that_is_renamed_ends_it_and_it_goes_on_there(tmp_path, undisturbed):
    folder, moved = tmp_path / "run", tmp_path / "moved"
    with pytest.raises(RecordError, match="was moved or removed while it was written into"):
        carry_out(folder, meanwhile("no-lrn", 0, lambda: folder.rename(moved)), **SWEEP)
    assert not folder.exists()
    goes_on(moved, complete(moved / "records.jsonl"), undisturbed)


@pytest.mark.parametrize("is_made_anew", [False, True])
def test_a_folder_that_is_removed_ends_it(tmp_path, is_made_anew):
    """Nothing is written into one that somebody else makes in its place."""
    folder = tmp_path / "run"

    def remove():
        shutil.rmtree(folder)
        if is_made_anew:
            folder.mkdir()

    with pytest.raises(RecordError, match="was moved or removed while it was written into"):
        carry_out(folder, meanwhile("no-lrn", 0, remove), **SWEEP)
    assert not folder.exists() or not any(folder.iterdir())


def test_a_line_that_was_cut_as_it_was_set_aside_harms_none_after_it(tmp_path, undisturbed):
    folder = tmp_path / "run"

    def killed(task):
        return columns(task) | {"status": "killed", "error": "it is a test"}

    carry_out(folder, killed, **SWEEP)
    seen = complete(folder / "records.jsonl")
    (folder / "records.retried.jsonl").write_bytes(seen[0][:100])
    goes_on(folder, seen, undisturbed)
    aside = complete(folder / "records.retried.jsonl")
    assert [json.loads(line)["status"] for line in aside[-4:]] == ["killed"] * 4
