"""The file of a history: what is added, what is read again, and what is refused."""

import json
import math
import re
from pathlib import Path

import msgspec
import pytest
from history_rows import commit, entry, row, write

from alexnet_bench.errors import RecordError
from alexnet_bench.records.history import COLUMNS, append_history, read_history


def test_nothing_measured_makes_no_file(tmp_path):
    append_history(tmp_path / "h.jsonl", [])

    assert not (tmp_path / "h.jsonl").exists()


def test_what_is_there_stays_as_it_is(tmp_path):
    file = tmp_path / "h.jsonl"
    append_history(file, [entry(0)])
    before = file.read_bytes()
    append_history(file, [entry(2), entry(1)])

    assert file.read_bytes().startswith(before)
    assert [item.commit for item in read_history(file)] == [commit(0), commit(1), commit(2)]


def test_a_line_that_a_crash_cut_short_is_passed_over_and_mended(tmp_path):
    file = write(tmp_path / "h.jsonl", [row(0)])
    with file.open("a") as place:
        place.write('{"schema_version": 1, "ti')

    assert len(read_history(file)) == 1
    append_history(file, [entry(1)])
    assert len(read_history(file)) == 2


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "truncated"),
        ("[1]", "Expected `object`, got `array`"),
        (
            json.dumps(row(1, schema_version=99)),
            "schema version 99; this alexnet-bench reads up to 1: update",
        ),
        (json.dumps({key: value for key, value in row(1).items() if key != "mode"}), "field `mode`"),
        (json.dumps(row(1) | {"ratio": "fast"}), "got `str` - at `$.ratio`"),
        (json.dumps(row(1, 0.0)), "Expected `float` > 0.0 - at `$.images_per_teraflop`"),
        (json.dumps(row(1) | {"low": float("nan")}), "malformed"),
        (json.dumps(row(1)).replace("alexnet", "alex\rnet"), "malformed"),
    ],
)
def test_a_damaged_or_newer_line_is_named(tmp_path, line, words):
    file = write(tmp_path / "h.jsonl", [row(0)])
    with file.open("a", newline="") as place:
        place.write(line + "\n")

    with pytest.raises(RecordError, match=f"h.jsonl, line 2: .*{re.escape(words)}"):
        read_history(file)


def test_what_ends_a_line_elsewhere_hides_no_entry(tmp_path):
    entries = [entry(number, commit=f"a{end}b") for number, end in enumerate("\r\u2028\x85")]
    append_history(tmp_path / "h.jsonl", entries)

    assert read_history(tmp_path / "h.jsonl") == entries


def test_what_is_no_number_is_written_as_null(tmp_path):
    append_history(tmp_path / "h.jsonl", [msgspec.structs.replace(entry(0), low=math.nan)])

    assert [item.low for item in read_history(tmp_path / "h.jsonl")] == [None]


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
