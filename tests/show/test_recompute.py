"""What the page computes anew is what Python computes: against any control, with any margin, for any arms."""

import itertools
import json
import math
from dataclasses import replace
from operator import attrgetter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from javascript import NODE, javascript
from report_runs import draw, failed_trial, in_run, manifest, trial, trials

from alexnet_bench.analysis.conditions import measured_alike
from alexnet_bench.analysis.effect import NOT_COMPARABLE
from alexnet_bench.analysis.effects import before_verdicts, effects
from alexnet_bench.analysis.judging import judged
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.schema import Draw, Trial
from alexnet_bench.show.files import read_runs
from alexnet_bench.show.page_data import page_data

pytestmark = pytest.mark.skipif(
    NODE is None, reason="node is not installed, and the page's scripts run in it"
)

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
    "note": "notes",
}


@pytest.fixture(scope="module")
def call():
    with javascript("statistics.js", "effects.js") as call:
        yield call


# -- the two sides


def by_page(call, setting, control, arms, margin=None):
    """What the page's script computes: its rows by arm and measure."""
    found = {}
    for place, measure in enumerate(setting["measures"]):
        asked = {"control": control, "measure": place, "arms": arms, "margin": margin}
        for row in call("analysis.effects", setting, asked):
            row["notes"] = "; ".join([*twin_note(row, control), *row["notes"]])
            found[row["arm"], measure["name"]] = {key: row[name] for key, name in SAME.items()}
    return found


def twin_note(row, control):
    """What the page itself says of the control's twin (`web/recompute.js`)."""
    return [f"the same network as {control}, measured twice"] if row["sameNetwork"] else []


def by_python(records, plans, control, arms, margin=None):
    """The same of one setting's records, as if these arms alone had been planned against this control."""
    chosen = [record for record in records if record.variant in {control, *arms}]
    found = before_verdicts(chosen, plans.held_against(control))
    # Another name of a network that was chosen comes along.
    rows = [(row, effect) for row, effect in found if row.arm in arms]
    if margin is not None:
        rows = [(replace(row, margin=margin) if is_held(row) else row, effect) for row, effect in rows]
    return by_arm(judged(rows))


def is_held(row):
    """Whether an arm was held against its control, which has a margin."""
    return row.kind != NOT_COMPARABLE and "no effects on error" not in row.note


def by_arm(rows, *names):
    which = attrgetter(*(names or ("arm", "measure")))
    return {which(row): {key: plain(getattr(row, key)) for key in SAME} for row in rows}


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
            if isinstance(value, float | int) and isinstance(expected, float | int):
                assert value == pytest.approx(expected, rel=1e-9, abs=1e-12), (key, name)
            else:
                assert value == expected, (key, name, row, theirs[key])


def settings_of(records, plans):
    """Each setting as the page has it, with its records."""
    data = json.loads(json.dumps(page_data(records, plans), allow_nan=False))
    own = {item.name: item for kind in (Trial, Draw) for item in measured_alike(records, plans, kind)}
    return [(setting, own[setting["name"]].rows) for setting in data["settings"]]


# -- what was measured


@pytest.mark.parametrize("folder", FOLDERS)
def test_records_that_were_measured_give_the_page_what_they_give_python(call, folder):
    """As planned; half of the arms against another control, and half with another margin."""
    records, plans = read_runs([REFERENCE / folder])
    found = settings_of(records, plans)
    assert found

    planned = {}
    for setting, rows in found:
        control, names = setting["control"], list(setting["variants"])
        arms = [name for name in names if name != control]
        ours = by_page(call, setting, control, arms)
        planned |= {(setting["name"], *key): row for key, row in ours.items()}
        other = list(setting["controls"])[-1]
        for choice in ((other, names[::2], None), (control, names[1::2], 1.5)):
            assert_same(by_page(call, setting, *choice), by_python(rows, plans, *choice))
    rows = effects(records, plans.manifests, plans.folders).itertuples()
    assert_same(planned, by_arm(rows, "setting", "arm", "measure"))


# -- what is made up

