"""The command that measures all of docs/performance.md again."""

from pathlib import Path

import pytest
from frameworks import GROUPS, table
from performance import Measurement, measure, measurements

ONE = Measurement(out="one.json", minutes=1, command=["measure", "one"])
RUN = Measurement(out="run", minutes=2, command=["measure", "run"], environment={"MODE": "fast"})


class Commands:
    """Writes what a command would write, and remembers it."""

    def __init__(self, fails=()):
        self.fails, self.asked = fails, []

    def __call__(self, command, environment):
        *_, what, out = command
        self.asked.append((what, dict(environment)))
        path = Path(out)
        if what == "run":
            path.mkdir()
            path /= "records.jsonl"
        with path.open("a") as file:
            file.write(what)
        if what in self.fails:
            raise KeyboardInterrupt


def test_what_is_there_is_left_and_each_says_how_long_it_takes(tmp_path, capsys):
    (tmp_path / "one.json").write_text("older")
    run = Commands()

    measure([ONE, RUN], tmp_path, run)

    assert run.asked == [("run", {"MODE": "fast"})]
    assert (tmp_path / "one.json").read_text() == "older"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.json", "run"]
    assert capsys.readouterr().out.splitlines() == ["one: there already", "run: about 2 min"]


def test_an_interrupted_file_is_gone_on_with_and_a_run_folder_begun_anew(tmp_path):
    for item in (ONE, RUN):
        with pytest.raises(KeyboardInterrupt):
            measure([item], tmp_path, Commands(fails=[item.name]))
        assert not (tmp_path / item.out).exists()

        measure([item], tmp_path, Commands())

    assert (tmp_path / "one.json").read_text() == "oneone"
    assert (tmp_path / "run" / "records.jsonl").read_text() == "run"


def test_names_are_all_different(tmp_path):
    names = [item.name for item in measurements(tmp_path)]

    assert len(names) == len(set(names))


def test_times_over_the_first_have_an_interval_over_draws():
    """Made-up draws in which the other takes 2 and 2.2 times as long in turn: a ratio of 2.1 or so."""
    (first, other, *_) = GROUPS["notebook-64"].commands
    about = {name: {"parameters": 62_378_344} for name in (first, other)}
    rows = [
        {
            "group": "notebook-64",
            "about": about,
            "seconds": {first: [1.0, 2.0], other: [2.0 + slower, 4.0 + 2 * slower]},
            "flops_per_second": [2e11],
        }
        for slower in (0.0, 0.2, 0.0, 0.2)
    ]

    *_, last = table(rows).splitlines()

    assert "| 2.098 (1.922 to 2.290) |" in last
