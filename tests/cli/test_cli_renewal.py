"""A run's report is there while the run goes on."""

import pytest
from report_runs import manifest, trial, write_run

from alexnet_bench.cli import renewal
from alexnet_bench.cli.renewal import RenewedReport
from alexnet_bench.errors import RecordError


@pytest.fixture
def page(tmp_path):
    write_run(tmp_path / "run", [trial("alexnet", 0, 0.05)], manifest("run"))
    return tmp_path / "run" / "report" / "index.html"


def test_a_report_is_there_after_the_first_record(page):
    progress = RenewedReport(page.parents[1], quiet=True)
    assert not page.exists()

    progress.recorded(trial("alexnet", 0, 0.05))

    assert "alexnet" in page.read_text(encoding="utf-8")


def test_it_is_renewed_but_takes_a_small_share_of_the_time(page, monkeypatch):
    """Written in four seconds, it is not written again for eighty."""
    now, written = [0.0], []

    def write_report(runs, out):
        written.append(now[0])
        now[0] += 4

    monkeypatch.setattr(renewal.time, "monotonic", lambda: now[0])
    monkeypatch.setattr("alexnet_bench.show.report.write_report", write_report)
    progress = RenewedReport(page.parents[1], quiet=True)
    for seconds in (0, 10, 70, 90, 100):
        now[0] = max(now[0], seconds)
        progress.recorded(trial("alexnet", 0, 0.05))

    assert written == [0, 90]


@pytest.mark.parametrize("fault", [RecordError("no folder"), ValueError("no figure"), OSError(28, "full")])
def test_what_is_wrong_with_it_does_not_end_the_run(page, monkeypatch, fault):
    """Nor is it tried again: the report is written for good at the end."""
    asked = []

    def write_report(runs, out):
        asked.append(runs)
        raise fault

    monkeypatch.setattr("alexnet_bench.show.report.write_report", write_report)
    progress = RenewedReport(page.parents[1], quiet=True)
    for seed in range(2):
        progress.recorded(trial("alexnet", seed, 0.05))

    assert len(asked) == 1