ARMS = ("no-lrn", "tanh", "two-gpu", "lrn")
ABLATIONS = [
    {"name": "one", "factor": "several", "control": "alexnet", "arms": ["no-lrn", "tanh"]},
    {"name": "two", "factor": "placement", "control": "alexnet", "arms": ["two-gpu"]},
]
FIELDS = {
    "alexnet": [],
    "no-lrn": ["normalization"],
    "tanh": ["activation"],
    "two-gpu": ["placement"],
    "lrn": [],
}


def one_of(rng, *options):
    return options[rng.integers(len(options))]


def outcome(rng, failing):
    return one_of(rng, "crashed", "diverged") if rng.random() < failing else "ok"


def made_trials(rng):
    """Two runs of some variants: seeds that are missing, fail, or are trained twice; errors of any size."""
    lacking, failing, unmeasured = (one_of(rng, 0.0, 0.0, 0.2) for _ in range(3))
    levels = {name: rng.uniform(0.05, 0.4) for name in FIELDS} | {"alexnet": one_of(rng, 0.1, 0.3, 0.85)}
    spread = one_of(rng, 0.0, 0.01, 0.1)
    for name, run in itertools.product(FIELDS, ("run-a", "run-b")):
        placement = {"placement": "split"} if name == "two-gpu" else {}
        for seed in range(one_of(rng, 0, 1, 5, 7, 9)):
            wrong = float(np.clip(rng.normal(levels[name], spread), 0.001, 1))
            if rng.random() >= lacking and not (name == "lrn" and run == "run-a"):
                told = None if rng.random() < unmeasured else wrong
                known = {"run_id": run, "status": outcome(rng, failing), "test_top1_error": told}
                yield trial(name, seed, wrong, **placement, **known)


def made_draws(rng):
    """Draws of some variants in shared rounds: some unsteady, failed, missing, built less often."""
    lacking, failing = (one_of(rng, 0.0, 0.0, 0.2) for _ in range(2))
    rounds, disturbed = one_of(rng, 1, 4, 7), one_of(rng, 0.0, 0.5)
    for name, mode in itertools.product(FIELDS, ("training", "inference")):
        placement = {"placement": "split"} if name == "two-gpu" else {}
        builds = one_of(rng, range(8), range(8), [0] * 8, [0, 0, 0, 0, 1, 1, 1, 1], [0, 1] * 4)
        for number in range(one_of(rng, 1, 5, 8)):
            ids = [f"{number}-{place}" for place in range(rounds) if rng.random() >= lacking]
            noise = rng.normal(0, 0.01, len(ids)) + disturbed * (rng.random(len(ids)) < 0.2)
            rates = np.exp(rng.normal(5, 0.02) + noise)
            steady = one_of(rng, True, True, True, True, True, None, None, None, False)
            known = {"run_id": "run-a", "status": outcome(rng, failing), "steady": steady}
            yield draw(name, builds[number], rates, ids, mode, **placement, **known)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32), st.sampled_from([made_trials, made_draws]))
def test_whatever_was_measured_and_is_chosen_the_page_computes_what_python_does(call, seed, make):
    rng = np.random.default_rng(seed)
    looks = one_of(rng, [], [], [3], [4, 8], [6, 12])
    sizes = {"test_images": one_of(rng, None, 144, 10_000), "folds": one_of(rng, None, None, 4)}
    plan = {**sizes, "ablations": ABLATIONS, "looks": looks}
    plans = Plans([manifest(run, variants=FIELDS, **plan) for run in ("run-a", "run-b")])
    control, margin = one_of(rng, "alexnet", *FIELDS), one_of(rng, None, None, 0.003, 2.0)
    arms = [name for name in FIELDS if rng.random() < 0.8]
    for setting, rows in settings_of(in_run(make(rng)), plans):
        if control in setting["controls"]:
            ours = by_page(call, setting, control, arms, margin)
            assert_same(ours, by_python(rows, plans, control, arms, margin))


