"""`bench gate` with real workers, on the smallest network, in a user's repository."""

import json
import subprocess
from xml.etree import ElementTree

import pytest
from users_repository import git

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
    # A slowdown is certain after eight draws; what nobody slowed would take the whole budget.
    (repository / "pyproject.toml").write_text(
        "[tool.alexnet-bench.gate.thresholds]\nmemory = false\nstart-up = false\n", encoding="utf-8"
    )

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


def test_a_commit_that_breaks_a_variant_and_adds_another(bench, repository):
    """What it breaks is a regression, what it adds has no base, and either keeps nothing back."""
    git(repository, "commit", "-q", "-a", "--allow-empty", "-m", "head")
    mine = repository / "ablations" / "mine.py"
    text = mine.read_text(encoding="utf-8")
    mine.write_text(text.replace("return Wasteful(**layer)", "raise ValueError('no more')"), encoding="utf-8")
    (repository / "ablations" / "newer.py").write_text(
        text.replace('"mine"', '"new"').replace('but("plain"', 'but("newer"'), encoding="utf-8"
    )
    typed = ["--variants", "plain,newer", *TYPED[2:], "--budget", "1s", "--junit", "j.xml", "--history", "h"]

    code, out, err = bench("gate", "--base", "HEAD", *typed)

    assert code == 1, out + err
    assert "plain, training throughput: regressed: head: crashed: ValueError: no more" in err
    assert "newer, training throughput: not comparable: only this code has it" in err
    assert ElementTree.parse("j.xml").getroot().attrib["failures"] == "3"
