"""Error against learning rate, from the trials that chose rates."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_runs import changed, curve_point, failed_trial, in_run, manifest, trial

from alexnet_bench.analysis.by_rate import (
    AT_BEST,
    AT_CONTROLS_BEST,
    OVER_CURVE,
    effects_by_rate,
    errors_by_rate,
)
from alexnet_bench.analysis.plans import Plans

RATES = (0.01, 0.03, 0.1)
# Of each variant, by rate.
ERRORS = {"alexnet": (0.3, 0.2, 0.4), "no-lrn": (0.25, 0.5, 0.6)}
VARIANTS = {"alexnet": [], "no-lrn": ["normalization"], "tanh": ["activation"]}


def tuning(variant, seed, rate, error, epochs=3, **changes):
    """A trial that helps to choose a rate; its error falls by 0.05 an epoch, to this after three."""
    curve = [curve_point(epoch, error + 0.05 * (3 - epoch)) for epoch in range(1, epochs + 1)]
    values = {
        "purpose": "tuning",
        "tuned": True,
        "epochs": 6,
        "curve": curve,
        "recipe_settings": {"learning_rate": rate},
    }
    return trial(variant, 1_000_000 + seed, error, fingerprint=f"{variant} at {rate}", **values | changes)


def diverged(variant, seed, rate):
    """A trial that did well before it diverged."""
    (record,) = changed(
        [failed_trial(variant, 1_000_000 + seed)],
        purpose="tuning",
        tuned=True,
        epochs=6,
        recipe_settings={"learning_rate": rate},
        curve=tuple(curve_point(epoch, 0.01) for epoch in (1, 2, 3)),
    )
    return record


def grid(seeds=4, variants=("alexnet", "no-lrn"), **changes):
    """Every rate of every variant, with a seed after another a little worse, and the arm a little more so."""
    return [
        tuning(name, seed, rate, error + 0.001 * seed * (1 + (name != "alexnet")), **changes)
        for name in variants
        for rate, error in zip(RATES, ERRORS.get(name, ERRORS["no-lrn"]), strict=True)
        for seed in range(seeds)
    ]


def results(rates):
    """A result a seed and variant, trained at the rates that are given by variant."""
    return [
        trial(name, seed, 0.2, tuned=True, epochs=6, recipe_settings={"learning_rate": rate})
        for name, of_seeds in rates.items()
        for seed, rate in enumerate(of_seeds)
    ]


def effects(records, *runs):
    rows = effects_by_rate(in_run(records), Plans(runs or [manifest(variants=VARIANTS)])).itertuples()
    return {(row.arm, row.compared): row for row in rows}


def errors(records, *runs):
    return list(errors_by_rate(in_run(records), Plans(runs or [manifest(variants=VARIANTS)])).itertuples())


def test_an_arm_is_compared_in_three_ways_paired_by_tuning_seed():
    found = effects(grid())

    assert list(found) == [("no-lrn", how) for how in (AT_BEST, AT_CONTROLS_BEST, OVER_CURVE)]
    best, controls, curve = found.values()
    assert (best.arm_rates, best.control_rates) == ((0.01,), (0.03,))
    assert (controls.arm_rates, controls.control_rates) == ((0.03,), (0.03,))
    assert curve.arm_rates == curve.control_rates == RATES
    assert [row.effect for row in found.values()] == pytest.approx([5.15, 30.15, 15.15])
    for row in found.values():
        assert (row.ablation, row.control, row.epochs, row.pairs, row.kind) == (
            "lrn",
            "alexnet",
            3,
            4,
            "interval",
        )
        assert row.low < row.effect < row.high


def test_three_tuning_seeds_describe():
    rows = effects(grid(seeds=3)).values()
    assert [(row.pairs, row.kind) for row in rows] == [(3, "descriptive")] * 3
    assert all(math.isnan(row.low) for row in rows)


def test_errors_are_compared_after_the_epochs_that_all_were_trained_for():
    """The best rate of each variant goes on to the end, where its error is another."""
    further = [
        tuning(name, seed, rate, min(ERRORS[name]), epochs=6)
        for name, rate in (("alexnet", 0.03), ("no-lrn", 0.01))
        for seed in range(4)
    ]
    rows = errors([*grid(), *further])

    assert {row.epochs for row in rows} == {3}
    gone_on = {(row.variant, row.learning_rate): row for row in rows if not math.isnan(row.end_error)}
    assert list(gone_on) == [("alexnet", 0.03), ("no-lrn", 0.01)]
    assert all(
        (row.error, row.end_error) == pytest.approx((20, 5))
        for row in rows
        if row.learning_rate == 0.03 and row.variant == "alexnet"
    )
    assert {row.end_epochs for row in gone_on.values()} == {6}
    assert len(rows) == len(grid())
    assert effects([*grid(), *further])["no-lrn", AT_BEST].epochs == 3


def test_it_says_how_many_seeds_chose_a_rate():
    chosen = results({"alexnet": [0.03] * 4, "no-lrn": [0.01, 0.01, 0.03, 0.01]})
    counts = {(row.variant, row.learning_rate): row.chosen_by for row in errors([*grid(), *chosen])}
    assert counts == {
        ("alexnet", 0.01): 0,
        ("alexnet", 0.03): 4,
        ("alexnet", 0.1): 0,
        ("no-lrn", 0.01): 3,
        ("no-lrn", 0.03): 1,
        ("no-lrn", 0.1): 0,
    }


def test_a_rate_at_which_every_seed_failed_is_no_best_one_and_is_left_out_of_the_curve():
    records = [
        item for item in grid() if (item.variant, item.recipe_settings["learning_rate"]) != ("no-lrn", 0.03)
    ]
    found = effects([*records, *(diverged("no-lrn", seed, 0.03) for seed in range(4))])

    assert found["no-lrn", AT_BEST].arm_rates == (0.01,)
    assert found["no-lrn", AT_CONTROLS_BEST].kind == "not measured"
    assert "diverged" in found["no-lrn", AT_CONTROLS_BEST].note
    curve = found["no-lrn", OVER_CURVE]
    assert (curve.arm_rates, curve.effect) == ((0.01, 0.1), pytest.approx(7.65))
    assert curve.note == "rates passed over: 4 of 4 seeds of no-lrn diverged at 0.03"
    assert found["no-lrn", AT_BEST].note == curve.note
    failed = [row for row in errors([*records, diverged("no-lrn", 0, 0.03)]) if row.status == "diverged"]
    assert [math.isnan(row.error) for row in failed] == [True]


def with_failures(failures, seeds=8):
    """The grid, in which some diverged: seeds by variant and rate."""
    return [
        diverged(item.variant, item.seed - 1_000_000, rate)
        if item.seed - 1_000_000
        in failures.get((item.variant, rate := float(item.recipe_settings["learning_rate"])), ())
        else item
        for item in grid(seeds)
    ]


def test_a_rate_at_which_few_seeds_failed_stands_and_is_compared_over_the_others():
    """Else the rates that one side alone bears would be cut out of what is compared."""
    found = effects(with_failures({("no-lrn", 0.01): [0], ("alexnet", 0.03): [1, 2]}))

    best, controls, curve = found.values()
    assert (best.arm_rates, best.control_rates) == ((0.01,), (0.03,))
    assert curve.arm_rates == curve.control_rates == RATES
    assert [row.pairs for row in found.values()] == [5, 6, 5]
    assert {row.kind for row in found.values()} == {"incomplete"}
    # The effect grows with the seeds, by a tenth of a point each.
    left = [3, 4, 5, 6, 7]
    assert best.effect == pytest.approx(5 + sum(left) / 50)
    assert curve.effect == pytest.approx(15 + sum(left) / 50)
    arm, control = "1 of 8 seeds of no-lrn diverged at 0.01", "2 of 8 seeds of alexnet diverged at 0.03"
    assert best.note == curve.note == f"{arm}; {control}"
    assert controls.note == control


def test_a_rate_at_which_half_of_the_seeds_failed_is_passed_over():
    found = effects(with_failures({("no-lrn", 0.01): [0, 1, 2, 3], ("no-lrn", 0.1): [5]}))

    passed_over = "rates passed over: 4 of 8 seeds of no-lrn diverged at 0.01"
    best, controls, curve = found.values()
    assert (best.arm_rates, best.kind, best.note) == ((0.03,), "interval", passed_over)
    assert (controls.arm_rates, controls.note) == ((0.03,), "")
    assert (curve.arm_rates, curve.pairs) == ((0.03, 0.1), 7)
    assert curve.note == f"1 of 8 seeds of no-lrn diverged at 0.1; {passed_over}"


WHICH = [(name, rate) for name in ERRORS for rate in RATES]


@given(st.dictionaries(st.sampled_from(WHICH), st.sets(st.integers(0, 3))))
def test_whatever_failed_the_seeds_that_are_left_are_compared_and_what_failed_is_noted(failures):
    for row in effects(with_failures(failures, seeds=4)).values():
        at = [(row.arm, rate) for rate in row.arm_rates] + [("alexnet", rate) for rate in row.control_rates]
        failed = set().union(*(failures.get(which, ()) for which in at))
        assert row.pairs == (4 - len(failed) if row.arm_rates and row.control_rates else 0)
        assert all(
            f"{name} diverged at {rate}" in row.note for name, rate in at if failures.get((name, rate))
        )
        assert (row.kind == "interval") == (row.pairs == 4)


def test_where_every_rate_failed_there_is_no_effect():
    failed = [diverged("no-lrn", seed, rate) for rate in RATES for seed in range(4)]
    found = effects([*grid(variants=("alexnet",)), *failed])
    assert [row.pairs for row in found.values()] == [0, 0, 0]


def test_a_curve_is_of_what_both_have_whole():
    """The grid with one seed, one rate of it with two more, and a rate that one side alone was tried at."""
    race = [
        *grid(seeds=1),
        *(tuning(name, seed, 0.01, 0.3) for name in ERRORS for seed in (1, 2)),
        tuning("no-lrn", 0, 0.003, 0.1),
    ]
    curve = effects(race)["no-lrn", OVER_CURVE]
    assert (curve.arm_rates, curve.pairs) == (RATES, 1)
    assert curve.effect == pytest.approx(15)


def test_the_best_rate_is_of_those_tried_with_most_seeds():
    records = [*grid(seeds=3), tuning("no-lrn", 0, 0.003, 0.1)]
    assert effects(records)["no-lrn", AT_BEST].arm_rates == (0.01,)
    records += [tuning("no-lrn", seed, 0.003, 0.1) for seed in (1, 2)]
    assert effects(records)["no-lrn", AT_BEST].arm_rates == (0.003,)


def test_an_arm_tuned_under_other_conditions_is_not_compared():
    records = [changed([item], device="another")[0] if item.variant == "no-lrn" else item for item in grid()]
    assert effects(records) == {}
    assert errors(records) == []


def test_rates_of_two_runs_are_not_taken_for_those_of_one_network():
    """Nothing says that they are: each run's arm is held against its own control."""
    other = [changed([item], run_id="run-b")[0] for item in grid(seeds=3)]
    plans = [manifest(variants=VARIANTS), manifest("run-b", variants=VARIANTS)]
    rows = effects_by_rate(in_run([*grid(), *other]), Plans(plans))
    assert list(rows["pairs"]) == [4, 4, 4, 3, 3, 3]
    assert rows["setting"].nunique() == 2

    arm = [item for item in other if item.variant == "no-lrn"]
    assert effects([*grid(), *arm], *plans) == {}


