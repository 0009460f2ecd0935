"""A handful of the kills that `kills.py` makes by the hundred, of a real sweep."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

KILLS = 3


@pytest.mark.skipif(sys.platform != "linux", reason="waits for orphans by Linux' means")
def test_a_killed_sweep_ends_as_one_that_nobody_kills(tmp_path):
    out = tmp_path / "kills.jsonl"
    command = [sys.executable, Path(__file__).with_name("kills.py"), out, "--kills", str(KILLS)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr

    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    killed = [row for row in rows if "role" in row]
    assert len(killed) >= KILLS
    assert {(row["lost"], row["doubled"]) for row in killed} == {(0, 0)}
    for ended in (row for row in rows if "role" not in row):
        assert ended["same_records"] and ended["same_report"]
