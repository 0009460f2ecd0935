"""What the records of draws say: their rates, and the ratio of two sides that were timed together."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alexnet_bench.stats import Slices, estimate, faster_half, paired_rounds, slower_half_gap

Record = Mapping[Any, Any]
LEAST_GAP = 0.01
# The columns that slices are read from.
SLICE_COLUMNS = ["run_id", "draw", "status", "batch_size", "round_ids", "slice_steps", "slice_seconds"]


def slices(draws: Iterable[Record]) -> Slices:
    """The slices of the draws that went well, as images a second."""
    rounds, builds, rates = [], [], []
    for draw in draws:
        if draw["status"] == "ok":
            images = np.asarray(draw["slice_steps"]) * draw["batch_size"]
            rounds += [(draw["run_id"], key) for key in draw["round_ids"]]
            rates += list(images / np.asarray(draw["slice_seconds"]))
            builds += [(draw["run_id"], draw["draw"])] * len(draw["round_ids"])
    return Slices(rounds=rounds, draws=builds, rates=rates)


def ratios_by_draw(arm: Iterable[Record], control: Iterable[Record]) -> list[NDArray[np.float64]]:
    """What the rounds say of arm over control, as logarithms: an array a draw (see `paired_rounds`)."""
    return paired_rounds(slices(arm), slices(control))


def slower_half_note(arm: Iterable[Record], control: Iterable[Record]) -> str:
    """A warning where the slower half of slices tells of another ratio; nothing where it does not.

    The draws must agree on it (a 95% t interval without zero), and it must be a percent at least.
    """
    gaps = slower_half_gap(slices(arm), slices(control))
    if not gaps.size:
        return ""
    found = estimate(gaps)
    if found.descriptive or found.low <= 0 <= found.high or abs(found.mean) < LEAST_GAP:
        return ""
    return f"over all slices the ratio is {np.expm1(found.mean):+.1%} from that of the faster halves"


def log_rate(draw: Record) -> float:
    """The logarithm of a draw's images a second, over the faster half of its slices."""
    return float(faster_half(np.log(slices([draw]).rates)).mean())


def step_milliseconds(draws: Iterable[Record]) -> NDArray[np.float64]:
    """Milliseconds a step in each slice of the draws that went well."""
    each = [
        1000 * np.asarray(draw["slice_seconds"]) / np.asarray(draw["slice_steps"])
        for draw in draws
        if draw["status"] == "ok"
    ]
    return np.concatenate(each) if each else np.array([])
