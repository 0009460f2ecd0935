"""The folder of a run and its manifest; `tests/cli` sees to the folders that a command refuses."""

import contextlib
import errno
import json
import os
import tempfile
from pathlib import Path

import msgspec
import pytest
from report_runs import manifest
from whole_records import record

import alexnet_bench
from alexnet_bench.errors import RecordError
from alexnet_bench.records.lock import LOCK, locked
from alexnet_bench.records.manifest import MANIFEST, read_manifest, write_manifest
from alexnet_bench.records.run_folder import (
    RECORDS,
    add_record,
    create_run,
    open_run,
    run_folder,
    run_records,
)

RUN = manifest()


@pytest.fixture
def folder(tmp_path):
    """A run without records."""
    create_run(tmp_path / "run", RUN)
    return tmp_path / "run"


def refusal(act, *arguments):
    """The message with which something is refused."""
    with pytest.raises(RecordError) as caught:
        act(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_new_run_has_its_manifest_and_no_records(folder):
    assert read_manifest(folder) == RUN
    assert run_records(folder) == []
    assert sorted(path.name for path in folder.iterdir()) == [RECORDS, MANIFEST]


def test_a_run_goes_into_an_empty_folder_or_a_new_one_however_deep(tmp_path):
    (tmp_path / "empty").mkdir()
    create_run(tmp_path / "empty", RUN)
    create_run(tmp_path / "a" / "b" / "c", RUN)

    assert read_manifest(tmp_path / "empty") == read_manifest(tmp_path / "a" / "b" / "c")


def test_of_two_runs_that_begin_at_once_in_one_folder_one_is_first(tmp_path):
    (tmp_path / "run").mkdir()
    with locked(tmp_path / "run"):
        assert f"is in use by process {os.getpid()} on " in refusal(create_run, tmp_path / "run", RUN)

    assert list((tmp_path / "run").iterdir()) == []


def test_what_a_start_that_was_ended_leaves_behind_is_in_nobodys_way(tmp_path):
    for name in (RECORDS, f"{MANIFEST}.new", LOCK):
        (tmp_path / name).touch()

    create_run(tmp_path, RUN)
    assert run_records(tmp_path) == []


def test_records_without_a_manifest_are_somebodys(tmp_path):
    (tmp_path / RECORDS).write_text("{}\n", encoding="utf-8")

    assert "is in use; give an empty or new folder" in refusal(create_run, tmp_path, RUN)


@pytest.mark.parametrize("is_there", [True, False])
def test_a_start_that_fails_leaves_nothing(tmp_path, monkeypatch, is_there):
    folder = tmp_path / "run" if is_there else tmp_path / "a" / "b" / "run"
    if is_there:
        folder.mkdir()

    def full(path, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        assert "cannot be written (No space left on device)" in refusal(create_run, folder, RUN)
    assert list(tmp_path.rglob("*")) == ([folder] if is_there else [])
    create_run(folder, RUN)


def open_and_add(folder, act=lambda: None):
    with open_run(folder) as add:
        act()
        add(record())


@pytest.mark.parametrize(
    ("name", "make", "why"),
    [
        ("predictions", Path.touch, "Not a directory"),
        ("report", Path.touch, "Not a directory"),
        ("report", lambda path: path.symlink_to("nowhere"), "No such file or directory"),
        ("workers.log", Path.mkdir, "Is a directory"),
        ("workers.log", os.mkfifo, "No such device or address"),
    ],
)
def test_what_a_run_cannot_write_is_found_before_it_measures(folder, name, make, why):
    make(folder / name)

    message = refusal(open_and_add, folder)
    assert message.startswith(f"{folder / name} cannot be written ({why}); ")
    assert run_records(folder) == []


def test_a_full_disk_is_found_before_anything_is_measured(folder, monkeypatch):
    def full(dir):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    assert f"{folder} cannot be written (No space left on device); " in refusal(open_and_add, folder)
    assert "give another --out" in refusal(create_run, folder.parent / "other", RUN)


@pytest.mark.parametrize("is_made_anew", [True, False])
def test_records_are_never_split_between_a_folder_and_what_took_its_place(folder, is_made_anew):
    """A second folder of the name, with records of its own, is left alone."""

    def move():
        folder.rename(folder.parent / "moved")
        if is_made_anew:
            create_run(folder, manifest("another"))

    assert f"{folder} was moved or removed" in refusal(open_and_add, folder, move)
    assert run_records(folder.parent / "moved") == []
    assert run_records(folder) == [] if is_made_anew else not folder.exists()


def test_a_file_of_records_that_is_gone_is_not_made_anew(folder):
    assert f"{folder / RECORDS} cannot be written" in refusal(open_and_add, folder, (folder / RECORDS).unlink)
    assert not (folder / RECORDS).exists()


def test_runs_begun_in_one_second_get_a_folder_each(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with contextlib.ExitStack() as stack:
        folders = [stack.enter_context(run_folder(None)) for _ in range(20)]
        for number, folder in enumerate(folders):
            create_run(folder, manifest(str(number)))

    assert len(set(folders)) == 20
    assert {read_manifest(folder).run_id for folder in folders} == set(map(str, range(20)))
    assert all(folder.parent == Path("results/runs") for folder in folders)


def test_a_new_folder_is_gone_again_where_the_run_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ZeroDivisionError), run_folder(None) as folder:
        assert folder.is_dir()
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []

    with pytest.raises(ZeroDivisionError), run_folder(None) as folder:
        (folder / "mine").touch()
        raise ZeroDivisionError
    assert (folder / "mine").exists()


def enter(out):
    with run_folder(out):
        pass


def test_a_new_folder_that_cannot_be_made_is_one_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").touch()

    assert refusal(enter, None).endswith("cannot be written (Not a directory); give another --out")


@pytest.mark.parametrize("out", ["", 3, b"run", ["run"], "~nobody-of-that-name/run"], ids=repr)
def test_what_is_no_folder_is_refused(out):
    assert str(out) in refusal(enter, out)


def test_a_folder_of_ones_own_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with run_folder("~/run") as folder:
        assert folder == tmp_path / "run"


@pytest.mark.parametrize("path", ["a\0b", "file/a/b"])
def test_a_folder_that_cannot_be_made_is_named(tmp_path, path):
    (tmp_path / "file").touch()

    assert "cannot be written" in refusal(create_run, tmp_path / path, RUN)
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_file_is_no_folder(tmp_path):
    file = tmp_path / "file"
    file.write_text("mine", encoding="utf-8")

    assert f"{file} is in use" in refusal(create_run, file, RUN)
    assert file.read_text(encoding="utf-8") == "mine"


def test_a_manifest_is_replaced_whole(folder):
    write_manifest(folder, manifest("run-b"))

    assert read_manifest(folder) == manifest("run-b")
    assert sorted(path.name for path in folder.iterdir()) == [RECORDS, MANIFEST]


@pytest.mark.parametrize(
    "text",
    [
        *("{", "", "[]", "3", "\x00", '{"plan": []}', "[" * 100_000, '{"run_id": NaN}', '{"run_id": 1e999}'),
        *(
            json.dumps(msgspec.to_builtins(RUN) | wrong)
            for wrong in (
                {"schema_version": "3"},
                {"schema_version": None},
                {"plan": []},
                {"plan": {"epochs": "two"}},
                {"plan": {"variants": {"alexnet": "the paper's"}}},
                {"environment": {}},
            )
        ),
    ],
)
def test_a_damaged_manifest_is_named(folder, text):
    (folder / MANIFEST).write_text(text, encoding="utf-8")

    assert refusal(read_manifest, folder).startswith(f"{folder / MANIFEST} is damaged: ")


def test_reading_puts_runs_one_after_another(tmp_path):
    for name, seeds in (("a", [0, 1]), ("b", [5])):
        create_run(tmp_path / name, RUN)
        for seed in seeds:
            add_record(tmp_path / name, record(seed=seed, run_id=name))

    one = alexnet_bench.read(tmp_path / "b")
    both = alexnet_bench.read(tmp_path / "a", str(tmp_path / "b"))
    listed = alexnet_bench.read([tmp_path / "a", tmp_path / "b"])

    assert one["seed"].tolist() == [5]
    assert both[["run_id", "seed"]].to_numpy().tolist() == [["a", 0], ["a", 1], ["b", 5]]
    assert listed.equals(both)


def test_reading_what_is_no_run_is_refused(tmp_path):
    assert f"{tmp_path / RECORDS} does not exist" in refusal(alexnet_bench.read, tmp_path)
