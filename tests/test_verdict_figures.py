"""The tables of simulated verdicts and histories and of replayed gates are those of the committed results."""

import importlib
import json
import sys
from pathlib import Path

import pytest
from scipy import stats

ROOT = Path(__file__).parents[1]


@pytest.fixture
def simulated(monkeypatch, request):
    """The script that made a table."""
    monkeypatch.setattr(sys, "path", [str(ROOT / "tests" / "validation"), *sys.path])
    return importlib.import_module(request.param)


def found(name):
    return json.loads((ROOT / "results" / "reference" / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("simulated", "name", "document"),
    [
        ("looks", "looks", "verdicts.md"),
        ("reports", "reports", "verdicts.md"),
        ("gate_replay", "gate-replay", "gate.md"),
        ("baseline_replay", "baseline-replay", "gate.md"),
        ("history", "history", "history.md"),
    ],
    indirect=["simulated"],
)
def test_the_table_is_what_the_script_found(simulated, name, document):
    _, _, rest = (ROOT / "docs" / document).read_text(encoding="utf-8").partition(f"<!-- {name} -->\n")
    shown, _, _ = rest.partition(f"\n<!-- /{name} -->")

    assert shown == simulated.table(found(name))


def test_no_plan_of_looks_errs_more_often_than_is_promised():
    rows = found("looks")

    assert {row["sweeps"] for row in rows} == {2000}
    assert max(row["looks"][kind] for row in rows for kind in ("false_side", "false_equivalent")) <= 0.05


def test_the_yardstick_steadies_sessions_as_much_as_the_docs_say():
    text = " ".join((ROOT / "docs" / "gate.md").read_text(encoding="utf-8").split())
    shares = {
        (row["device"], row["topology"]): tuple(f"{row[name]:.1%}" for name in ("with_yardstick", "without"))
        for row in found("baseline-replay")["scatter"]
    }

    small, large = (shares["AMD EPYC", f"alexnet-{pixels}"] for pixels in (32, 227))
    assert f"scatter by {small[0]} against it, by {small[1]} without, on the EPYC" in text
    assert f"does not at 227 ({large[0]} and {large[1]})" in text


def test_reports_of_identical_variants_are_wrong_no_more_often_than_is_promised():
    rows = found("reports")

    assert len(rows) == 12
    every = sum(row["reports"] for row in rows)
    for name in ("error", "throughput"):
        wrong = sum(row[name]["reports"] for row in rows)
        assert stats.binomtest(wrong, every).proportion_ci().high <= 0.05


def test_replayed_gates_raise_no_more_false_alarms_than_the_docs_say():
    same = [row for row in found("gate-replay") if not row["planted"]]
    text = " ".join((ROOT / "docs" / "gate.md").read_text(encoding="utf-8").split())

    blocks = sum(row["blocks"] for row in same)
    alarms = sum(row["decisions"].get("regressed", 0) for row in same)
    assert f"{alarms} false alarms in {blocks:,} blocks" in text


def test_histories_without_a_change_show_one_and_warn_no_more_often_than_is_promised():
    same = [row for row in found("history") if row["what"] == "nothing"]

    assert {row["histories"] for row in same} == {2000}
    for kind in ("changed", "drifting"):
        assert max(row[kind] or 0 for row in same) <= 0.05 * 2000
