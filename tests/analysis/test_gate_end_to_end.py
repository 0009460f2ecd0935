"""`bench gate` with real workers, on the smallest network, in a user's repository."""

import json
import subprocess
from xml.etree import ElementTree

import pytest

TYPED = [
    "--variants",
    "plain",
    "--time-topology",
    "alexnet-8",
    "--time-batch-size",
    "4",
    "--mode",
    "training",
]


@pytest.fixture
def gate(bench, repository, monkeypatch):
    """Call the gate in the user's repository; returns its outcome and its decisions by quantity."""
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)

    def call(*arguments):
        outcome = bench("gate", *TYPED, "--json", "--out", repository / "found", *arguments)
        rows = json.loads(outcome.out)["decisions"] if outcome.out else []
        return outcome, {row["quantity"]: row for row in rows}

    return call


def test_a_commit_that_slows_a_block_fails_the_build(gate, repository, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(repository / "summary.md"))

    outcome, rows = gate("--base", "HEAD~1", "--budget", "60s", "--junit", repository / "junit.xml")

    assert outcome.code == 1
    assert rows["training"]["decision"] == "regressed"
    assert rows["training"]["ratio"] < 0.9
    assert rows["training"]["draws"] >= 4
    suite = ElementTree.parse(repository / "junit.xml").getroot()
    assert suite.attrib["failures"] >= "1"
    assert "❌ regressed" in (repository / "summary.md").read_text(encoding="utf-8")
    listed = subprocess.run(["git", "worktree", "list"], capture_output=True, text=True, check=True).stdout
    assert len(listed.splitlines()) == 1
