"""The same records give the same effect, whoever asks; and what is shown of it fits together."""

import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_runs import draw, effect_rows, in_run, manifest, trial

from alexnet_bench.analysis.comparison import compare_runs, compare_sides
from alexnet_bench.analysis.effect import seed_effect, speed_effect
from alexnet_bench.analysis.effects import effects
from alexnet_bench.analysis.gate import decisions
from alexnet_bench.analysis.metrics import TEST_ERROR, TRAINING
from alexnet_bench.analysis.quantities import Thresholds
from alexnet_bench.analysis.summary import summarize
from alexnet_bench.run.effort import Effort
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import Settings
from alexnet_bench.run.timing_plan import Pair, TimingPlan
from alexnet_bench.show.tables import effects_table

FEW = settings(max_examples=40)
ARMS = ["no-lrn", "tanh", "no-dropout"]
QUESTION = {"name": "one", "factor": "several", "control": "alexnet", "arms": ARMS, "claims": []}
VARIANTS = {"alexnet": []} | {name: ["several"] for name in ARMS}
TWO_RUNS = [manifest("run-a"), manifest("run-b")]


# -- made-up records


def outcome(rng, failing):
    return str(rng.choice(["crashed", "timed-out"])) if rng.random() < failing else "ok"


def timed(rng, failing):
    """One side of a draw: how it ended, whether it was steady, and its rate in each round that it was in."""
    steady = [True, None, False][rng.choice(3, p=[0.6, 0.3, 0.1])]
    rates = {place: rng.uniform(5, 50) for place in range(5) if rng.random() < 0.8}
    return outcome(rng, failing), steady, rates


def made(rng, failing):
    """One side of a seed: how it ended, and its error."""
    return outcome(rng, failing), rng.uniform(0, 0.6)


@st.composite
def pairs_of(draw_from, side):
    """Up to eight pairs, some without one of their sides."""
    rng = np.random.default_rng(draw_from(st.integers(0, 2**32)))
    lacking, failing = (draw_from(st.sampled_from([0.0, 0.0, 0.2])) for _ in range(2))
    sides = [
        [None if rng.random() < lacking else side(rng, failing) for _ in range(2)]
        for _ in range(draw_from(st.sampled_from(range(8, 0, -1))))
    ]
    return sides if any(map(any, sides)) else [[side(rng, failing), side(rng, failing)]]


def drawn(sides, make):
    """Draws of one side, as `make(number, rates, rounds, **columns)` makes them."""
    made = []
    for number, side in enumerate(sides):
        if side is not None:
            status, steady, rates = side
            rounds = [f"{number}-{place}" for place in rates]
            made.append(make(number, list(rates.values()), rounds, status=status, steady=steady))
    return in_run(made)


def trained(sides, make):
    """Trials of one side, as `make(seed, share, **columns)` makes them."""
    return in_run(make(seed, side[1], status=side[0]) for seed, side in enumerate(sides) if side is not None)


# -- whoever asks


def of_effect(effect):
    return *effect.size, effect.pairs


def told_by_the_report(records, measure):
    """What the row of the only arm says, whose interval nobody shares."""
    (row,) = effect_rows(records, measure=measure, arm="no-lrn")
    return row.effect, row.low, row.high, row.pairs


def told_by_compare(rows):
    (row,) = (item for item in rows if item.measure in (TRAINING.label, TEST_ERROR.label))
    return row.effect, row.low, row.high, row.pairs


def told_by_the_gate(records):
    (row,) = (item for item in decisions(records, Thresholds()) if item.quantity == "training")
    return row.ratio, row.low, row.high, row.draws