def test_rates_of_two_runs_that_name_their_network_are_held_together():
    own, other = grid(seeds=2, rate_per_seed=True), grid(rate_per_seed=True)
    other = [item for item in other if item.seed >= 1_000_002]
    records = [
        changed([item], run_id=run, network=item.variant)[0]
        for run, some in (("run-a", own), ("run-b", other))
        for item in some
    ]
    found = effects(records, manifest(variants=VARIANTS), manifest("run-b", variants=VARIANTS))
    assert [(row.pairs, row.effect) for row in found.values()] == [
        (row.pairs, row.effect) for row in effects(grid()).values()
    ]


def test_each_question_has_its_own_arms_and_the_control():
    questions = [
        {"name": name, "factor": "several", "control": "alexnet", "arms": [arm], "claims": []}
        for name, arm in (("lrn", "no-lrn"), ("activation", "tanh"))
    ]
    rows = errors(grid(variants=VARIANTS), manifest(variants=VARIANTS, ablations=questions))
    assert list(dict.fromkeys((row.ablation, row.variant) for row in rows)) == [
        ("lrn", "alexnet"),
        ("lrn", "no-lrn"),
        ("activation", "alexnet"),
        ("activation", "tanh"),
    ]


def test_results_alone_have_none():
    records = results({"alexnet": [0.03] * 4, "no-lrn": [0.01] * 4})
    assert effects(records) == {} and errors(records) == []
