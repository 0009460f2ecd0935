"""The file of a history: what is added, what is read again, and what is refused."""

import re
from pathlib import Path

import pytest
from history_rows import commit, entry, row, write

from alexnet_bench.errors import BenchWarning, RecordError
from alexnet_bench.records import history, lock
from alexnet_bench.records.history import COLUMNS, append_history, read_history


def test_nothing_measured_makes_no_file(tmp_path):
    append_history(tmp_path / "h.jsonl", [])

    assert not (tmp_path / "h.jsonl").exists()


def test_what_is_there_stays_as_it_is_but_for_a_line_that_a_crash_cut_short(tmp_path):
    file = tmp_path / "h.jsonl"
    append_history(file, [entry(0)])
    before = file.read_bytes()
    file.write_bytes(before + b'{"schema_version": 1, "ti')

    assert read_history(file) == [entry(0)]
    with pytest.warns(BenchWarning, match=f"{file}, line 2: cut short"):
        append_history(file, [entry(2), entry(1)])
    assert file.read_bytes().startswith(before)
    assert [item.commit for item in read_history(file)] == [commit(0), commit(1), commit(2)]
    assert (tmp_path / "h.damaged.jsonl").read_bytes() == b'{"schema_version": 1, "ti\n'


@pytest.mark.filterwarnings("ignore::alexnet_bench.errors.BenchWarning")
@pytest.mark.parametrize("step", ["sound_rows", "set_aside", "append_rows"])
def test_no_other_gate_reads_mends_or_writes_meanwhile(tmp_path, monkeypatch, step):
    file, does = tmp_path / "h.jsonl", getattr(history, step)
    append_history(file, [entry(0)])
    file.write_bytes(file.read_bytes() + b'{"schema_version": 1, "ti')
    monkeypatch.setattr(lock, "LONGEST_MOMENT", 0.0)
    refused = []

    def beside(*arguments):
        monkeypatch.setattr(history, step, does)
        with pytest.raises(RecordError, match=f"another process has held {tmp_path} for 0 s"):
            append_history(file, [entry(2)])
        refused.append(step)
        return does(*arguments)

    monkeypatch.setattr(history, step, beside)
    append_history(file, [entry(1)])

    assert refused == [step]
    append_history(file, [entry(2)])
    assert [item.commit for item in read_history(file)] == [commit(0), commit(1), commit(2)]


def test_a_byte_inside_a_line_hides_no_other(tmp_path):
    file = tmp_path / "h.jsonl"
    append_history(file, [entry(0), entry(1), entry(2)])
    file.write_bytes(file.read_bytes().replace(commit(1).encode(), b"c\r01"))

    with pytest.raises(RecordError, match=r"h\.jsonl, line 2: .*; remove that line"):
        read_history(file)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (row(1, schema_version=99), "schema version 99; this alexnet-bench reads up to 1: update"),
        ({key: value for key, value in row(1).items() if key != "mode"}, "field `mode`"),
        (row(1) | {"ratio": "fast"}, "got `str` - at `$.ratio`"),
        (row(1, 0.0), "Expected `float` > 0.0 - at `$.images_per_teraflop`"),
    ],
)
def test_a_damaged_or_newer_line_is_named(tmp_path, line, words):
    """What is no JSON is told of as it is of records, by the same function."""
    file = write(tmp_path / "h.jsonl", [row(0), line])

    with pytest.raises(RecordError, match=f"h.jsonl, line 2: .*{re.escape(words)}"):
        read_history(file)


@pytest.mark.parametrize("place", ["empty", "missing", "folder"])
def test_a_file_without_entries_is_refused(tmp_path, place):
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()

    with pytest.raises(RecordError, match=place):
        read_history(tmp_path / place)


def test_a_file_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(RecordError, match=r"h\.jsonl cannot be written .*give another --history"):
        append_history(tmp_path / "file" / "h.jsonl", [entry(0)])


def test_every_column_is_explained_as_it_is():
    text = (Path(__file__).parents[2] / "docs" / "history.md").read_text(encoding="utf-8").splitlines()
    rows = [f"| `{item.name}` | {'' if item.required else 'may be null; '}{item.about} |" for item in COLUMNS]

    assert [item for item in rows if item not in text] == []
