"""Errors counted on test images: what a guess scores, what rounding hides."""

import math

# Of a guess's error: below it, something was learned.
LEARNED_SHARE = 0.9


def chance_error(classes: int) -> float:
    """The expected error of a guess among equally frequent classes."""
    return 1 - 1 / classes


def beats_chance(error: float, classes: int) -> bool:
    """Whether an error is below nine tenths of a guess's."""
    return error < learned_below(classes)


def learned_below(classes: int) -> float:
    """The share of errors below which something was learned."""
    return LEARNED_SHARE * chance_error(classes)


def rounding_deviation(step: float) -> float:
    """What rounding both to whole steps brings to a difference of two values.

    Few seeds on few test images may all differ by the very same number of images, which does not make the
    difference certain.
    """
    return step / math.sqrt(6)
