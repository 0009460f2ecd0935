"""What the page computes anew is what Python computes: against any control, with any margin, for any arms."""

import itertools
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from javascript import NODE, javascript
from report_runs import draw, in_run, manifest, trial

from alexnet_bench.analysis.conditions import measured_alike
from alexnet_bench.analysis.effects import before_verdicts, effects
from alexnet_bench.analysis.judging import judged
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.schema import Draw, Trial
from alexnet_bench.show.files import read_runs
from alexnet_bench.show.page_data import page_data

pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed, and the page's scripts run in it")

REFERENCE = Path(__file__).parents[2] / "results" / "reference"
FOLDERS = (
    "cifar10",
    "digits",
    "figure-1",
    "imagenette/alexnet-96-10-epochs",
    "lrn-cifar10",
    "lrn-placebo-digits",
    "performance/first",
    "quick",
    "sweep",
)
SAME = {
    "kind": "kind",
    "effect": "effect",
    "low": "low",
    "high": "high",
    "pairs": "pairs",
    "control_value": "controlValue",
    "arm_value": "armValue",
    "margin": "margin",
    "verdict": "verdict",
    "p_difference": "pDifference",
    "p_equivalence": "pEquivalence",
    "pairs_wanted": "pairsWanted",
    "same_network": "sameNetwork",
    "looks": "looks",
}


@pytest.fixture(scope="module")
def call():
    with javascript("statistics.js") as call:
        yield call


# -- the two sides


def by_page(call, setting, control, arms, margin=None):
    """What the page's script computes: its rows by arm and measure."""
    found = {}
    for place, measure in enumerate(setting["measures"]):
        asked = {"control": control, "measure": place, "arms": arms, "margin": margin}
        for row in call("statistics.effects", setting, asked):
            found[row["arm"], measure["name"]] = {key: row[name] for key, name in SAME.items()}
    return found


def by_python(records, plans, control, arms, margin=None):
    """The same of the records of one setting, as if these arms alone had been planned against this control."""
    chosen = [record for record in records if record.variant in {control, *arms}]
    rows = before_verdicts(chosen, plans.held_against(control))
    if margin is not None:
        rows = [(row if math.isnan(row.margin) else replace(row, margin=margin), effect) for row, effect in rows]
    return by_arm(judged(rows))


def by_arm(rows):
    return {(row.arm, row.measure): {key: plain(getattr(row, key)) for key in SAME} for row in rows}


def plain(value):
    """As the script's answers come."""
    if isinstance(value, tuple):
        return list(value)
    if not isinstance(value, float) or math.isfinite(value):
        return value
    return None if math.isnan(value) else {math.inf: "Infinity", -math.inf: "-Infinity"}[value]


def assert_same(ours, theirs):
    assert ours.keys() == theirs.keys()
    for key, row in ours.items():
        for name, value in row.items():
            expected = theirs[key][name]
            if isinstance(value, float) and isinstance(expected, float | int):
                assert value == pytest.approx(expected, rel=1e-9, abs=1e-12), (key, name)
            else:
                assert value == expected, (key, name, row, theirs[key])


def settings_of(records, plans):
    """Each setting as the page has it, with its records."""
    data = json.loads(json.dumps(page_data(records, plans), allow_nan=False))
    own = {item.name: item for kind in (Trial, Draw) for item in measured_alike(records, plans, kind)}
    return [(setting, own[setting["name"]].rows) for setting in data["settings"]]