def test_an_arm_is_judged_from_its_first_look_on_whatever_becomes_of_later_seeds_of_the_control(call):
    """One arm has not come to it, and takes no share; of the other, the control's last seed is none."""
    spread = np.random.default_rng(1).normal(0, 0.01, (3, 9))
    records = [
        *trials("alexnet", *0.2 + spread[0, :8]),
        failed_trial("alexnet", 8),
        *trials("no-lrn", *0.24 + spread[1, :8]),
        *trials("tanh", *0.2 + spread[2, :5]),
    ]
    plans = Plans([manifest(variants=FIELDS, ablations=ABLATIONS, looks=[6, 12])])
    ((setting, rows),) = settings_of(in_run(records), plans)
    ours = by_page(call, setting, "alexnet", ["no-lrn", "tanh"])
    verdicts = {arm: ours[arm, "test_top1_error"]["verdict"] for arm in ("no-lrn", "tanh")}
    assert verdicts == {"no-lrn": "worse", "tanh": ""}
    assert_same(ours, by_python(rows, plans, "alexnet", ["no-lrn", "tanh"]))


def test_the_margin_of_cross_validation_is_of_the_images_of_all_folds(call):
    """Held out are 15 images a seed: four of them are 26.67 points, four of all sixty 6.67."""
    records = in_run([*trials("alexnet", *[0.2, 0.21] * 4), *trials("no-lrn", *[0.3, 0.32] * 4)])
    plans = Plans([manifest(variants=FIELDS, ablations=ABLATIONS, test_images=15, folds=4)])
    ((setting, rows),) = settings_of(records, plans)
    ours = by_page(call, setting, "alexnet", ["no-lrn"])
    row = ours["no-lrn", "test_top1_error"]
    assert (round(row["margin"], 2), row["verdict"]) == (6.67, "worse")
    assert_same(ours, by_python(rows, plans, "alexnet", ["no-lrn"]))


def test_what_must_be_known_of_an_effect_is_told_in_the_words_of_python(call):
    records = [
        *trials("alexnet", 0.2, 0.2, 0.2, 0.2, 0.2, 0.85, 0.3, 0.2),
        *trials("tanh", 0.95, 0.95, 0.95, 0.2, 0.4),
        failed_trial("tanh", 7),
    ]
    plans = Plans([manifest(variants=FIELDS, ablations=ABLATIONS)])
    ((setting, rows),) = settings_of(in_run(records), plans)
    ours = by_page(call, setting, "alexnet", ["tanh"])
    assert ours["tanh", "test_top1_error"]["note"] == (
        "seed 7 of tanh: diverged; did not learn: alexnet (seed 5), tanh (seed 0–2); "
        "only one side has seed 5, 6"
    )
    assert ours["tanh", "epochs_to_25_percent"]["note"] == (
        "seed 7 of tanh: diverged; only one side has seed 5, 6; "
        "never reached by 4 seeds of tanh; the effect is the median"
    )
    assert_same(ours, by_python(rows, plans, "alexnet", ["tanh"]))


@pytest.mark.parametrize("slower", ["alexnet", "tanh"])
def test_a_side_whose_slower_half_tells_of_another_ratio_is_told(call, slower):
    """It is slower by a fifth in every other round."""
    rates = {name: [100, 80 if name == slower else 100] * 2 for name in ("alexnet", "tanh")}
    records = [
        draw(name, number, np.array(own) * (1 + number / 1000))
        for name, own in rates.items()
        for number in range(5)
    ]
    plans = Plans([manifest(variants=FIELDS, ablations=ABLATIONS)])
    ((setting, rows),) = settings_of(in_run(records), plans)
    ours = by_page(call, setting, "alexnet", ["tanh"])
    change = "+11.8%" if slower == "alexnet" else "-10.6%"
    told = f"over all slices the ratio is {change} from that of the faster halves"
    assert ours["tanh", "training_images_per_second"]["note"] == told
    assert_same(ours, by_python(rows, plans, "alexnet", ["tanh"]))


def test_a_variant_may_be_called_what_every_object_of_javascript_has(call):
    names = ["constructor", "__proto__", "toString", "1"]
    shares = np.random.default_rng(0).uniform(0.1, 0.3, (len(names), 5))
    records = in_run(itertools.chain(*(trials(name, *row) for name, row in zip(names, shares, strict=True))))
    plans = Plans([manifest(control="constructor", variants={name: [] for name in names})])
    ((setting, rows),) = settings_of(records, plans)
    for control in ("constructor", "__proto__"):
        ours = by_page(call, setting, control, names)
        assert {arm for arm, _ in ours} == {*names} - {control}
        assert_same(ours, by_python(rows, plans, control, names))
