"""With which code `bench gate` leaves, from records that are made up."""

import pytest
from report_runs import draw

from alexnet_bench.runner import compare as comparing


@pytest.fixture
def gate(bench, repository, no_workers, monkeypatch):
    """Call the gate on draws of the base and a head of these rates."""
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)

    def call(head, *arguments, draws=8, **changes):
        rows = [
            draw("alexnet", number, [rate, rate * (1 + 0.001 * (number % 3))], side=side, **ALIKE | how)
            for number in range(draws)
            for side, rate, how in (("base", 100.0, {}), ("head", head, changes))
        ]
        monkeypatch.setattr(comparing, "compare", lambda *given, **more: rows)
        return bench("gate", "--base", "HEAD~1", *arguments)

    return call


ALIKE = {"peak_memory_bytes": 2**28, "compile_seconds": 1.5}
CRASHED = {"status": "crashed", "error": "no", "round_ids": [], "slice_steps": [], "slice_seconds": []}


@pytest.mark.parametrize(
    ("head", "arguments", "changes", "code", "words"),
    [
        (100.0, [], {}, 0, "3 pass"),
        (90.0, [], {}, 1, "1 regressed, 2 pass"),
        (90.0, ["--strict"], {}, 1, "1 regressed"),
        (110.0, [], {}, 0, "1 improved, 2 pass"),
        (90.0, [], {"draws": 3}, 0, "3 inconclusive"),
        (90.0, ["--strict"], {"draws": 3}, 3, "3 inconclusive"),
        (100.0, [], CRASHED, 3, "3 not comparable"),
        (100.0, ["--strict"], CRASHED, 3, "3 not comparable"),
    ],
)
def test_the_exit_code_tells_the_gravest_decision(gate, head, arguments, changes, code, words):
    outcome = gate(head, *arguments, **changes)

    assert outcome.code == code
    assert words in " ".join(outcome.out.split())
    assert bool(outcome.err) == (code == 3 or "inconclusive" in words)


def test_files_are_written_for_others(gate, tmp_path):
    files = [tmp_path / name for name in ("a.md", "b.xml", "c.json", "d.json")]
    options = ("--markdown", "--junit", "--github-benchmark", "--bencher")

    gate(100.0, *(item for pair in zip(options, files, strict=True) for item in pair))

    assert all(file.stat().st_size > 50 for file in files)


def test_a_file_that_cannot_be_written_is_told(gate, tmp_path):
    outcome = gate(100.0, "--junit", tmp_path / "missing" / "gate.xml")

    assert outcome.code == 2
    assert "cannot be written" in outcome.err
