"""What processes print, kept up to a limit."""

import os
import subprocess

import pytest

from alexnet_bench.errors import RecordError
from alexnet_bench.run.log import LAST_BYTES, Log


def printing(log, command):
    """Have a process print into a log."""
    process = subprocess.Popen(["sh", "-c", command], stdout=log.end, stderr=log.end)
    os.close(log.end)
    return process


def test_what_is_printed_is_added_to_the_file(tmp_path):
    (tmp_path / "log").write_text("before\n", encoding="utf-8")
    log = Log(tmp_path / "log")
    printing(log, "echo one; echo two >&2").wait()
    log.close()

    assert (tmp_path / "log").read_text(encoding="utf-8") == "before\none\ntwo\n"


def test_the_last_words_of_a_process_are_there_as_soon_as_it_has_ended(tmp_path):
    """Whatever else still holds the pipe."""
    log = Log(tmp_path / "log")
    kept = os.dup(log.end)
    printing(log, "echo why").wait()

    assert log.last() == "why\n"
    os.close(kept)
    log.close()


def test_one_that_prints_without_end_is_cut_short_but_for_its_last_words(tmp_path):
    log, most, printed = Log(tmp_path / "log", most_bytes=5_000), 5_000, 3_000_000
    printing(log, f"echo first; yes | head -c {printed}; echo last").wait()
    log.close()

    text = (tmp_path / "log").read_text(encoding="utf-8")
    assert text.startswith("first\ny\n") and text.endswith("\ny\nlast\n")
    assert f"(more than {most} bytes: what follows is left out, but for its end)" in text
    assert most < len(text) < most + LAST_BYTES + 200


def test_of_a_file_that_is_full_already_only_last_words_are_kept(tmp_path):
    (tmp_path / "log").write_text("x" * 100, encoding="utf-8")
    log = Log(tmp_path / "log", most_bytes=50)
    printing(log, "echo why").wait()
    log.close()

    assert (tmp_path / "log").read_text(encoding="utf-8").endswith("but for its end)\nwhy\n")


def test_a_full_disk_stops_nobody(tmp_path):
    (tmp_path / "log").symlink_to("/dev/full")
    log = Log(tmp_path / "log")
    process = printing(log, "yes | head -c 1000000; echo last")

    assert process.wait() == 0
    assert log.last().endswith("last\n")
    log.close()


@pytest.mark.parametrize("make", ["mkdir", "pipe", "gone"])
def test_a_file_that_cannot_be_written_is_told(tmp_path, make):
    file = tmp_path / ("gone/log" if make == "gone" else "log")
    {"mkdir": lambda: file.mkdir(), "pipe": lambda: os.mkfifo(file), "gone": lambda: None}[make]()

    with pytest.raises(RecordError, match=f"{file} cannot be written"):
        Log(file)
    assert not (tmp_path / "gone").exists()
