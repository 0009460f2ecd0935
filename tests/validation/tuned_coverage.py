"""How often intervals hold the true effect where learning rates are chosen too: simulated replicates.

    python tests/validation/tuned_coverage.py results/reference/tuned-coverage.json
    python tests/validation/tuned_coverage.py results/reference/tuned-coverage.json --table

What is true is the effect of the whole procedure: the expected difference where both arms are tuned and
trained with fresh seeds. Each study's interval is the t interval of a report. Two procedures are compared:

- replicates (`--tune lr-per-seed`): each seed of an arm trains at a rate that a tuning seed of its own chose;
- shared (`--tune lr`): three tuning seeds choose a rate for all seeds of an arm, and the interval takes it
  for given.

Rates are chosen by the code that chooses them in a run. The errors that it chooses by, and those of results,
are of seeds that nobody trained: to an arm's mean curve at a rate, as recorded, comes a random sum of the
recorded seeds' deviations from it, which keeps their variances and their correlations between epochs and
rates. The curves are of the digits (six seeds, `results/reference/tuning`) and of CIFAR-10
(`results/reference/lrn-cifar10`: one seed a rate, the deviations of four at the chosen one, drawn for each
rate by itself). Errors are counted in whole images. Arm and control of a pair have no luck in common, nor
have the tuning and the result of a seed. Takes five minutes.
"""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from script import ROOT, read_lines, share, simulate, tabulated
from tuning import choose, trial_of

from alexnet_bench.network.trainable import Network
from alexnet_bench.records.run_folder import run_records
from alexnet_bench.records.schema import Trial
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import Settings
from alexnet_bench.run.tuning import BEYOND, TUNING_SEEDS, Try, race_of
from alexnet_bench.stats.error_rates import beats_chance, rounding_deviation
from alexnet_bench.stats.estimate import CONFIDENCE, FEWEST_UNITS, estimate
from alexnet_bench.words import MISSING, signed

CHOICES, STUDIES, FRESH = 2_000, 10_000, 200_000
SEEDS = (5, 8, 12)
CLASSES, NOT_LEARNED = 10, 0.9
# The tuning seeds by which each seed chooses its rate, and all seeds of an arm together do.
WAYS: dict[str, Sequence[int]] = {"replicates": TUNING_SEEDS[:1], "shared": TUNING_SEEDS}
REFERENCE = ROOT / "results" / "reference"

Curves = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Arm:
    """What an arm scores, by its rate in steps of three from the recipe's.

    Args:
        means: (epochs,) by step: the validation error after each epoch.
        deviations: (seeds, epochs) by step, from the mean; a new seed's is a random sum of these.
        together: whether a seed's sum is the same at all rates; otherwise they have nothing in common.
        fails: by step, the share of seeds that do not learn; who fails at a rate fails at larger ones.
        heavy: whether deviations have the tails of a t distribution with three degrees of freedom.
    """

    means: Mapping[int, Curves]
    deviations: Mapping[int, Curves]
    together: bool = True
    fails: Mapping[int, float] = field(default_factory=dict)
    heavy: bool = False

    def moved(self, steps: int) -> "Arm":
        """One whose rates are so many steps lower."""
        return replace(
            self,
            means={step - steps: mean for step, mean in self.means.items()},
            deviations={step - steps: own for step, own in self.deviations.items()},
        )

    def errors(self, rng: np.random.Generator, count: int, images: int) -> dict[int, Curves]:
        """By step, the errors of new seeds, each the same at all steps: (count, epochs), in whole images."""
        sums, luck, found = self._sums(rng, count), rng.random(count), {}
        for step, mean in self.means.items():
            errors = mean + sums @ self.deviations[step]
            if not self.together:
                sums = self._sums(rng, count)
            errors[luck < self.fails.get(step, 0.0)] = NOT_LEARNED
            found[step] = np.round(images * errors.clip(0, NOT_LEARNED)) / images
        return found

    def _sums(self, rng: np.random.Generator, count: int) -> Curves:
        """The weights of the recorded deviations in those of new seeds: (count, seeds)."""
        seeds = len(next(iter(self.deviations.values())))
        sums = rng.standard_normal((count, seeds)) / math.sqrt(seeds - 1)
        return sums * np.sqrt(3 / rng.chisquare(3, (count, 1))) if self.heavy else sums


@dataclass(frozen=True, kw_only=True)
class Case:
    """Two arms, how they are trained, and in how many images validation and test errors are counted."""

    name: str
    network: Network
    control: Arm
    arm: Arm
    validation_images: int
    test_images: int


