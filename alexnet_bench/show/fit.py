"""Which variant suits a data set, in sentences."""

import math
from collections.abc import Iterator

from alexnet_bench.analysis.fit import Candidate, Fit
from alexnet_bench.analysis.metrics import POINTS
from alexnet_bench.run.fit import TRAINING_STEPS
from alexnet_bench.run.settings import LOOKS
from alexnet_bench.show.numbers import change_text, effect_text
from alexnet_bench.show.plan import duration
from alexnet_bench.stats.verdict import BETTER, EQUIVALENT, INCONCLUSIVE, WORSE
from alexnet_bench.words import counted, is_missing, joined, percent

# More seeds than anybody trains.
_MOST_SEEDS = 1000


def budget_note(first_look: float, budget: float) -> str:
    """What is to be expected of a budget, where the first look is likely after so many seconds."""
    until = f"the first look, at {LOOKS[0]} seeds of each variant, is likely after {duration(first_look)}"
    if first_look <= budget:
        return f"{until}; more seeds are added until it is known, or the budget of {duration(budget)} ends"
    return f"{until}, and the budget is {duration(budget)}: expect that nothing can be told within it"


def sentences(fit: Fit) -> list[str]:
    """The answer, then each candidate, then what the numbers mean."""
    return [_answer(fit), *(_of_candidate(one, fit) for one in fit.candidates), *_about(fit)]


def _answer(fit: Fit) -> str:
    names = joined([fit.control, *(one.variant for one in fit.candidates if not one.same_as)])
    if fit.reason:
        return f"Cannot tell: {fit.reason}."
    if fit.best is None:
        return f"Cannot tell which of {names} suits {fit.dataset} best."
    if fit.best == fit.control:
        return f"Take {fit.control}: of {names}, none has a lower error on {fit.dataset} that matters."
    best = next(one for one in fit.candidates if one.variant == fit.best)
    others = [one.variant for one in fit.candidates if one.verdict == BETTER and one != best]
    also = f" So is {joined(others)}; which of them is best was not asked." if others else ""
    return (
        f"Take {best.variant} ({best.difference}) for images such as those of {fit.dataset}: its error is "
        f"{percent(abs(best.effect))} points lower than that of {fit.control}.{also}"
    )


def _of_candidate(one: Candidate, fit: Fit) -> str:
    if one.same_as:
        return f"{one.variant} is the same network as {one.same_as}."
    parts = [] if fit.reason else [_error(one, fit)]
    if one.speed:
        speed = change_text(one.speed.ratio, one.speed.low, one.speed.high)
        parts.append(f"training speed {speed}{f', {one.speed.verdict}' if one.speed.verdict else ''}")
    note = f" ({one.note})" if one.note else ""
    return f"{one.variant}: {'; '.join(parts) or 'nothing to compare'}.{note}"


def _error(one: Candidate, fit: Fit) -> str:
    if is_missing(one.effect):
        return "no error to compare"
    change = (
        f"error {percent(one.error)}%, {effect_text(one.effect, one.low, one.high, POINTS)} points from "
        f"{fit.control}'s over {counted(one.seeds, 'seed')}"
    )
    lacking = "too little for an interval" if one.has_predictions else "some predictions are missing"
    words = {
        BETTER: "better",
        WORSE: "worse",
        EQUIVALENT: "no difference that matters",
        INCONCLUSIVE: f"cannot tell ({_wanted(one, fit)})",
        "": f"{lacking}, so cannot tell",
    }
    return f"{change}: {words[one.verdict]}"


def _wanted(one: Candidate, fit: Fit) -> str:
    """What would likely decide."""
    found = []
    if one.more_seeds is not None and one.more_seeds <= _MOST_SEEDS:
        found.append(f"about {counted(one.more_seeds, 'more seed')}")
    if one.images_wanted is not None:
        found.append(f"about {one.images_wanted:,} {'images' if fit.folds else 'test images'}")
    if not found:
        return "it takes more seeds and more images; how many cannot be estimated"
    return f"{' or '.join(found)} would likely decide"


def _about(fit: Fit) -> Iterator[str]:
    """How the numbers came about, and what they may be taken for."""
    if not math.isnan(fit.control_error):
        yield f"{fit.control} has an error of {percent(fit.control_error)}%."
    if any(not is_missing(one.low) for one in fit.candidates):
        yield (
            "The intervals are for other seeds and for other images of the same kind, 95% for all candidates "
            f"and looks together; up to {percent(fit.margin)} points count as no difference."
        )
    how = (
        f"Cross-validated: each seed holds out another of {fit.folds} folds, so that every image is "
        "predicted by networks that have not seen it"
        if fit.folds
        else f"Errors are of {fit.images:,} images that were set apart"
    )
    yield f"{how}."
    if fit.tuned:
        yield (
            "Learning rates were chosen for each seed on validation images from within what it trains on; "
            "the images that errors are of chose nothing."
        )
    yield (
        f"{fit.dataset}: {fit.training_images:,} training images a seed; {fit.topology}, "
        f"{counted(fit.epochs, 'epoch')}, batches of {fit.batch_size}."
    )
    if fit.steps < TRAINING_STEPS[0]:
        yield (
            f"{fit.steps:,} steps train a network only part of the way: with a larger budget it is trained "
            "for longer, and the answer may be another."
        )
