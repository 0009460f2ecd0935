"""Verdicts of a report: on what, for which arms, and with which margins."""

import math

import numpy as np
import pytest
from report_runs import curve_point, draw, effect_rows, failed_trial, manifest, trial, trials

VARIANTS = {"alexnet": [], "no-lrn": ["normalization"], "tanh": ["activation"], "no-dropout": ["dropout"]}


def rows(records, variants=VARIANTS, **plan):
    return effect_rows(records, [manifest(variants=variants, **plan)])


def row(records, measure="test_top1_error", arm="no-lrn", folders=None, **plan):
    runs = [manifest(variants=VARIANTS, **plan)]
    (only,) = effect_rows(records, runs, folders, measure=measure, arm=arm)
    return only


CONTROL = trials("alexnet", 0.10, 0.11, 0.12, 0.10)


@pytest.mark.parametrize(
    ("shares", "verdict"),
    [
        ((0.15, 0.161, 0.171, 0.149), "worse"),
        ((0.05, 0.061, 0.071, 0.049), "better"),
        ((0.1005, 0.1105, 0.1195, 0.0995), "equivalent"),
        ((0.05, 0.16, 0.14, 0.09), "inconclusive"),
    ],
)
def test_an_arm_has_a_verdict_on_its_error(shares, verdict):
    assert row([*CONTROL, *trials("no-lrn", *shares)]).verdict == verdict


def test_inconclusive_says_how_many_pairs_would_likely_do():
    only = row([*CONTROL, *trials("no-lrn", 0.115, 0.105, 0.145, 0.105)])

    assert only.verdict == "inconclusive"
    assert 4 < only.pairs_wanted < 30


def test_only_the_headline_error_is_judged_and_the_others_have_intervals():
    records = [*CONTROL, *trials("no-lrn", 0.15, 0.161, 0.171, 0.149)]
    found = {item.measure: item for item in rows(records)}

    assert [name for name, item in found.items() if item.verdict] == ["test_top1_error"]
    assert found["validation_top1_error"].p_difference < 0.05
    assert not math.isnan(found["train_error"].low)


def question(name, *arms):
    return {"name": name, "factor": "several", "control": "alexnet", "arms": list(arms), "claims": []}


@pytest.mark.parametrize(
    ("questions", "share"),
    [
        ([question("one", "no-lrn", "tanh", "no-dropout")], 3),
        ([question("one", "no-lrn"), question("other", "tanh", "no-dropout")], 1),
    ],
)
def test_the_arms_of_a_question_share_the_level(questions, share):
    suggestive = trials("no-lrn", 0.109, 0.132, 0.127, 0.129)
    others = [*trials("tanh", 0.10, 0.12, 0.11, 0.10), *trials("no-dropout", 0.11, 0.10, 0.13, 0.10)]

    alone = row([*CONTROL, *suggestive], ablations=questions)
    beside = row([*CONTROL, *suggestive, *others], ablations=questions)

    assert beside.p_difference == pytest.approx(share * alone.p_difference)
    assert (beside.high - beside.low > alone.high - alone.low) == (share > 1)


def test_a_loss_has_no_margin_and_is_never_called_equivalent():
    only = row([*CONTROL, *trials("no-lrn", 0.10, 0.11, 0.12, 0.10)], "loss")

    assert (only.verdict, math.isnan(only.margin), math.isnan(only.p_equivalence)) == ("", True, True)
    assert not math.isnan(only.p_difference)


def test_a_margin_is_no_less_than_four_test_images():
    both = [*CONTROL, *trials("no-lrn", 0.1, 0.11, 0.12, 0.1)]

    assert row(both).margin == 0.5
    assert row(both, test_images=10_000).margin == 0.5
    assert row(both, test_images=360).margin == pytest.approx(400 / 360)


def test_equal_counts_of_few_images_are_not_certain():
    """Every seed differs by the same one image of 360."""
    more = [share + 1 / 360 for share in (0.10, 0.11, 0.12, 0.10)]

    only = row([*CONTROL, *trials("no-lrn", *more)], test_images=360)

    assert only.high - only.low > 0.1


