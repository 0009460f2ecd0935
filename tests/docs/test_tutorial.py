"""What the tutorial says to type works, in its order."""

import re
import shlex
from pathlib import Path

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"


def commands():
    blocks = re.findall(r"```sh\n(.*?)```", TUTORIAL.read_text(encoding="utf-8"), re.DOTALL)
    lines = [shlex.split(line) for block in blocks for line in block.splitlines()]
    return [words[1:] for words in lines if words[0] == "bench"]


def test_the_tutorials_commands_work_one_after_another(bench, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    said = {" ".join(words): bench(*words) for words in commands()}

    assert {command: (left.code, left.err) for command, left in said.items() if left.code} == {}
    assert len(said) >= 6
    (asked,) = (left.out for command, left in said.items() if command.startswith("run --variants @lrn"))
    assert "no-lrn has" in asked
    assert (tmp_path / "results" / "runs" / "lrn" / "report" / "index.html").is_file()
