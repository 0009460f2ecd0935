"""`bench claims` on the committed records, and without any."""

import json
from pathlib import Path

import pytest

REFERENCE = Path(__file__).parents[2] / "results" / "reference"
PAPERS = ("LRN", "ReLU", "overlapping pooling", "two-GPU", "dropout", "colour noise", "ten crops")


def test_without_runs_every_claim_is_listed_and_none_tested(bench):
    code, out, err = bench("claims", "--json")

    rows = json.loads(out)
    assert (code, err) == (0, "")
    assert {row["verdict"] for row in rows} == {"not tested at this scale"}
    assert all(any(word in row["claim"] for row in rows) for word in PAPERS)


def test_what_lies_beside_the_runs_is_left_out(bench, tmp_path):
    code, out, err = bench("claims", *sorted(REFERENCE.iterdir()), "--out", tmp_path / "ledger")

    assert (code, err) == (0, "")
    assert "left out: " in out
    assert "harness.json" in " ".join(out.split())
    assert (tmp_path / "ledger" / "claims.md").read_text().startswith("# The paper's claims")
    assert (tmp_path / "ledger" / "claims.csv").exists()


def test_too_few_seeds_are_shown_and_test_nothing(bench):
    code, out, _ = bench("claims", REFERENCE / "quick", "--json")

    row = next(row for row in json.loads(out) if row["claim"] == "LRN lowers top-1 error by 1.4 points")
    assert (code, row["pairs"], row["verdict"]) == (0, 3, "not tested at this scale")
    assert row["effect"] == pytest.approx(-0.09, abs=0.01)
    assert row["note"] == "3 pairs describe and test nothing"
    assert row["price"] == pytest.approx(1.080, abs=0.001)


def test_a_run_that_is_not_there_is_refused_in_a_line(bench, tmp_path):
    code, out, err = bench("claims", tmp_path / "nowhere")

    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "nowhere cannot be found" in err


def test_what_was_not_measured_is_hidden_and_counted(bench):
    rows = json.loads(bench("claims", REFERENCE / "quick", "--json").out)
    unmeasured = {row["claim"] for row in rows if not row["pairs"]} - {
        row["claim"] for row in rows if row["pairs"]
    }
    hidden = sum(not row["pairs"] for row in rows)

    code, out, err = bench("claims", REFERENCE / "quick")
    whole = bench("claims", REFERENCE / "quick", "--all").out

    assert (code, err) == (0, "")
    assert unmeasured
    assert not any(claim in out for claim in unmeasured)
    assert out.splitlines()[-1] == f"{hidden} rows of which nothing was measured here: --all shows them."
    assert all(claim in whole for claim in unmeasured)
    assert "--all" not in whole


def test_where_nothing_was_measured_the_claims_alone_are_shown(bench):
    out = bench("claims").out

    assert all(any(word in line for line in out.splitlines()) for word in PAPERS)
    assert "--all" not in out


def test_no_word_of_a_claim_is_broken_on_a_narrow_terminal(bench, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    narrow = bench("claims", REFERENCE / "quick", "--all").out
    monkeypatch.setenv("COLUMNS", "400")
    wide = bench("claims", REFERENCE / "quick", "--all").out

    assert set(wide.split()) <= {*narrow.split(), "Claim", "–"}
    assert max(map(len, narrow.splitlines())) <= 80
