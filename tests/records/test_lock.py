"""The lock on a folder: who holds it, how long, and what happens where there are none."""

import errno
import fcntl
import os
import subprocess
import sys

import pytest

from alexnet_bench.errors import BenchWarning, RecordError
from alexnet_bench.records.lock import LOCK, locked

# Holds a folder, starts a process that outlives it, and waits.
HOLDER = """
import subprocess, sys
from pathlib import Path
from alexnet_bench.records.lock import locked
with locked(Path(sys.argv[1])):
    other = subprocess.Popen(["sleep", "1000"], stdout=subprocess.DEVNULL)
    print(other.pid, flush=True)
    sys.stdin.read()
"""


def test_only_one_holds_a_folder_and_says_who_it_is(tmp_path):
    held = f"{tmp_path} is in use by process {os.getpid()} on "
    with locked(tmp_path), pytest.raises(RecordError, match=held), locked(tmp_path):
        pass

    with locked(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_it_ends_with_its_holder_whatever_that_has_started(tmp_path):
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        other = int(holder.stdout.readline())
        with pytest.raises(RecordError, match=f"process {holder.pid} on "), locked(tmp_path):
            pass
        holder.kill()
    try:
        assert (tmp_path / LOCK).exists()
        with locked(tmp_path):
            pass
    finally:
        os.kill(other, 9)


def test_one_that_waited_for_a_file_that_was_removed_holds_nothing(tmp_path, monkeypatch):
    """What it has opened is no longer what others find."""
    lock, taken = fcntl.flock, []

    def removed_first(file, how):
        if not taken:
            (tmp_path / LOCK).unlink()
        taken.append(file)
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", removed_first)
    with locked(tmp_path):
        assert (tmp_path / LOCK).exists()
    assert len(taken) == 2


def test_where_there_are_no_locks_that_is_said(tmp_path, monkeypatch):
    def refuse(file, how):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.warns(BenchWarning, match=r"has no locks \(No locks available\)"), locked(tmp_path) as lock:
        lock.check()


@pytest.mark.parametrize("act", ["moved", "removed", "made anew"])
def test_a_folder_that_is_another_is_noticed(tmp_path, act):
    folder = tmp_path / "run"
    folder.mkdir()
    with locked(folder) as lock:
        lock.check()
        folder.rename(tmp_path / "other")
        if act == "removed":
            (tmp_path / "other" / LOCK).unlink()
            (tmp_path / "other").rmdir()
        if act == "made anew":
            folder.mkdir()
        with pytest.raises(RecordError, match=f"{folder} was moved or removed"):
            lock.check()


def test_what_cannot_be_written_is_told(tmp_path):
    (tmp_path / LOCK).mkdir()

    with pytest.raises(RecordError, match=r"cannot be written \(Is a directory\)"), locked(tmp_path):
        pass
    with pytest.raises(RecordError, match=r"cannot be written \(No such file"), locked(tmp_path / "none"):
        pass
