"""The tables of simulated verdicts and histories and of gates are those of the committed results."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from alexnet_bench.stats import Slices, log_ratios
from alexnet_bench.stats.evidence import PairedDraws
from alexnet_bench.stats.gate import decide

ROOT = Path(__file__).parents[1]


@pytest.fixture
def simulated(monkeypatch, request):
    """The script that made a table."""
    monkeypatch.setattr(sys, "path", [str(ROOT / "tests" / "validation"), *sys.path])
    return importlib.import_module(request.param)


def gates():
    """That were made live."""
    lines = (ROOT / "results" / "reference" / "gate-live.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def shown(document, name):
    """A table of the docs."""
    _, _, rest = (ROOT / "docs" / document).read_text(encoding="utf-8").partition(f"<!-- {name} -->\n")
    return rest.partition(f"\n<!-- /{name} -->")[0]


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
    assert shown(document, name) == simulated.table(found(name))


@pytest.mark.parametrize(
    ("simulated", "table", "name", "document"),
    [
        ("gate_live", "table", "gate-live", "gate.md"),
        ("gate_live", "peers_table", "gate-live-peers", "gate.md"),
        ("busy", "table", "busy", "throughput.md"),
    ],
    indirect=["simulated"],
)
def test_the_table_is_what_gates_decided_live(simulated, table, name, document):
    assert shown(document, name) == getattr(simulated, table)(gates())


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


def test_live_gates_are_wrong_no_more_often_than_is_promised():
    same = [row for row in gates() if row["kind"].startswith("same")]
    decided = [row["decisions"]["training"]["decision"] for row in same]

    assert len(same) >= 60
    assert sum("busy" in row["kind"] for row in same) * 2 == len(same)
    assert sum(row["exit_code"] == 1 for row in same) <= 1
    assert decided.count("inconclusive") <= 0.1 * len(decided)


@pytest.mark.parametrize(
    ("kind", "share", "seconds", "gated", "caught"),
    [("slower-3", 0.03, 60, 20, 19), ("slower-1", 0.01, 300, 5, 5)],
)
def test_live_gates_find_what_was_planted(kind, share, seconds, gated, caught):
    rows = [row for row in gates() if row["kind"] == kind]

    assert len(rows) == gated
    assert sum(row["decisions"]["training"]["decision"] == "regressed" for row in rows) >= caught
    assert max(row["drawing_seconds"] for row in rows) <= seconds
    assert {row["decisions"]["training"]["threshold"] for row in rows} == {share}


def test_gates_of_the_first_rules_would_be_decided_alike_by_the_last():
    """What passed cannot regress; the rest is tested by means of draws, which doubt losses less than all."""
    first = [row for row in gates() if row["kind"].startswith("same") and "log_rates" not in row]
    untold = [row for row in first if row["decisions"]["training"]["decision"] == "inconclusive"]

    assert (len(first), len(untold)) == (23, 3)
    for row in untold:
        draws = [np.array([ratio]) for ratio in row["log_ratios"]]
        assert decide([PairedDraws(draws=draws, loss=-np.log1p(-0.03))]) != ["regressed"]


def test_live_ratios_are_those_of_the_slices():
    kept = [row for row in gates() if "log_rates" in row]

    assert kept
    for row in kept:
        head, base = (_slices(row["log_rates"][side]) for side in ("head", "base"))
        assert log_ratios(head, base) == pytest.approx(row["log_ratios"], abs=2e-4)


def _slices(draws):
    """Of log rates, a list a draw."""
    keys = [(draw, number) for draw, rates in enumerate(draws) for number in range(len(rates))]
    return Slices(rounds=keys, draws=[draw for draw, _ in keys], rates=np.exp(np.concatenate(draws)))


def test_the_docs_and_the_readme_say_what_live_gates_decided():
    same = [row for row in gates() if row["kind"].startswith("same")]
    alarms = sum(row["exit_code"] == 1 for row in same)
    untold = [row for row in same if row["decisions"]["training"]["decision"] == "inconclusive"]
    found = [row["exit_code"] == 1 for row in gates() if row["kind"] == "slower-3"]
    most = f"{stats.binomtest(alarms, len(same)).proportion_ci().high:.1%} at most"
    memory = {row["decisions"]["memory"]["decision"] for row in gates() if "decisions" in row}
    gate, readme = (
        " ".join((ROOT / name).read_text(encoding="utf-8").split()) for name in ("docs/gate.md", "README.md")
    )

    assert f"{alarms} false alarms in {len(same)} gates" in gate and most in gate
    assert f"{len(untold)} of {len(same)} were inconclusive" in gate
    assert {row["kind"] for row in untold} == {"same-busy"}
    assert memory == {"pass"}
    assert f"{alarms} false alarms in {len(same)} gates of the same code ({most}" in readme
    assert f"slower in {sum(found)} of {len(found)} gates of a minute" in readme


@pytest.mark.parametrize("simulated", ["busy"], indirect=True)
def test_live_gates_took_the_middle_of_the_rounds_beside_a_busy_process_and_nowhere_else(simulated):
    kept = [row for row in gates() if "log_rates" in row]

    assert {"busy" in row["kind"] for row in kept} == {True, False}
    for row in kept:
        taken = "middle half of the rounds" if "busy" in row["kind"] else "faster halves"
        ratios = [
            simulated.WAYS[taken](np.array(head), np.array(base))
            for head, base in zip(row["log_rates"]["head"], row["log_rates"]["base"], strict=True)
        ]
        assert ratios == pytest.approx(row["log_ratios"], abs=2e-4)
