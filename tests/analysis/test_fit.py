"""Which variant suits a data set: what made-up predictions let one say of other seeds and other images."""

import numpy as np
import pytest
from report_runs import in_run, manifest, trial

from alexnet_bench.analysis.effects import effects
from alexnet_bench.analysis.fit import Candidate, Fit, fit
from alexnet_bench.show.fit import sentences

FOLDS, CLASSES = 4, 10


class Made:
    """A run of made-up trials that are cross-validated, or tested on images that are set apart."""

    def __init__(self, folder, images, folds=FOLDS, seed=0, **plan):
        self.folder, self.images, self.folds = folder, images, folds
        self.rng = np.random.default_rng(seed)
        self.records = []
        self.plan = {"folds": folds, "test_images": images // (folds or 1), "test_name": "held-out"} | plan
        (folder / "predictions").mkdir(parents=True)

    def add(self, variant, seeds, wrong, **columns):
        """Trials in which each image is wrong with a probability: one for all images, or one each."""
        for seed in range(seeds):
            rng = np.random.default_rng(seed // (self.folds or 1))
            places = np.arange(self.images)
            if self.folds:
                places = np.sort(rng.permutation(self.images)[seed % self.folds :: self.folds])
            shares = np.broadcast_to(wrong, self.images)[places]
            right = self.rng.random(len(places)) >= shares
            name = f"predictions/{variant}-seed{seed}.npz"
            likeliest = np.where(right, 0, 1)[:, None] + np.arange(5)
            arrays = {"places": places} if self.folds else {}
            np.savez(
                self.folder / name,
                labels=np.zeros(len(places), "int64"),
                likeliest=likeliest.astype("int16"),
                **arrays,
            )
            error = 1 - float(right.mean())
            given = {"test_top1_error": None, "held_out_top1_error": error, "predictions": name}
            self.records.append(trial(variant, seed, error, **given | columns))

    def fit(self):
        return fit(in_run(self.records), self.manifest, self.folder)

    @property
    def manifest(self):
        names = dict.fromkeys(record.variant for record in self.records)
        fields = {name: [] if name == "alexnet" else ["dropout"] for name in names}
        return manifest(variants=fields, **self.plan)


def candidate(answer, name):
    return next(one for one in answer.candidates if one.variant == name)


@pytest.fixture
def made(tmp_path):
    return lambda *how, **plan: Made(tmp_path / "run", *how, **plan)


def test_a_large_gain_on_sixty_photographs_is_told(made):
    run = made(60)
    run.add("alexnet", 16, 0.6)
    run.add("no-dropout", 16, 0.1)

    answer = run.fit()

    found = candidate(answer, "no-dropout")
    assert (answer.best, found.verdict, answer.images, found.seeds) == ("no-dropout", "better", 60, 16)
    assert found.low < found.effect < found.high < 0
    assert found.effect == pytest.approx(-50, abs=8)
    assert sentences(answer)[0].startswith("Take no-dropout (dropout other) for images such as those of ")


@pytest.mark.parametrize("seed", range(8))
def test_the_same_network_under_another_name_is_never_better(made, seed):
    """Trained anew: an A/A test."""
    run = made(60, seed=seed)
    for name in ("alexnet", "no-dropout"):
        run.add(name, 8, 0.5)

    answer = run.fit()

    assert candidate(answer, "no-dropout").verdict in ("inconclusive", "equivalent")
    assert answer.best in (None, "alexnet")


def test_what_is_certain_of_these_images_may_not_be_told_of_others(made):
    """Every seed has the same 8 of 60 images right in addition, and 3 wrong: luck of images, not of seeds."""
    base, other = np.zeros(60), np.zeros(60)
    base[:8], other[8:11] = 1, 1
    run = made(60)
    run.add("alexnet", 32, base)
    run.add("no-dropout", 32, other)

    answer = run.fit()

    found = candidate(answer, "no-dropout")
    assert (found.effect, found.verdict, answer.best) == (pytest.approx(-500 / 60), "inconclusive", None)
    assert found.more_seeds is None
    assert found.images_wanted > 60
    assert "cannot tell (about " in sentences(answer)[1]


def test_predictions_that_never_differ_are_equivalent_where_images_are_many(made):
    run = made(2000, folds=None)
    for name in ("alexnet", "no-dropout"):
        run.add(name, 4, np.arange(2000) % 3 == 0)

    answer = run.fit()

    found = candidate(answer, "no-dropout")
    assert (answer.best, found.effect, found.verdict) == ("alexnet", 0, "equivalent")
    # Another 2,000 images may hold one that differs.
    assert found.low < -100 / 2000
    assert found.high > 100 / 2000
    assert sentences(answer)[0].startswith("Take alexnet: ")


def test_candidates_and_looks_share_the_error_rate(made, tmp_path):
    """What one candidate would be told of by itself is not told of it among four with looks."""
    widths = []
    for name, arms, plan in (("one", 1, {}), ("four", 4, {"looks": [4, 8, 16, 32]})):
        run = Made(tmp_path / name, 60, **plan)
        run.add("alexnet", 4, 0.5)
        for arm in range(arms):
            run.add(f"arm-{arm}", 4, 0.3)
        found = candidate(run.fit(), "arm-0")
        widths.append(found.high - found.low)

    assert widths[1] > 2 * widths[0]


def test_seeds_of_a_round_that_is_not_whole_change_nothing(made, tmp_path):
    answers = []
    for name, seeds in (("whole", 4), ("more", 7)):
        run = Made(tmp_path / name, 60)
        run.add("alexnet", seeds, 0.5)
        run.add("no-dropout", seeds, np.arange(60) % 3 == 0)
        answers.append(candidate(run.fit(), "no-dropout"))

    assert answers[1].seeds == 4
    assert not np.isnan(answers[1].low)


def test_too_few_seeds_are_no_answer(made):
    run = made(60)
    run.add("alexnet", 3, 0.5)
    run.add("no-dropout", 3, 0.1)

    answer = run.fit()

    assert (answer.best, candidate(answer, "no-dropout").verdict) == (None, "")
    assert "too little for an interval, so cannot tell" in sentences(answer)[1]


def test_a_control_that_did_not_learn_is_no_answer(made):
    run = made(60)
    run.add("alexnet", 8, 0.9)
    run.add("no-dropout", 8, 0.1)

    answer = run.fit()

    assert answer.best is None
    assert sentences(answer)[0].startswith("Cannot tell: the control alexnet did not learn")


def test_a_failed_seed_leaves_no_verdict(made):
    run = made(60)
    run.add("alexnet", 8, 0.6)
    run.add("no-dropout", 8, 0.1)
    run.add("no-dropout", 1, 0.1, status="diverged", error="loss")

    answer = run.fit()

    assert (answer.best, candidate(answer, "no-dropout").verdict) == (None, "")
    assert sentences(answer)[1].endswith(
        ": too little for an interval, so cannot tell. (1 seed of no-dropout: diverged)"
    )


def test_failed_seeds_are_counted(made):
    run = made(60)
    run.add("alexnet", 12, 0.6)
    run.add("no-dropout", 12, 0.1, status="killed", error="by a signal", held_out_top1_error=None)

    assert sentences(run.fit())[1].endswith(
        "(12 seeds of no-dropout: killed; no seed of both sides has a value)"
    )


def test_missing_predictions_are_told(made):
    run = made(60)
    run.add("alexnet", 8, 0.6)
    run.add("no-dropout", 8, 0.1)
    (run.folder / "predictions" / "no-dropout-seed3.npz").unlink()

    assert sentences(run.fit())[1].endswith("over 8 seeds: some predictions are missing, so cannot tell.")


def test_without_a_trial_nothing_can_be_told(made):
    run = made(60)
    run.add("alexnet", 1, 0.5, purpose="tuning")

    answer = run.fit()

    assert answer.best is None
    assert sentences(answer)[0] == "Cannot tell: no trial of alexnet has succeeded."


def test_a_control_of_which_every_trial_failed_is_no_answer(made):
    run = made(60)
    run.add("alexnet", 2, 0.5, status="crashed", error="a fault", held_out_top1_error=None)
    run.add("no-dropout", 4, 0.1)

    answer = run.fit()

    assert answer.best is None
    assert sentences(answer)[0] == "Cannot tell: no trial of alexnet has succeeded."


def test_candidates_that_are_all_the_control_are_no_reason_to_take_it():
    same = Candidate(variant="two-towers", difference="", same_as="alexnet")
    about = {"dataset": "pets", "images": 60, "training_images": 60, "folds": None, "control": "alexnet"}
    trained = {"topology": "alexnet-32", "epochs": 1, "batch_size": 8, "tuned": True}

    assert Fit(**about, **trained, candidates=(same,)).best is None


def test_the_margin_is_that_of_all_images_and_not_of_a_fold(made):
    run = made(60)
    for name in ("alexnet", "no-dropout"):
        run.add(name, 8, 0.5)

    rows = effects(in_run(run.records), [run.manifest], {"run-a": run.folder})
    row = next(rows[rows["measure"] == "held_out_top1_error"].itertuples())
    assert row.margin == run.fit().margin == pytest.approx(100 * 4 / 60)
