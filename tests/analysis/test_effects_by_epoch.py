"""The effect over training."""

import pytest
from report_runs import changed, curve_point, effect_rows, failed_trial, in_run, manifest, trial, trials

from alexnet_bench.analysis.by_epoch import effects_by_epoch
from alexnet_bench.analysis.plans import Plans

ERRORS = {"alexnet": (0.5, 0.3, 0.1), "no-lrn": (0.4, 0.25, 0.1)}


def trained(variant, seed, *errors, **changes):
    """A trial with these validation errors after its epochs, a little more with every seed."""
    shares = [share + 0.001 * seed * (1 + (variant == "no-lrn")) for share in errors or ERRORS[variant]]
    curve = [curve_point(epoch, share) for epoch, share in enumerate(shares, start=1)]
    return trial(variant, seed, shares[-1], epochs=3, curve=curve, **changes)


def both(seeds=4):
    return [trained(name, seed) for seed in range(seeds) for name in ERRORS]


def found(records, *runs):
    return list(effects_by_epoch(in_run(records), Plans(runs or [manifest()])).itertuples())


def test_there_is_an_effect_after_every_epoch_paired_by_seed():
    rows = found(both())

    assert [(row.ablation, row.control, row.arm, row.epoch, row.pairs) for row in rows] == [
        ("lrn", "alexnet", "no-lrn", epoch, 4) for epoch in (1, 2, 3)
    ]
    assert [row.effect for row in rows] == pytest.approx([-9.85, -4.85, 0.15])
    assert all(row.low < row.effect < row.high for row in rows)
    assert rows[0].high < 0 < rows[2].high


def test_the_last_one_is_the_effect_on_the_validation_error():
    """The same pairs, the same estimate, the same interval as in `effects.csv`."""
    run = manifest(validation_images=144)
    last = found(both(6), run)[-1]
    (row,) = effect_rows(both(6), [run], measure="validation_top1_error")

    assert (last.effect, last.low, last.high) == pytest.approx((row.effect, row.low, row.high))
    assert (last.pairs, last.margin, last.setting) == (row.pairs, row.margin, row.setting)


@pytest.mark.parametrize(
    "records",
    [
        both(3),
        trials("alexnet", *[0.1] * 4) + trials("no-lrn", *[0.2] * 4),
        changed(both(), curve=()),
        [*both(3), trained("alexnet", 3), *changed([failed_trial("no-lrn", 3)], epochs=3)],
    ],
    ids=["three pairs", "two epochs", "no curves", "a failed trial"],
)
def test_few_pairs_or_epochs_have_none(records):
    assert found(records) == []


def test_of_the_seeds_that_are_left_it_says_so_as_the_report_does():
    records = [*both(7), trained("alexnet", 7), *changed([failed_trial("no-lrn", 7)], epochs=3)]
    rows = found(records)
    (told,) = effect_rows(records, measure="validation_top1_error")

    assert {(row.pairs, row.kind, row.note) for row in rows} == {(7, told.kind, "seed 7 of no-lrn: diverged")}
    assert told.kind == "incomplete"
    assert {(row.kind, row.note) for row in found(both())} == {("interval", "")}


def test_a_shorter_trial_ends_it_for_all_so_that_every_epoch_has_the_same_pairs():
    records = [*both(), trained("alexnet", 4), trained("no-lrn", 4, 0.4, 0.25, 0.1, 0.1)]
    assert [(row.epoch, row.pairs) for row in found(records)] == [(1, 5), (2, 5), (3, 5)]


def test_what_is_not_comparable_or_did_not_learn_has_none():
    assert found([*both(), *changed(both(), device="another")]) != []
    elsewhere = [
        changed([item], device="another")[0] if item.variant == "no-lrn" else item for item in both()
    ]
    assert found(elsewhere) == []
    assert found(changed(both(), test_top1_error=0.9)) == []
