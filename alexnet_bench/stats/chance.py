"""What guessing scores, and what counts as having learned."""

LEARNED_SHARE = 0.9


def chance_error(classes: int) -> float:
    """The expected error of a guess among equally frequent classes."""
    return 1 - 1 / classes


def beats_chance(error: float, classes: int) -> bool:
    """Whether an error is below nine tenths of a guess's."""
    return error < LEARNED_SHARE * chance_error(classes)