@FEW
@given(pairs_of(timed), st.randoms())
def test_a_speed_has_one_effect(pairs, random):
    """Head and base of a comparison, arm and control of a report: one ratio, one interval, one count."""
    heads, bases = zip(*pairs, strict=True)
    head, base = drawn(heads, partial(draw, "alexnet")), drawn(bases, partial(draw, "alexnet", side="base"))
    arm, control = drawn(heads, partial(draw, "no-lrn")), drawn(bases, partial(draw, "alexnet"))

    told = [of_effect(speed_effect(head, base, TRAINING)), told_by_compare(compare_sides([*head, *base]))]
    told.append(told_by_the_gate(shuffled([*head, *base], random)))
    if arm and control:
        told.append(told_by_the_report(shuffled([*arm, *control], random), TRAINING.name))

    assert_alike(told)


@FEW
@given(pairs_of(timed))
def test_what_does_not_count_changes_no_speed(pairs):
    """Draws that failed, that were not steady, or that only one side has: as if they were not there."""
    heads, bases = zip(*pairs, strict=True)
    head, base = drawn(heads, partial(draw, "alexnet")), drawn(bases, partial(draw, "alexnet", side="base"))
    of_both = {item.draw for item in head} & {item.draw for item in base}
    kept = [
        [item for item in side if item.succeeded and item.steady is not False and item.draw in of_both]
        for side in (head, base)
    ]

    everything, without = speed_effect(head, base, TRAINING), speed_effect(*kept, TRAINING)
    assert of_effect(everything) == pytest.approx(of_effect(without), nan_ok=True)
    mirrored = speed_effect(base, head, TRAINING)
    assert mirrored.pairs == everything.pairs
    assert mirrored.found.mean == pytest.approx(-everything.found.mean, nan_ok=True)


(HEAD,) = Schedule(Settings(variants="alexnet", measure="throughput")).timing.contenders
PAIR = Pair(arm=HEAD, control=replace(HEAD, side="base"))


@FEW
@given(pairs_of(timed), st.sampled_from([0.9, 1.1]))
def test_the_planner_goes_on_until_the_same_effect_is_known(pairs, share):
    """As long as its draws and those that failed are too few, or its interval is too wide."""
    heads, bases = zip(*pairs, strict=True)
    alike = partial(
        draw,
        "alexnet",
        fingerprint=HEAD.network.fingerprint,
        batch_size=HEAD.network.recipe.batch_size,
        macs=HEAD.network.plan.macs,
        duration_seconds=1000.0,
    )
    head, base = drawn(heads, alike), drawn(bases, partial(alike, side="base"))
    effect = speed_effect(head, base, TRAINING)
    failed = {item.draw for item in (*head, *base) if not item.succeeded}

    interval = share * effect.half_width if math.isfinite(effect.half_width) else 0.1
    how = {"modes": ("training",), "draws": 4, "tries": 9, "rounds": 5, "slice_seconds": 0.1}
    plan = TimingPlan([PAIR], Effort(**how, interval=interval), lambda: 2)

    lacks, is_wide = effect.pairs + len(failed) < 4, not failed and effect.half_width > interval
    assert (plan.next_task([*head, *base]) is not None) == (lacks or is_wide)


@FEW
@given(pairs_of(made), st.randoms())
def test_an_error_has_one_effect(pairs, random):
    """The second of two runs, and the arm of a report."""
    heads, bases = zip(*pairs, strict=True)
    arm, control = trained(heads, partial(trial, "no-lrn")), trained(bases, partial(trial, "alexnet"))
    runs = [
        *trained(heads, partial(trial, "alexnet", run_id="run-b")),
        *trained(bases, partial(trial, "alexnet", run_id="run-a")),
    ]

    told = [of_effect(seed_effect(arm, control, TEST_ERROR))]
    if any(item.succeeded for item in arm) and any(item.succeeded for item in control):
        told.append(told_by_the_report(shuffled([*arm, *control], random), TEST_ERROR.name))
        told.append(told_by_compare(compare_runs(shuffled(runs, random), TWO_RUNS)))

    assert_alike(told)


def assert_alike(told):
    for other in told[1:]:
        assert other == pytest.approx(told[0], nan_ok=True)


def shuffled(records, random):
    return random.sample(records, len(records))


