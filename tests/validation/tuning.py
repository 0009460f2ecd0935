"""Rules for choosing a learning rate, replayed on recorded curves.

    python tests/validation/tuning.py results/reference/tuning results/reference/performance/tuning.json

A rule is given some seeds of a variant's curves (see `tuning_curves.py`), each cut after the epochs that the
rule trains for, and chooses a rate. What that rate costs is told by the seeds that the rule did not see: by
their mean validation error after the last epoch, less that of their best rate. Every set of seeds is used. A
rate that was not recorded counts as diverged. Of two committed runs there is one seed: is the rate
chosen that was chosen then? Takes about half a minute.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from itertools import combinations
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from msgspec import structs
from scipy import stats
from script import ROOT, read_lines, simulate, tabulated

from alexnet_bench.analysis.rates import chosen_rates, has_reached
from alexnet_bench.network.trainable import Network
from alexnet_bench.records.run_folder import run_records
from alexnet_bench.records.schema import Epoch, Trial
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import Settings
from alexnet_bench.run.tuning import (
    RACE,
    RACE_OF_ONE_SEED,
    TUNING_SEEDS,
    Rung,
    Try,
    race_of,
    tries_left,
)


def _by_seeds(share: float) -> tuple[Rung, ...]:
    return Rung(rates=4, seeds=1, share=share), Rung(rates=2, seeds=3, share=share)


def _by_epochs(first: float, rates: int, last: float) -> tuple[Rung, ...]:
    return Rung(rates=4, seeds=3, share=first), Rung(rates=rates, seeds=3, share=last)


# By what each choice is made: the seeds, and the rungs.
TO_THE_END = (Rung(rates=4, seeds=3, share=1.0),)
RULES: dict[str, tuple[int, tuple[Rung, ...]]] = {
    "all to the end": (1, TO_THE_END),
    "all to the end, three seeds": (3, TO_THE_END),
    "all to a third, two with more seeds (used)": (3, RACE),
    "all to a third, one seed": (1, RACE),
    "all to a fifth, two to half, one seed (used for each seed)": (1, RACE_OF_ONE_SEED),
    "all to half, two with more seeds": (3, _by_seeds(1 / 2)),
    "all to a quarter, two with more seeds": (3, _by_seeds(1 / 4)),
    "all to a third, three seeds": (3, (Rung(rates=4, seeds=3, share=1 / 3),)),
    "all to a tenth, three to a third": (3, _by_epochs(1 / 10, 3, 1 / 3)),
    "all to a tenth, two to two fifths": (3, _by_epochs(1 / 10, 2, 2 / 5)),
    "all to a fifth, two to a third": (3, _by_epochs(1 / 5, 2, 1 / 3)),
}

# Of a network; fewer leave none to judge a rule of three seeds by.
FEWEST_SEEDS = 4
REFERENCE = ROOT / "results" / "reference"
# Runs that chose rates as it was done before, by a grid of one seed, with what they were asked.
COMMITTED: dict[str, dict[str, Any]] = {
    "figure-1": {
        "variants": "@figure-1-normal,@figure-1-glorot,@figure-1-he",
        "topology": "four-layer-32",
        "recipe": "figure-1",
    },
    "lrn-cifar10": {"variants": "@lrn", "topology": "four-layer-32", "epochs": 5},
}

Curves = dict[tuple[float, int], tuple[float, ...] | None]


def measure(folder: Path) -> dict[str, Any]:
    """Of each rule how often it chooses as the grid to the end, what its rates cost, and its epochs."""
    rows = [row for file in sorted(folder.iterdir()) for row in read_lines(file)]
    data = [_of_network(rows, *key) for key in sorted({(row["dataset"], row["variant"]) for row in rows})]
    return {
        "rules": [_row(name, data, *rule) for name, rule in RULES.items()],
        "committed": [row for name, asked in COMMITTED.items() for row in _committed(name, asked)],
    }


def _of_network(rows: list[dict[str, Any]], dataset: str, variant: str) -> tuple[str, Network, Curves]:
    """The network, and the curves of each rate and seed; None where it diverged."""
    own = [row for row in rows if (row["dataset"], row["variant"]) == (dataset, variant)]
    topology, epochs = own[0]["topology"], own[0]["epochs"]
    settings = Settings(variants=variant, measure="accuracy", topology=topology, epochs=epochs)
    (network,) = Schedule(settings, alone=True).trained
    found: Curves = {}
    for row in own:
        errors = row["validation_top1_errors"]
        found[row["rate"], row["seed"]] = tuple(errors) if row["status"] == "ok" else None
    return f"{dataset} {variant}", network, found


def _row(
    name: str, data: list[tuple[str, Network, Curves]], count: int, race: tuple[Rung, ...]
) -> dict[str, Any]:
    same, regrets, shares = [], {}, []
    for title, network, curves in data:
        of_network = []
        train = partial(trial_of, network, curves)
        for seeds, others in _sets(curves, count):
            rate, epochs = choose(network, train, seeds, race)
            full, _ = choose(network, train, seeds, TO_THE_END)
            _, whole = choose(network, train, seeds[:1], TO_THE_END)
            costs = _final_errors(curves, others)
            same.append(rate == full)
            shares.append(epochs / whole)
            of_network.append(100 * (costs[rate] - min(costs.values())))
        if of_network:
            regrets[title] = fmean(of_network)
    return {
        "rule": name,
        "seeds": count,
        "choices": len(same),
        "same": sum(same),
        "regret_points": regrets,
        "epochs_over_grid": fmean(shares),
        "epochs_over_grid_most": max(shares),
    }


def _committed(name: str, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Of each network of a run: the rate that was chosen then, and the one that the race chooses."""
    tuning = [row for row in run_records(REFERENCE / name) if isinstance(row, Trial)]
    tuning = [row for row in tuning if row.purpose == "tuning"]
    found = []
    for network in Schedule(Settings(measure="accuracy", **asked), alone=True).trained:
        own = [row for row in tuning if row.variant == network.variant.name]
        seeds = sorted({row.seed for row in own})
        rate, epochs = choose(network, partial(_cut, own), seeds, race_of(network, TUNING_SEEDS))
        (then,) = chosen_rates(own, seeds).values()
        row = {"run": name, "variant": network.variant.name, "rate": rate, "rate_then": then}
        row |= {"epochs": epochs, "epochs_then": sum(len(trial.curve) for trial in own)}
        found.append(row | {"epochs_to_the_end": network.recipe.epochs * len(own)})
    return found


