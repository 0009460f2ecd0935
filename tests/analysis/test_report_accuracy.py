import math

import pytest
from report_runs import effect_rows, failed_trial, manifest, trial, trials


def rows(records, run=None):
    """The effects on test error, by arm."""
    return {row.arm: row for row in effect_rows(records, run and [run], measure="test_top1_error")}


def test_effect_is_arm_minus_control_in_points():
    control, arm = trials("alexnet", 0.03, 0.05, tuned=True), trials("no-lrn", 0.04, 0.09, tuned=True)
    row = rows([*control, *arm])["no-lrn"]
    assert (row.control, row.ablation, row.difference) == ("alexnet", "lrn", "normalization other")
    assert (row.effect, row.control_value, row.arm_value) == pytest.approx((2.5, 4.0, 6.5))
    assert (row.unit, row.value_unit, row.pairs) == ("percentage points", "%", 2)
    assert (list(row.values), row.tuned) == ([1.0, 4.0], True)


def test_effect_is_paired_by_seed_so_that_seeds_of_one_side_do_not_count():
    """The arm lacks the control's worst seed; unpaired means would call it better."""
    records = [*trials("alexnet", 0.02, 0.02, 0.50), *trials("no-lrn", 0.03, 0.03)]
    row = rows(records)["no-lrn"]
    assert (row.effect, row.pairs) == (pytest.approx(1.0), 2)
    assert row.note == "only one side has seed 2"


@pytest.mark.parametrize("pairs", [1, 3])
def test_under_four_pairs_an_effect_is_descriptive_and_has_no_verdict(pairs):
    row = rows([*trials("alexnet", *[0.03] * pairs), *trials("no-lrn", *[0.04] * pairs)])["no-lrn"]
    assert (row.kind, row.pairs, row.verdict) == ("descriptive", pairs, "")
    assert math.isnan(row.low)
    assert math.isnan(row.high)


def test_from_four_pairs_on_an_effect_has_a_t_interval_of_the_differences():
    """Differences of 1, 2, 3 and 4 points; see the test of `estimate` for the interval."""
    control, arm = [0.10, 0.20, 0.15, 0.05], [0.11, 0.22, 0.18, 0.09]
    row = rows([*trials("alexnet", *control), *trials("no-lrn", *arm)])["no-lrn"]
    assert (row.kind, row.pairs) == ("interval", 4)
    assert (row.effect, row.low, row.high) == pytest.approx((2.5, 0.44574, 4.55426), abs=1e-4)


@pytest.mark.parametrize(
    "failed", [failed_trial("no-lrn", 1), trial("no-lrn", 1, 0.5, status="timed-out")], ids=str
)
def test_a_failed_trial_is_left_out_with_what_it_had_measured_and_named(failed):
    row = rows([*trials("alexnet", 0.02, 0.02), trial("no-lrn", 0, 0.05), failed])["no-lrn"]
    note = f"seed 1 of no-lrn: {failed.status}"
    assert (row.effect, row.pairs, row.note) == (pytest.approx(3.0), 1, note)


def test_seeds_that_did_not_learn_count_and_are_named():
    """A tenth of ten classes is guessed right; what one such seed costs may be all of an effect."""
    control, arm = trials("alexnet", *[0.1] * 4), trials("no-lrn", 0.1, 0.9, 0.1, 0.89)
    row = rows([*control, *arm])["no-lrn"]
    assert (row.effect, row.pairs, row.note) == (
        pytest.approx(39.75),
        4,
        "did not learn: no-lrn (seed 1, 3)",
    )
    assert math.isnan(row.better_again)


def test_how_likely_a_fresh_seed_is_better_is_not_told_by_the_seeds_that_did_not_fail():
    control = trials("alexnet", *[0.05] * 5)
    learned = [trial("no-lrn", seed, 0.05 - 0.01 * seed) for seed in range(5)]
    assert not math.isnan(rows([*control, *learned])["no-lrn"].better_again)
    assert math.isnan(rows([*control, *learned[:4], failed_trial("no-lrn", 4)])["no-lrn"].better_again)


def test_an_arm_whose_trials_all_failed_has_a_row_that_says_so():
    failed = [failed_trial("no-lrn", seed) for seed in (0, 1)]
    row = rows([*trials("alexnet", 0.02, 0.02), *failed])["no-lrn"]
    assert (row.kind, row.pairs) == ("not measured", 0)
    assert row.note == (
        "no seed of both sides has a value; seed 0 of no-lrn: diverged; seed 1 of no-lrn: diverged"
    )


def test_errors_of_held_out_images_are_not_called_test_errors():
    swap = {"test_top1_error": None, "held_out_top1_error": 0.3}
    records = [*trials("alexnet", 0.3, **swap), *trials("no-lrn", 0.3, **swap)]
    assert [row.measure for row in effect_rows(records)] == [
        "held_out_top1_error",
        "validation_top1_error",
        "train_error",
        "held_out_gap",
        "early_validation_error",
        "loss",
        "epochs_to_25_percent",
    ]


def test_a_control_no_better_than_chance_yields_no_effects():
    row = rows([*trials("alexnet", 0.84, 0.80), *trials("no-lrn", 0.1, 0.1)])["no-lrn"]
    assert (row.kind, row.pairs) == ("not measured", 0)
    assert math.isnan(row.effect)
    assert row.note.startswith(
        "the control alexnet did not learn: its mean test top-1 error is 82.0%, a guess's 90.0%"
    )


def test_a_control_that_learned_yields_effects_on_an_arm_that_did_not():
    assert rows([*trials("alexnet", 0.8), *trials("no-lrn", 0.9)])["no-lrn"].effect == pytest.approx(10)


def test_trials_that_chose_a_rate_are_no_results():
    tuning = [trial("no-lrn", 0, 0.9, purpose="tuning"), trial("alexnet", 7, 0.9, purpose="tuning")]
    row = rows([*trials("alexnet", 0.02), *trials("no-lrn", 0.03), *tuning])["no-lrn"]
    assert (row.effect, row.pairs, row.note) == (pytest.approx(1.0), 1, "")


def test_a_network_trained_once_has_no_effect_against_itself():
    run = manifest(variants={"alexnet": [], "lrn": [], "no-lrn": ["normalization"]})
    assert list(rows([*trials("alexnet", 0.02), *trials("no-lrn", 0.03)], run)) == ["no-lrn"]


def test_a_control_trained_under_another_name_is_the_control_all_the_same():
    run = manifest(control="lrn", variants={"alexnet": [], "lrn": [], "no-lrn": ["normalization"]})
    row = rows([*trials("alexnet", 0.02), *trials("no-lrn", 0.03)], run)["no-lrn"]
    assert (row.control, row.effect) == ("lrn", pytest.approx(1.0))


def test_an_arm_of_an_ablation_that_stands_apart_is_held_against_its_own_control():
    pairs = [("a", "relu-a", "tanh-a"), ("b", "relu-b", "tanh-b")]
    run = manifest(
        control="relu-a",
        variants={name: [] for _, *names in pairs for name in names},
        ablations=[
            {"name": name, "factor": "f", "control": relu, "arms": [tanh], "claims": [], "apart": True}
            for name, relu, tanh in pairs
        ],
    )
    shares = {"relu-a": 0.10, "tanh-a": 0.12, "relu-b": 0.20, "tanh-b": 0.25}

    found = rows([trial(name, 0, share) for name, share in shares.items()], run)

    assert {arm: (row.control, round(row.effect, 6)) for arm, row in found.items()} == {
        "tanh-a": ("relu-a", 2.0),
        "tanh-b": ("relu-b", 5.0),
    }