def test_an_arm_of_which_a_seed_failed_is_not_judged_by_the_others():
    control = trials("alexnet", 0.10, 0.11, 0.12, 0.10, 0.1)
    only = row([*control, *trials("no-lrn", 0.05, 0.06, 0.07, 0.05), failed_trial("no-lrn", 4)])

    assert (only.kind, only.verdict) == ("incomplete", "")
    assert not math.isnan(only.low)


def test_throughput_is_judged_against_one_percent():
    draws = [
        draw(variant, number, [speed * (1 + 0.0005 * number), speed])
        for variant, speed in (("alexnet", 100.0), ("no-lrn", 105.0), ("tanh", 100.2))
        for number in range(4)
    ]

    assert {item.arm: (item.verdict, item.margin) for item in rows(draws)} == {
        "no-lrn": ("better", 0.01),
        "tanh": ("equivalent", 0.01),
    }


def test_a_twin_of_the_control_takes_no_share_of_the_level():
    twin = [draw("lrn", number, [100.0 + number, 100.0]) for number in range(4)]
    others = [
        draw(variant, number, [speed + 0.3 * number, speed])
        for variant, speed in (("alexnet", 100.0), ("no-lrn", 103.0))
        for number in range(4)
    ]

    def no_lrn(records):
        (found,) = (item for item in rows(records, VARIANTS | {"lrn": []}) if item.arm == "no-lrn")
        return found.p_difference, found.p_equivalence

    assert no_lrn([*others, *twin]) == no_lrn(others)


# -- other images


def with_predictions(folder, variant, rights):
    """Trials whose predictions are right where `rights` (seeds, images) says so."""
    records = []
    (folder / "predictions").mkdir(exist_ok=True)
    for seed, right in enumerate(rights):
        name = f"predictions/{variant}-seed{seed}.npz"
        likeliest = np.stack([np.where(right, 3, 5), *[np.full(len(right), 9)] * 4], axis=1)
        np.savez(folder / name, labels=np.full(len(right), 3), likeliest=likeliest)
        records.append(trial(variant, seed, 1 - right.mean(), predictions=name))
    return records


def test_beside_the_interval_over_seeds_stands_one_over_seeds_and_images(tmp_path):
    rng = np.random.default_rng(0)
    control, arm = rng.random((5, 200)) < 0.9, rng.random((5, 200)) < 0.8
    records = [
        *with_predictions(tmp_path, "alexnet", control),
        *with_predictions(tmp_path, "no-lrn", arm),
    ]

    only = row(records, folders={"run-a": tmp_path})

    assert only.effect == pytest.approx(100 * (control.mean() - arm.mean()))
    assert only.low_images < only.effect < only.high_images
    assert only.least_deviation == pytest.approx(0.5 / math.sqrt(6))
    assert math.isnan(row(records).low_images)


def test_a_missing_file_of_predictions_leaves_only_the_interval_over_seeds(tmp_path):
    rng = np.random.default_rng(0)
    rights = rng.random((4, 50)) < 0.9
    records = [
        *with_predictions(tmp_path, "alexnet", rights),
        *with_predictions(tmp_path, "no-lrn", rights),
    ]
    (tmp_path / "predictions" / "no-lrn-seed2.npz").unlink()

    assert math.isnan(row(records, folders={"run-a": tmp_path}).low_images)


# -- epochs to a training error


def curve(*errors):
    return [curve_point(number, error) for number, error in enumerate(errors, 1)]


def trained(variant, *curves):
    return [trial(variant, seed, curve=rows) for seed, rows in enumerate(curves)]


@pytest.mark.parametrize(
    ("errors", "epochs"), [((0.5, 0.3, 0.2), 2.0), ((0.5, 0.25), 1.5), ((0.2, 0.1), 0.5)]
)
def test_epochs_are_read_off_between_the_middles_of_epochs(errors, epochs):
    both = [*trained("alexnet", curve(*errors)), *trained("tanh", curve(0.5, 0.3, 0.2))]
    only = row(both, "epochs_to_25_percent", "tanh")

    assert (only.control_value, only.arm_value) == pytest.approx((epochs, 2.0))