# -- what is shown of it


@st.composite
def reports(draw_from):
    """The effects and the summary of three arms, of errors and of speeds."""
    names, records = ["alexnet", *ARMS], []
    scatter = draw_from(st.sampled_from([0.0, 0.002, 0.02]))
    rng = np.random.default_rng(draw_from(st.integers(0, 99)))
    seeds, draws = draw_from(st.integers(1, 9)), draw_from(st.integers(1, 8))
    for name in names:
        level, speed = draw_from(st.floats(0.01, 0.6)), draw_from(st.floats(0.5, 3000.0))
        # An arm may be much like the control, and lack its last seeds.
        if draw_from(st.booleans()):
            off = scatter * draw_from(st.sampled_from([0.0, 0.7, 1.4, 2.1]))
            level, speed = 0.3 + off, 100.0 * (1 + off)
        for seed in range(max(1, seeds - draw_from(st.integers(0, 2)))):
            share = float(np.clip(level + rng.normal(0, scatter), 0, 0.7))
            records.append(trial(name, seed, share, loss=5 * share))
        for number in range(draws):
            rate = speed * math.exp(rng.normal(0, scatter))
            records.append(draw(name, number, [rate, rate * 1.01]))
    looks = draw_from(st.sampled_from([[], [4, 8]]))
    plans = [manifest(variants=VARIANTS, ablations=[QUESTION], looks=looks)]
    return effects(in_run(records), plans), summarize(in_run(records), plans)


@FEW
@given(reports())
def test_control_and_effect_make_the_arm(report):
    rows, summary = report
    for row in rows[rows["pairs"] > 0].itertuples():
        if math.isinf(row.arm_value) or math.isinf(row.control_value):
            continue
        made = row.control_value * row.effect if row.unit == "ratio" else row.control_value + row.effect
        assert made == pytest.approx(row.arm_value, abs=1e-9)
    speeds = summary.set_index("variant")["training_images_per_second"]
    for row in rows[rows["measure"] == TRAINING.name].itertuples():
        assert (row.control_value, row.arm_value) == pytest.approx((speeds[row.control], speeds[row.arm]))


def read(text):
    """A number in a table, and half a unit of its last digit."""
    bare = text.split()[0].strip("%×").replace(",", "").replace("−", "-")
    digits = len(bare.partition(".")[2])
    return float(bare), 0.5 * 10.0**-digits


@FEW
@given(reports())
def test_the_texts_of_a_row_fit_together_but_for_their_last_digits(report):
    table = effects_table(report[0], {})
    for cells in (dict(zip(table.columns, row, strict=True)) for row in table.rows):
        if not {"–", "never"}.isdisjoint((cells["Control"], cells["Effect"], cells["Arm's value"])):
            continue
        (control, one), (effect, two), (arm, three) = map(
            read, (cells["Control"], cells["Effect"], cells["Arm's value"])
        )
        if cells["Effect"].startswith("×"):
            assert abs(control * effect - arm) <= one * effect + two * control + one * two + three + 1e-9
        else:
            assert abs(control + effect - arm) <= one + two + three + 1e-9


@FEW
@given(reports())
def test_no_verdict_contradicts_the_interval_beside_it(report):
    for row in report[0].itertuples():
        if not row.verdict:
            continue
        nothing = 1.0 if row.unit == "ratio" else 0.0
        is_above, is_below = row.low > nothing, row.high < nothing
        assert row.low <= row.effect <= row.high
        if row.verdict == "inconclusive":
            assert not is_above and not is_below
        elif row.verdict == "equivalent":
            effect, margin = row.effect, row.margin
            assert (1 / (1 + margin) < effect < 1 + margin) if nothing else abs(effect) < margin
        else:
            assert is_above if (row.verdict == "better") == (row.better == "higher") else is_below
        assert (row.p_difference < 0.05) == (is_above or is_below)
        assert (row.p_equivalence < 0.05) == (row.verdict == "equivalent")
