"""Every way in which records answer one question."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_runs import changed, curve_point, effect_rows, in_run, manifest, trial, trials

from alexnet_bench.analysis.plans import Plans
from alexnet_bench.analysis.specifications import specification_curves, specifications_table

RATES = (0.001, 0.01, 0.1)
# Of two data sets at two scales, each with a control and an arm.
TWO = [manifest("run-a", topology="alexnet-8"), manifest("run-b", topology="four-layer-32")]


def curves(records, *runs):
    runs = runs or (manifest(),)
    return specification_curves(in_run(records), Plans(runs))


def rows(records, *runs):
    """All of the only question and unit, as a table."""
    (curve,) = curves(records, *runs)
    return specifications_table([curve])


def pair(arm=0.06, control=0.04, seeds=4, **changes):
    """An arm and its control, the later seeds a little worse."""
    return [
        one
        for name, share in (("alexnet", control), ("no-lrn", arm))
        for one in trials(name, *(share + 0.002 * seed * share for seed in range(seeds)), **changes)
    ]


def both_scales():
    return [
        *pair(run_id="run-a"),
        *pair(0.3, 0.35, run_id="run-b", topology="four-layer-32", dataset="cifar10"),
    ]


def tuned_pair(runs_for, epochs=6):
    """Trials of an arm and its control that chose among rates: each trained for as long as it is told.

    Args:
        runs_for: how many epochs, of a name, a rate and a seed; None where it was not tried.
    """
    return [
        trial(
            name,
            seed,
            error := 0.2 + abs(math.log10(rate / best)) / 10 + seed / 1e9,
            purpose="tuning",
            tuned=True,
            epochs=epochs,
            fingerprint=f"{name} at {rate}",
            recipe_settings={"learning_rate": rate},
            test_top1_error=None,
            curve=[curve_point(epoch, error + (epochs - epoch) / 100) for epoch in range(1, length + 1)],
        )
        for name, best in (("alexnet", 0.01), ("no-lrn", 0.001))
        for rate in RATES
        for seed in range(1_000_000, 1_000_004)
        if (length := runs_for(name, rate, seed))
    ]


def test_a_plain_run_has_too_few_to_be_shown():
    assert curves(pair()) == []


def test_settings_metrics_and_lengths_are_the_choices():
    found = rows(both_scales(), *TWO)

    asked = found[["network", "data set", "length", "metric"]].apply(tuple, axis=1)
    wanted = {
        (network, data, length, metric)
        for network, data in (("alexnet-8", "digits"), ("four-layer-32", "cifar10"))
        for length, metric in (
            ("1 of 2 epochs", "validation top-1 error"),
            ("all epochs", "validation top-1 error"),
            ("all epochs", "test top-1 error"),
            ("all epochs", "training error"),
        )
    }
    assert set(asked) == wanted
    assert set(found["question"]) == {"normalization other against the paper's"}
    assert found["effect"].is_monotonic_increasing


def test_what_the_report_judges_is_marked_and_has_the_reports_effect():
    found = rows(both_scales(), *TWO)

    told = effect_rows(both_scales(), TWO, measure="test_top1_error")
    marked = found[found["headline"]]
    assert sorted(marked["effect"]) == pytest.approx(sorted(row.effect for row in told))
    assert sorted(marked["low"]) == pytest.approx(sorted(row.low for row in told))
    assert set(marked["metric"]) == {"test top-1 error"}


def test_a_length_reads_the_curve():
    late = [curve_point(epoch, error) for epoch, error in enumerate((0.9, 0.5, 0.1, 0.1, 0.1, 0.1), 1)]
    records = [
        msgspec.structs.replace(one, curve=tuple(late), epochs=6) if one.variant == "no-lrn" else one
        for one in changed(both_scales(), epochs=6, curve=tuple(curve_point(n, 0.1) for n in range(1, 7)))
    ]

    found = rows(records, *TWO)
    of_validation = found[found["metric"] == "validation top-1 error"]
    by_length = of_validation.groupby("length")["effect"].agg(["min", "max"])
    assert by_length.loc["2 of 6 epochs"].tolist() == pytest.approx([40, 40])
    assert by_length.loc["4 of 6 epochs"].tolist() == by_length.loc["all epochs"].tolist() == [0, 0]


def test_arms_that_change_the_same_share_a_question_whatever_they_are_called():
    def run(name):
        fields = {f"relu-{name}": [], f"tanh-{name}": ["activation"]}
        return manifest(f"run-{name}", control=f"relu-{name}", variants=fields, ablations=[])

    records = [
        one
        for name in ("he", "glorot")
        for variant, share in ((f"relu-{name}", 0.3), (f"tanh-{name}", 0.2))
        for one in trials(
            variant,
            *[share] * 4,
            run_id=f"run-{name}",
            recipe_settings={"learning_rate": 0.01, "initialization": name},
        )
    ]

    found = rows(records, run("he"), run("glorot"))
    assert set(found["question"]) == {"activation other against the paper's"}
    assert set(found["initial weights"]) == {"he", "glorot"}
    assert len(found) == 8


def test_another_control_is_another_question():
    def run(number, control):
        fields = {"no-lrn": ["normalization"], control: [] if control == "alexnet" else ["activation"]}
        return manifest(f"run-{number}", control=control, variants=fields, ablations=[])

    records = [
        one
        for number, control in ((1, "alexnet"), (2, "gelu"))
        for name in ("no-lrn", control)
        for one in trials(name, *[0.1] * 4, run_id=f"run-{number}")
    ]

    assert curves(records, run(1, "alexnet"), run(2, "gelu")) == []


def test_settings_of_the_recipe_are_choices_and_what_is_left_open_is_none():
    recipes = {
        "run-a": {"learning_rate": 0.01, "drops": [0.5, 0.75], "bias_rate": None},
        "run-b": {"learning_rate": 0.01, "drops": [], "layers": {"conv1": {"rate": 0.5, "stops": None}}},
    }
    records = [
        one
        for run, recipe in recipes.items()
        for one in pair(run_id=run, recipe_settings=recipe, topology=f"of {run}")
    ]

    found = rows(records, *TWO).groupby("network").first()
    assert found["drops"].tolist() == ["0.5, 0.75", "none"]
    assert found["layers"].dropna().to_dict() == {"of run-b": "conv1 rate 0.5"}
    assert "bias rate" not in found


# -- rates that were tried


def test_arm_and_control_are_held_against_each_other_at_each_rate():
    found = rows(tuned_pair(lambda name, rate, seed: 6))

    at_end = found[(found["length"] == "all epochs") & (found["metric"] == "validation top-1 error")]
    effects = dict(zip(at_end["rate"], at_end["effect"], strict=True))
    assert effects == pytest.approx({"0.001 for both": -10, "0.01 for both": 10, "0.1 for both": 10})
    assert not found["headline"].any()
    assert set(found["pairs"]) == {4}
    best = found[found["that rate is"].notna()]
    assert set(best["rate"]) == {"0.01 for both"}
    assert len(best) == found["length"].nunique() + 1


def test_a_rate_that_only_some_seeds_went_on_with_tells_nothing_there():
    """Each went on with its better ones: those that are left were chosen by what they scored."""

    def race(name, rate, seed):
        return 4 if rate == 0.1 and seed % 2 else 12

    found = rows(tuned_pair(race, epochs=12))
    lengths = found.groupby("rate")["length"].agg(set)
    assert lengths["0.1 for both"] == {"2 of 12 epochs", "4 of 12 epochs"}
    assert lengths["0.01 for both"] == set(found["length"])


def test_a_rate_beyond_the_grid_that_the_arm_alone_was_tried_at_tells_nothing():
    found = rows(tuned_pair(lambda name, rate, seed: 0 if (name, rate) == ("alexnet", 0.1) else 6))
    assert set(found["rate"]) == {"0.001 for both", "0.01 for both"}


def diverging(which):
    """The trials of a whole grid, those diverged that are told so by name, rate and seed."""
    failed = {"status": "diverged", "validation_top1_error": None, "train_error": None}
    return [
        msgspec.structs.replace(one, **failed)
        if which(one.variant, one.recipe_settings["learning_rate"], one.seed - 1_000_000)
        else one
        for one in tuned_pair(lambda name, rate, seed: 6)
    ]


def test_a_rate_at_which_seeds_failed_tells_of_the_others_and_says_so():
    found = rows(diverging(lambda name, rate, seed: (name, rate, seed) == ("no-lrn", 0.1, 0)))

    at_rate = found[found["rate"] == "0.1 for both"]
    assert set(at_rate["length"]) == set(found["length"])
    assert {*zip(at_rate["pairs"], at_rate["kind"], at_rate["note"], strict=True)} == {
        (3, "descriptive", "seed 1000000 of no-lrn: diverged")
    }
    assert set(found.loc[found["rate"] != "0.1 for both", "kind"]) == {"interval"}


def test_a_rate_at_which_every_seed_of_one_side_failed_tells_nothing():
    for failing in ("alexnet", "no-lrn"):
        found = rows(diverging(lambda name, rate, seed, who=failing: (name, rate) == (who, 0.1)))
        assert set(found["rate"]) == {"0.001 for both", "0.01 for both"}


TRIED = [(name, rate, seed) for name in ("alexnet", "no-lrn") for rate in RATES for seed in range(4)]


@given(st.dictionaries(st.sampled_from(TRIED), st.sampled_from(["missing", "diverged"])))
def test_whatever_failed_or_was_not_tried_pairs_are_the_seeds_of_both_sides_that_are_left(lost):
    records = [
        one
        for one in diverging(lambda *which: lost.get(which) == "diverged")
        if lost.get((one.variant, one.recipe_settings["learning_rate"], one.seed - 1_000_000)) != "missing"
    ]

    for one in (one for curve in curves(records) for one in curve):
        rate = float(one.choices["rate"].split()[0])
        sides = [
            {seed for seed in range(4) if (name, rate, seed) not in lost} for name in (one.arm, one.control)
        ]
        assert one.pairs == len(set.intersection(*sides)) > 0
        assert (one.kind == "interval") == (one.pairs == 4)


def test_a_rate_that_few_seeds_of_the_control_bear_is_not_its_best():
    found = rows(diverging(lambda name, rate, seed: (name, rate) == ("alexnet", 0.01) and seed > 0))
    assert set(found.loc[found["rate"] == "0.01 for both", "pairs"]) == {1}
    assert "0.01 for both" not in set(found.loc[found["that rate is"].notna(), "rate"])


def test_the_controls_best_rate_stays_that_whatever_becomes_of_the_arm_there():
    def best(*failing):
        (curve,) = curves(diverging(lambda *which: which in {("no-lrn", 0.01, seed) for seed in failing}))
        return {one.choices["rate"] for one in curve if "that rate is" in one.choices}

    assert best() == best(1, 2, 3) == {"0.01 for both"}
    assert best(0, 1, 2, 3) == set()


def test_a_trial_that_was_trained_again_for_longer_counts_once():
    """As it ended: what it had not learned by then counts no more."""
    short = changed(tuned_pair(lambda name, rate, seed: 2), validation_top1_error=0.95)
    whole = changed(tuned_pair(lambda name, rate, seed: 6), validation_top1_error=0.75)

    assert rows([*short, *whole]).equals(rows(whole))


def test_a_rate_at_which_the_control_does_not_learn_tells_nothing():
    records = [
        msgspec.structs.replace(one, validation_top1_error=0.9)
        if one.recipe_settings["learning_rate"] == 0.1
        else one
        for one in tuned_pair(lambda name, rate, seed: 6)
    ]

    assert set(rows(records)["rate"]) == {"0.001 for both", "0.01 for both"}


def test_results_whose_rates_were_chosen_for_each_seed_are_one_specification():
    own = [
        msgspec.structs.replace(
            one,
            recipe_settings={"learning_rate": RATES[one.seed % 3]},
            fingerprint=f"{one.variant} {one.seed % 3}",
            network=one.variant,
        )
        for one in pair(run_id="run-a", tuned=True, rate_per_seed=True)
    ]
    found = rows([*own, *pair(run_id="run-b", topology="four-layer-32")], *TWO)

    assert len(found) == 8
    of_seeds = found[found["rate"] == "tuned for each network and seed"]
    assert set(of_seeds["network"]) == {"alexnet-8"}
    assert set(of_seeds["pairs"]) == {4}


def test_rates_of_results_are_told_by_their_rule():
    own = pair(run_id="run-a", tuned=True)
    others = pair(run_id="run-b", topology="four-layer-32")

    found = rows([*own, *others], *TWO)
    assert found.groupby("network")["rate"].agg(set).to_dict() == {
        "alexnet-8": {"tuned for each network"},
        "four-layer-32": {"0.01 for both"},
    }


# -- recipes that stop at a training error


def test_epochs_to_a_training_error_are_a_curve_of_their_own():
    def stopping(name, factor, run):
        curve = [curve_point(epoch, max(0.0, 0.6 - 0.1 * epoch / factor)) for epoch in range(1, 8)]
        return trials(
            name,
            *[0.3] * 4,
            run_id=run,
            epochs=30,
            fingerprint=f"{name} of {run}",
            curve=curve,
            recipe_settings={"learning_rate": 0.01, "stop_at_train_error": 0.25, "initialization": run},
        )

    names = [f"run-{number}" for number in range(6)]
    records = [
        one
        for run in names
        for name, factor in (("alexnet", 1), ("no-lrn", 1.5))
        for one in stopping(name, factor, run)
    ]

    points, ratios = curves(records, *map(manifest, names))
    assert {one.unit for one in points} == {"percentage points"}
    assert {one.choices["length"] for one in ratios} == {"to 25% training error"}
    # The middles of epochs.
    assert [one.effect for one in ratios] == pytest.approx([4.75 / 3] * 6)
    assert all(one.headline for one in ratios)