def _cut(trials: list[Trial], item: Try) -> Trial:
    """A trial as its task asks for; one that was ended then, being too slow, stays at its last error."""
    (trial,) = (row for row in trials if row.recipe_settings["learning_rate"] == item.rate)
    more = 0 if has_reached(trial) else item.most_epochs
    return structs.replace(trial, curve=(*trial.curve, *[trial.curve[-1]] * more)[: item.most_epochs])


def _sets(curves: Curves, count: int) -> Iterator[tuple[tuple[int, ...], list[int]]]:
    """So many seeds, and the others; of those that every rate was trained with, where they are enough."""
    rates = {rate for rate, _ in curves}
    seeds = sorted({seed for _, seed in curves})
    whole = [seed for seed in seeds if all((rate, seed) in curves for rate in rates)]
    for some in combinations(whole if len(whole) >= FEWEST_SEEDS else (), count):
        others = [seed for seed in whole if seed not in some]
        # Each may be the first.
        yield from ((some[first:] + some[:first], others) for first in range(count))


def choose(
    network: Network, train: Callable[[Try], Trial], seeds: Sequence[int], race: Sequence[Rung]
) -> tuple[float, int]:
    """The rate that a rule chooses, and the epochs it trains for."""
    records: list[Trial] = []
    while left := next(filter(None, tries_left(network, records, seeds, race)), None):
        records.append(train(left[0]))
    (rate,) = chosen_rates(records, seeds).values()
    return rate, sum(len(record.curve) for record in records)


def trial_of(network: Network, curves: Curves, item: Try) -> Trial:
    """The record of a trial that ended as its task asks."""
    errors = curves.get((item.rate, item.seed))
    points = enumerate((errors or ())[: item.most_epochs], 1)
    return Trial(
        **_columns(network, item.rate),
        seed=item.seed,
        status="diverged" if errors is None else "ok",
        curve=tuple(
            Epoch(epoch=epoch, learning_rate=item.rate, validation_top1_error=error)
            for epoch, error in points
        ),
    )


@cache
def _columns(network: Network, rate: float) -> dict[str, Any]:
    """What all trials of a network at a rate share."""
    columns = network.at_rate(rate).columns()
    columns |= {"run_id": "replay", "versions": {}, "device": "", "threads": 1, "started_at": ""}
    columns |= {"batch_size": network.recipe.batch_size, "epochs": network.recipe.epochs, "dataset": ""}
    return columns | {"purpose": "tuning", "tuned": True, "duration_seconds": 0.0}


def _final_errors(curves: Curves, seeds: Sequence[int]) -> dict[float, float]:
    """The mean validation error of each rate after the last epoch; one that diverged learned nothing."""
    return {
        rate: fmean(errors[-1] if (errors := curves[rate, seed]) else 1.0 for seed in seeds)
        for rate in {rate for rate, _ in curves}
    }


def table(found: dict[str, Any]) -> str:
    """A line a rule; the interval is over variants."""
    return tabulated([_line(row) for row in found["rules"]], rule="---")


def same_rates(found: dict[str, Any], run: str) -> tuple[int, int]:
    """Of a committed run: of how many networks the race chooses the rate chosen then, and of how many all."""
    rows = [row for row in found["committed"] if row["run"] == run]
    return sum(row["rate"] == row["rate_then"] for row in rows), len(rows)


def epochs_of(found: dict[str, Any], run: str) -> tuple[int, int, int]:
    """Of a committed run: the epochs of the race, of what was done then, and of the grid to the end."""
    rows = [row for row in found["committed"] if row["run"] == run]
    race, then, end = (
        sum(row[name] for row in rows) for name in ("epochs", "epochs_then", "epochs_to_the_end")
    )
    return race, then, end


def _line(row: dict[str, Any]) -> dict[str, str]:
    regrets = np.array(list(row["regret_points"].values()))
    half = stats.t.ppf(0.975, len(regrets) - 1) * stats.sem(regrets)
    low, high = regrets.mean() - half, regrets.mean() + half
    return {
        "rule": row["rule"],
        "tuning seeds": str(row["seeds"]),
        "chooses as the grid to the end": f"{row['same'] / row['choices']:.0%}",
        "points above the best rate (95%)": f"{regrets.mean():.2f} ({low:.2f} to {high:.2f})".replace(
            "-", "−"
        ),
        "epochs over the grid's with one seed": (
            f"{row['epochs_over_grid']:.2f} (at most {row['epochs_over_grid_most']:.2f})"
        ),
    }


if __name__ == "__main__":
    simulate(__doc__, measure, table, records=1)
