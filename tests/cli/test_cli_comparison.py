"""What `bench compare` shows of two runs."""

import pytest
from report_runs import draw, manifest, trial, write_run

RATES = [100.0, 101.0, 99.0, 100.0]


@pytest.fixture
def compared(bench, tmp_path, monkeypatch):
    """Compare two runs, given by their trials' errors and their draws; what is said, on one line."""
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.chdir(tmp_path)

    def call(**runs):
        for name, (errors, draws) in runs.items():
            trials = [trial("alexnet", seed, error) for seed, error in enumerate(errors)]
            write_run(tmp_path / name, trials + draws, manifest(name, variants={"alexnet": []}))
        return " ".join(bench("compare", *runs).out.split())

    return call


def draws(rates):
    return [draw("alexnet", number, [rate, rate]) for number, rate in enumerate(rates)]


def test_changes_have_their_units_and_intervals(compared):
    faster = draws(1.03 * rate for rate in RATES)
    said = compared(before=([0.03] * 4, draws(RATES)), after=([0.025, 0.025, 0.024, 0.026], faster))

    assert "before after Change [95%] ms/step, base ms/step, head" in said
    assert "training throughput float32, 16 100.0 images/s 103 images/s +3.00% [+1.56%, +4.47%]" in said
    assert "+4.47%] 160 (158–162) 155 (154–157)" in said
    assert "alexnet test top-1 error float32, 32 3.00% 2.50% −0.50 points [−0.63, −0.37]" in said


def test_what_must_be_known_stands_beside_it(compared):
    said = compared(before=([0.03] * 3, draws(RATES)), after=([0.025] * 3, []))

    assert "test top-1 error float32, 32 3.00% 2.50% −0.50 points 3 pairs: no interval" in said
    assert "training throughput float32, 16 – – – not measured in the second run" in said


def test_there_may_be_more_to_know_than_one_thing(compared):
    moving = draw("alexnet", 9, [90.0, 90.0], steady=False)
    said = compared(before=([], draws(RATES)), after=([], [*draws(RATES[:3]), moving]))

    assert "without a steady state, and left out: draw 9 of alexnet; 3 pairs: no interval" in said
