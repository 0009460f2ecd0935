"""What whole measurements were worth: their spread, their intervals' coverage, planted slowdowns found.

python tests/validation/summarize.py results/reference/throughput-32 [--json]
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from live import PLANTED
from scipy import stats
from script import arguments, interval, markdown, span, tabulated

from alexnet_bench.analysis.effect import speed_effect
from alexnet_bench.analysis.metrics import TRAINING
from alexnet_bench.records.run_folder import run_records
from alexnet_bench.stats.estimate import FEWEST_UNITS, Estimate, estimate
from alexnet_bench.stats.rounds import over_draws, variance_components

CLOSE_ENOUGH = 0.007
REPLAYED_DRAWS = (4, 6, 8)
STOPPED_AT = (0.005, 0.01)
LONG_DRAW = 30


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = {folder.name: summary(folder) for folder in options.folders}
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        print("\n\n".join(f"{name}\n\n{tables(parts)}" for name, parts in found.items()))


def summary(folder: Path) -> dict[str, Any]:
    """Everything that is said of one folder of measurements."""
    measured = {kind: [_draws(run) for run in sorted(folder.glob(f"{kind}-[0-9]*"))] for kind in PLANTED}
    same = measured["same"]
    # With what was planted taken off again, every measurement is one of the same code.
    every = [
        [ratios + np.log1p(PLANTED[kind]) for ratios in draws]
        for kind, runs in measured.items()
        for draws in runs
    ]
    return {
        "same": _spread([np.exp(over_draws(draws).mean) for draws in same]),
        "machines": _machines(folder),
        "components": _components(same),
        "draws": _draw_counts(same),
        "coverage_live": coverage(list(map(over_draws, same))),
        "coverage_replayed": coverage(list(replays(same))),
        "every": {
            "live": coverage(list(map(over_draws, every))),
            "replayed": coverage(list(replays(every))),
            "error_over_expected": _error_over_expected(every),
        },
        "coverage_stopped": {f"{at:.1%}": coverage(list(stopped(same, at))) for at in STOPPED_AT},
        "without_floor": {
            "live": coverage([_draws_alone(draws) for draws in same]),
            "replayed": coverage(list(replays(same, _draws_alone))),
            **{f"{at:.1%}": coverage(list(stopped(same, at, _draws_alone))) for at in STOPPED_AT},
        },
        "planted": {kind: _planted(runs, PLANTED[kind]) for kind, runs in measured.items() if PLANTED[kind]},
        "peers": _peers(folder),
    }


def coverage(found: Sequence[Estimate]) -> dict[str, Any]:
    """How many intervals hold a ratio of 1, with the exact 95% interval of that share."""
    kept = [item for item in found if not item.descriptive]
    covered = sum(item.low <= 0 <= item.high for item in kept)
    if not kept:
        return {"comparisons": 0}
    return {
        "comparisons": len(kept),
        "covered": covered,
        "share": covered / len(kept),
        "interval": interval(covered, len(kept)),
        "mean_half_width": float(np.mean([(item.high - item.low) / 2 for item in kept])),
    }


def _draws_alone(draws: Sequence[np.ndarray]) -> Estimate:
    """The interval as it would be if the spread of draws could be less than their rounds make it."""
    return estimate([ratios.mean() for ratios in draws])


def replays(
    runs: Sequence[list[np.ndarray]], judge: Callable[[Sequence[np.ndarray]], Estimate] = over_draws
) -> Iterator[Estimate]:
    """Every block of consecutive draws of one measurement as a measurement of its own, in time order.

    Blocks overlap, so that they are not independent of each other.
    """
    for draws in runs:
        for size in REPLAYED_DRAWS:
            for start in range(len(draws) - size + 1):
                yield judge(draws[start : start + size])


def stopped(
    runs: Sequence[list[np.ndarray]],
    width: float,
    judge: Callable[[Sequence[np.ndarray]], Estimate] = over_draws,
) -> Iterator[Estimate]:
    """From every draw on, what is found where timing ends as soon as the interval is narrow enough."""
    for draws in runs:
        for start in range(len(draws)):
            for end in range(start + FEWEST_UNITS, len(draws) + 1):
                found = judge(draws[start:end])
                if np.expm1((found.high - found.low) / 2) <= width:
                    yield found
                    break


def _draws(run: Path) -> list[np.ndarray]:
    """The log ratios of head to base: an array a draw, in time order."""
    records = run_records(run)
    head, base = ([row for row in records if row.side == side] for side in ("head", "base"))
    return list(speed_effect(head, base, TRAINING).rounds)


def _error_over_expected(runs: Sequence[list[np.ndarray]]) -> float:
    """The root mean square of whole measurements over that of their standard errors; 1 where all is told."""
    means = [[ratios.mean() for ratios in draws] for draws in runs]
    errors = np.mean([np.mean(values) ** 2 for values in means])
    return float(np.sqrt(errors / np.mean([stats.sem(values) ** 2 for values in means])))


def _spread(ratios: Sequence[float]) -> dict[str, Any]:
    """The standard deviation of whole measurements, with its 95% interval (normal theory)."""
    values = np.asarray(ratios)
    if values.size < 2:
        return {"measurements": int(values.size), "ratios": [round(float(ratio), 5) for ratio in ratios]}
    deviation, freedom = float(values.std(ddof=1)), values.size - 1
    low, high = (deviation * np.sqrt(freedom / stats.chi2.ppf(at, freedom)) for at in (0.975, 0.025))
    return {
        "measurements": int(values.size),
        "mean": float(values.mean()),
        "deviation": deviation,
        "interval": [float(low), float(high)],
        "largest": float(np.abs(values - 1).max()),
        "ratios": [round(float(ratio), 5) for ratio in ratios],
    }


def _machines(folder: Path) -> dict[str, int]:
    """How many of the measurements each processor made."""
    manifests = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*/run.json"))]
    return dict(Counter(item["environment"]["cpu"] for item in manifests))


def _components(runs: Sequence[list[np.ndarray]]) -> dict[str, float]:
    """Spread of what draws say, and of what their rounds do (entries of the faster halves), over all."""
    found = variance_components([ratios for draws in runs for ratios in draws])
    if found is None:
        return {}
    spread = {"draw": found.draw**0.5, "round": found.round**0.5}
    # A mean taken from few rounds pulls neighbours apart, so that short draws say little.
    long = [ratios for draws in runs for ratios in draws if len(ratios) >= LONG_DRAW]
    lagged = [pair for ratios in long for pair in pairwise(ratios - ratios.mean())]
    if lagged:
        spread["round_autocorrelation"] = float(np.corrcoef(np.array(lagged).T)[0, 1])
    return spread


def _draw_counts(runs: Sequence[list[np.ndarray]]) -> dict[str, Any]:
    counts = [len(draws) for draws in runs]
    rounds = [len(ratios) for draws in runs for ratios in draws]
    return {"median": float(np.median(counts)), "median_rounds": float(np.median(rounds))} if counts else {}


def _planted(runs: Sequence[list[np.ndarray]], share: float) -> dict[str, Any]:
    """How far each measurement is from the slowdown that was planted; the true ratio is 1 / (1 + share)."""
    truth = 1 / (1 + share)
    found = [over_draws(draws) for draws in runs]
    errors = [float(np.exp(item.mean)) - truth for item in found]
    kept = [item for item in found if not item.descriptive]
    return {
        "measurements": len(errors),
        "within_0.7_points": sum(abs(error) <= CLOSE_ENOUGH for error in errors),
        "covered": int(sum(item.low <= np.log(truth) <= item.high for item in kept)),
        "seen_as_slower": sum(item.high < 0 for item in kept),
        "errors": [round(error, 5) for error in errors],
    }


def _peers(folder: Path) -> dict[str, Any]:
    """The ratios by which others would judge the same code against itself."""
    by_compare = [_outcome(run) for run in sorted(folder.glob("pytest-benchmark-[0-9]*"))]
    found = {
        f"pytest-benchmark, {statistic}": _spread([item[statistic][0] for item in by_compare])
        for statistic in ("mean", "median", "min")
        if by_compare
    }
    loops = [_outcome(run) for run in sorted(folder.glob("loop-[0-9]*"))]
    if loops:
        ratios = [np.mean(item["base"]) / np.mean(item["head"]) for item in loops]
        tests = [stats.ttest_ind(item["base"], item["head"], equal_var=False).pvalue for item in loops]
        found["base, then head, mean"] = _spread(ratios) | {
            "called_different": int(sum(p_value < 0.01 for p_value in tests))
        }
    return found


def _outcome(run: Path) -> dict[str, list[float]]:
    outcome: dict[str, list[float]] = json.loads((run / "outcome.json").read_text(encoding="utf-8"))
    return outcome


def tables(found: dict[str, Any]) -> str:
    """A summary as tables of Markdown."""
    same, live, replayed = (found[name] for name in ("same", "coverage_live", "coverage_replayed"))
    spread = found["components"]
    rows = [
        ("whole measurements of two minutes", f"{same['measurements']}"),
        ("standard deviation of their ratios", _deviation(same)),
        ("largest distance from 1", f"{same['largest']:.2%}"),
        ("mean half-width of their 95% intervals", f"{live['mean_half_width']:.2%}"),
        ("intervals that hold 1, live", _covered(live)),
        ("intervals that hold 1, replayed blocks of draws", _covered(replayed)),
        *(
            (f"likewise, ended as soon as the interval is ±{at}", _covered(item))
            for at, item in found["coverage_stopped"].items()
            if item["comparisons"]
        ),
        *(
            [
                ("intervals that hold the truth, planted ones too, live", _covered(found["every"]["live"])),
                ("likewise, replayed blocks of draws", _covered(found["every"]["replayed"])),
            ]
            if any(item["measurements"] for item in found["planted"].values())
            else []
        ),
        (
            "error of whole measurements over what the spread of their draws predicts",
            f"{found['every']['error_over_expected']:.2f}",
        ),
        ("spread of the log ratio between draws", f"{spread['draw']:.2%}"),
        ("and between rounds of a draw", f"{spread['round']:.2%}"),
        *(
            [("correlation of a round with the next", f"{spread['round_autocorrelation']:+.2f}")]
            if "round_autocorrelation" in spread
            else []
        ),
        (
            "draws a measurement, rounds a draw (medians)",
            f"{found['draws']['median']:.0f}, {found['draws']['median_rounds']:.0f}",
        ),
        (
            "comparisons on each processor, planted ones too",
            "; ".join(f"{name}: {count}" for name, count in found["machines"].items()),
        ),
    ]
    parts = [markdown(("the same code on both sides", "found"), rows)]
    parts.append(markdown(("intervals that hold 1, of draws alone", "found"), _without_floor(found)))
    if any(item["measurements"] for item in found["planted"].values()):
        planted = [
            {
                "time added": f"{PLANTED[kind]:.0%}",
                "measurements": item["measurements"],
                "within 0.7 points": item["within_0.7_points"],
                "largest error": f"{np.abs(item['errors']).max():.2%}",
                "covered": item["covered"],
                "called slower": item["seen_as_slower"],
            }
            for kind, item in found["planted"].items()
            if item["measurements"]
        ]
        parts.append(tabulated(planted))
    if found["peers"]:
        peers = [
            {
                "two minutes of": name,
                "measurements": item["measurements"],
                "standard deviation of the ratio": _deviation(item),
                "largest distance from 1": f"{item['largest']:.2%}",
            }
            for name, item in {"`bench compare`": same, **found["peers"]}.items()
            if item["measurements"] > 1
        ]
        parts.append(tabulated(peers))
    return "\n\n".join(parts)


def _without_floor(found: dict[str, Any]) -> list[tuple[str, str]]:
    """What the same records gave before the spread of draws had a floor."""
    before = found["without_floor"]
    rows = {"live": before["live"], "replayed blocks of draws": before["replayed"]}
    rows |= {f"ended as soon as the interval is ±{at:.1%}": before[f"{at:.1%}"] for at in STOPPED_AT}
    return [(name, _covered(item)) for name, item in rows.items() if item["comparisons"]]


def _deviation(item: dict[str, Any]) -> str:
    return f"{item['deviation']:.2%} {span(item['interval'], 2)}"


def _covered(item: dict[str, Any]) -> str:
    return f"{item['covered']} of {item['comparisons']} {span(item['interval'], 1)}"


if __name__ == "__main__":
    assert min(REPLAYED_DRAWS) == FEWEST_UNITS
    main()