def test_epochs_to_a_training_error_are_a_ratio():
    fast, slow = curve(0.5, 0.3, 0.2, 0.1), curve(0.6, 0.5, 0.3, 0.2)
    only = row(
        [*trained("alexnet", *[fast] * 4), *trained("tanh", *[slow] * 4)], "epochs_to_25_percent", "tanh"
    )

    assert (only.effect, only.unit) == (pytest.approx(1.5), "ratio")


def test_one_that_never_gets_there_is_told_and_is_no_mean():
    fast, never = curve(0.5, 0.3, 0.2, 0.1), curve(0.6, 0.5, 0.4, 0.3)
    records = [*trained("alexnet", *[fast] * 6), *trained("tanh", *[never] * 6)]
    only = row(records, "epochs_to_25_percent", "tanh")

    assert (only.effect, only.arm_value) == (math.inf, math.inf)
    assert only.note == "never reached by 6 seeds of tanh; the effect is the median"
    assert only.p_difference == pytest.approx(2 / 2**6)


def test_where_neither_gets_there_nothing_is_known():
    never = curve(0.6, 0.5, 0.4, 0.3)
    records = [*trained("alexnet", *[never] * 5), *trained("tanh", *[never] * 5)]
    only = row(records, "epochs_to_25_percent", "tanh")

    assert (only.kind, only.verdict) == ("incomplete", "")
    assert math.isnan(only.p_equivalence)


def test_validation_errors_are_counted_in_their_own_images():
    both = [*CONTROL, *trials("no-lrn", 0.1, 0.11, 0.12, 0.1)]

    only = row(both, "validation_top1_error", test_images=10_000, validation_images=144)
    assert only.margin == pytest.approx(400 / 144)
    assert only.least_deviation == pytest.approx(100 / 144 / math.sqrt(6))


def test_a_seed_of_the_control_that_fails_after_an_arm_has_its_verdict_changes_nothing():
    control = [*trials("alexnet", 0.10, 0.11, 0.12, 0.10, 0.1, 0.1), failed_trial("alexnet", 6)]
    arm = trials("no-lrn", 0.15, 0.161, 0.171, 0.149)

    assert row([*control, *arm], looks=[4, 8]).verdict == "worse"
    assert row([*control, *arm], looks=[]).verdict == ""


@pytest.mark.parametrize(("looks", "verdict"), [([8], ""), ([5], "worse"), ([4], "worse"), ([2], "worse")])
def test_there_is_a_verdict_from_the_first_look_on_and_from_four_pairs(looks, verdict):
    control = trials("alexnet", 0.10, 0.11, 0.12, 0.10, 0.1)
    arm = trials("no-lrn", 0.15, 0.161, 0.171, 0.149, 0.15)

    found = row([*control, *arm], looks=looks)
    assert (found.verdict, found.kind) == (verdict, "interval")
    assert found.pairs == (4 if looks[0] < 5 else 5)
    assert 0 < found.low < found.effect < found.high


# -- how likely the arm is better with a fresh seed


def test_an_error_that_has_an_interval_says_how_likely_a_fresh_seed_has_the_arm_better():
    better = trials("no-lrn", 0.095, 0.10, 0.114, 0.09)
    found = {item.measure: item for item in rows([*CONTROL, *better])}

    for name in ("test_top1_error", "validation_top1_error", "train_error"):
        only = found[name]
        assert 0.5 < only.better_again_low < only.better_again < only.better_again_high <= 1
    assert math.isnan(found["loss"].better_again)


def test_a_worse_arm_is_hardly_better_and_few_pairs_say_nothing():
    worse = trials("no-lrn", 0.15, 0.161, 0.171, 0.149)
    assert row([*CONTROL, *worse]).better_again_high < 0.05
    assert math.isnan(row([*CONTROL[:3], *worse[:3]]).better_again)


def test_how_likely_it_is_rests_on_the_pairs_of_the_verdict():
    """Seeds after the look at which it fell change nothing."""
    better = trials("no-lrn", 0.095, 0.10, 0.114, 0.09)
    later = [trial("alexnet", 4, 0.1), trial("no-lrn", 4, 0.4)]

    then, now = (row(records, looks=[4, 8]) for records in ([*CONTROL, *better], [*CONTROL, *better, *later]))

    assert (now.better_again, now.better_again_low) == (then.better_again, then.better_again_low)
    assert len(now.values) == 5