def cases() -> list[Case]:
    """What is simulated."""
    digits = partial(
        Case,
        network=_network(variants="alexnet", topology="alexnet-8", epochs=30),
        validation_images=144,
        test_images=360,
    )
    control, better = _of_digits("alexnet"), _of_digits("no-dropout")
    heavy = replace(control, heavy=True)
    lrn, none = _of_cifar10("lrn"), _of_cifar10("no-lrn")
    cifar10 = partial(
        Case,
        network=_network(variants="lrn", topology="four-layer-32", epochs=5),
        validation_images=4_000,
        test_images=10_000,
    )
    failing = [
        ("the arm fails to learn at three times its best rate, one seed in two", {1: 0.5, 2: 1.0}),
        ("… and at its best rate, one seed in ten", {0: 0.1, 1: 0.5, 2: 1.0}),
        ("… and at its best rate, one seed in three", {0: 1 / 3, 1: 0.7, 2: 1.0}),
    ]
    return [
        digits(name="arms alike", control=control, arm=control),
        digits(name="arms differ at their best rates", control=control, arm=better),
        digits(name="best rates differ ninefold", control=control, arm=control.moved(2)),
        cifar10(name="LRN and none on CIFAR-10, whose best rates differ ninefold", control=lrn, arm=none),
        digits(name="heavy seed noise, arms alike", control=heavy, arm=heavy),
        digits(name="heavy seed noise, arms differ", control=heavy, arm=replace(better, heavy=True)),
        *(digits(name=name, control=control, arm=replace(control, fails=fails)) for name, fails in failing),
    ]


def measure() -> list[dict[str, Any]]:
    """A row a case and number of replicates."""
    return [row for number, case in enumerate(cases()) for row in _rows(number, case)]


def _rows(number: int, case: Case) -> list[dict[str, Any]]:
    rng = np.random.default_rng([2026, number])
    # What differs by nothing is drawn once, so that its true effect is none.
    arms = {id(arm): arm for arm in (case.control, case.arm)}
    fresh = {
        key: {step: own[:, -1] for step, own in arm.errors(rng, FRESH, case.test_images).items()}
        for key, arm in arms.items()
    }
    about = {"case": case.name, "fails": bool(case.arm.fails)}
    about["as_recorded"] = not (case.arm.fails or case.arm.heavy)
    rows: list[dict[str, Any]] = [{**about, "seeds": seeds, "studies": STUDIES} for seeds in SEEDS]
    for way, tuning_seeds in WAYS.items():
        chosen = {key: _choices(rng, arm, case, tuning_seeds) for key, arm in arms.items()}
        sides = [(chosen[id(arm)], fresh[id(arm)]) for arm in (case.arm, case.control)]
        truth = _Pairs(*(_errors(rng, *side, (FRESH,), (FRESH,)) for side in sides))
        for row in rows:
            shape = (STUDIES, row["seeds"])
            rates = shape if way == "replicates" else (STUDIES, 1)
            pairs = _Pairs(*(_errors(rng, *side, rates, shape) for side in sides))
            row[way] = _held(pairs, truth, 100 / case.test_images)
            row[way]["rates"] = {
                name: dict(sorted(Counter((3.0**steps).round(3).tolist()).items()))
                for name, (steps, _) in zip(("arm", "control"), sides, strict=True)
            }
    for row in rows:
        print(json.dumps(row), flush=True)
    return rows


def _choices(rng: np.random.Generator, arm: Arm, case: Case, seeds: Sequence[int]) -> NDArray[np.int64]:
    """The steps that new tuning seeds choose, by the code that chooses in a run."""
    errors = arm.errors(rng, CHOICES * len(seeds), case.validation_images)
    own, race = case.network.recipe.learning_rate, race_of(case.network, seeds)

    def train(first: int, item: Try) -> Trial:
        step, seed = step_of(item.rate, own), first + seeds.index(item.seed)
        curve = tuple(errors[step][seed].tolist()) if step in errors else None
        return trial_of(case.network, {(item.rate, item.seed): curve}, item)

    firsts = range(0, CHOICES * len(seeds), len(seeds))
    rates = (choose(case.network, partial(train, first), seeds, race)[0] for first in firsts)
    return np.array([step_of(rate, own) for rate in rates])


def step_of(rate: float, own: float) -> int:
    """How many steps of three a rate of the grid is from the recipe's own; a tenth counts as a ninth."""
    return round(math.log(rate / own, BEYOND))


