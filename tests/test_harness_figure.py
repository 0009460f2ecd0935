"""The docs' figure of the harness is the record's."""

import json
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_harness_costs_what_the_docs_say():
    record = json.loads((ROOT / "results" / "reference" / "harness.json").read_text(encoding="utf-8"))
    found = record["benchmarks"][0]["extra_info"]
    text = " ".join((ROOT / "docs" / "measuring.md").read_text(encoding="utf-8").split())

    low, high = found["interval"]
    assert f"{found['ratio']:.3f} (95% interval {low:.3f} to {high:.3f})" in text
    assert f"takes {found['timer_share']:.2%} of a slice" in text
    assert f"{record['benchmarks'][0]['stats']['rounds']} rounds" in text