def _errors(
    rng: np.random.Generator,
    chosen: NDArray[np.int64],
    fresh: Mapping[int, NDArray[np.float64]],
    rates: tuple[int, ...],
    shape: tuple[int, ...],
) -> NDArray[np.float64]:
    """Errors of results, as shares; so many rates are chosen for them."""
    steps = np.broadcast_to(rng.choice(chosen, rates), shape)
    errors = np.empty(shape)
    for step in np.unique(chosen):
        errors[steps == step] = rng.choice(fresh[step], int((steps == step).sum()))
    return errors


class _Pairs:
    """Differences of an arm from its control, in points, and whether both learned."""

    def __init__(self, arm: NDArray[np.float64], control: NDArray[np.float64]) -> None:
        self.differences = 100 * (arm - control)
        self.learned = np.asarray(beats_chance(arm, CLASSES)) & beats_chance(control, CLASSES)


def _held(pairs: _Pairs, truth: _Pairs, step: float) -> dict[str, Any]:
    """In how many studies an interval holds the truth: of all pairs, of those that learned, of the median."""
    mean, median = float(truth.differences.mean()), float(np.median(truth.differences))
    mean_of_learned = float(truth.differences[truth.learned].mean())
    least = rounding_deviation(step)
    every = [estimate(values, least) for values in pairs.differences]
    kept = zip(pairs.differences, pairs.learned, strict=True)
    learned = [estimate(values[own], least) for values, own in kept if own.sum() >= FEWEST_UNITS]
    medians = [_median_interval(values) for values in pairs.differences]
    return {
        "truth": mean,
        "held": int(sum(found.low <= mean <= found.high for found in every)),
        "half_width": float(np.mean([found.high - found.low for found in every])) / 2,
        "learned": float(truth.learned.mean()),
        "truth_of_learned": mean_of_learned,
        "studies_of_learned": len(learned),
        "held_of_learned": int(sum(found.low <= mean_of_learned <= found.high for found in learned)),
        "median": median,
        "held_median": int(sum(low <= median <= high for low, high in medians)),
    }


def _median_interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """That of the sign test: between two of the values, where there are enough of them."""
    ordered, size = np.sort(values), len(values)
    left_out = int((stats.binom.cdf(np.arange(size), size, 0.5) <= (1 - CONFIDENCE) / 2).sum())
    return (ordered[left_out - 1], ordered[size - left_out]) if left_out else (-math.inf, math.inf)


# -- what is recorded


def _network(**asked: Any) -> Network:
    (network,) = Schedule(Settings(measure="accuracy", **asked), alone=True).trained
    return network


def _of_digits(variant: str) -> Arm:
    rows = read_lines(REFERENCE / "tuning" / "digits.jsonl")
    curves: dict[int, list[list[float]]] = {}
    for row in rows:
        if row["variant"] == variant:
            assert row["status"] == "ok", row
            curves.setdefault(step_of(row["rate"], 0.01), []).append(row["validation_top1_errors"])
    means = {step: np.mean(own, axis=0) for step, own in curves.items()}
    return Arm(means=means, deviations={step: np.array(own) - means[step] for step, own in curves.items()})


def _of_cifar10(variant: str) -> Arm:
    trials = [row for row in run_records(REFERENCE / "lrn-cifar10") if isinstance(row, Trial)]
    own = [trial for trial in trials if trial.variant == variant]
    results = np.array([_curve(trial) for trial in own if trial.purpose == "result"])
    means = {
        step_of(trial.recipe_settings["learning_rate"], 0.01): np.array(_curve(trial))
        for trial in own
        if trial.purpose == "tuning"
    }
    deviations = dict.fromkeys(means, results - results.mean(axis=0))
    return Arm(means=means, deviations=deviations, together=False)


def _curve(trial: Trial) -> list[float]:
    return [float(epoch.validation_top1_error or 0.0) for epoch in trial.curve]


def table(rows: list[dict[str, Any]]) -> str:
    """What was found, as Markdown."""
    return tabulated([_line(row) for row in rows])


def _line(row: dict[str, Any]) -> dict[str, object]:
    own, shared, studies = row["replicates"], row["shared"], row["studies"]
    return {
        "case": row["case"],
        "seeds": row["seeds"],
        "true effect, points": signed(own["truth"]),
        "held, each seed's own rate": share(own["held"], studies, 1),
        "held, one rate shared": share(shared["held"], studies, 1),
        "half-widths, points": f"{own['half_width']:.1f}, {shared['half_width']:.1f}",
        "pairs that both learned": f"{own['learned']:.1%}",
        "held, over these": share(own["held_of_learned"], own["studies_of_learned"], 1),
        "held, median": share(own["held_median"], studies, 1) if row["seeds"] > 5 else MISSING,
    }


if __name__ == "__main__":
    simulate(__doc__, measure, table, shown=("docs/verdicts.md", "tuned-coverage"))
