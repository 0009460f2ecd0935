"""Numbers and lists as people write them."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

MISSING = "–"


def listed(numbers: Iterable[int]) -> str:
    """Whole numbers, runs of three or more as a range: `0–3, 5`."""
    ranges: list[list[int]] = []
    for value in sorted({int(number) for number in numbers}):
        if ranges and value == ranges[-1][-1] + 1:
            ranges[-1].append(value)
        else:
            ranges.append([value])
    return ", ".join(map(_range, ranges))


def joined(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def counted(count: int, noun: str) -> str:
    """A count with its noun, in the plural where it must be."""
    return f"{count} {noun}" + ("" if count == 1 else "s")


def number(value: float | None) -> str:
    """Three digits or more: `0.12`, `31.4`, `1,580`."""
    if value is None or pd.isna(value):
        return MISSING
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}".replace("-", "−")


def percent(value: float | None) -> str:
    """What is in percent, with two decimals."""
    return f"{value:z.2f}".replace("-", "−") if pd.notna(value) else MISSING


def signed(value: float | None) -> str:
    """With its sign and two decimals."""
    return f"{value:+z.2f}".replace("-", "−") if pd.notna(value) else MISSING


def whole(value: float | None) -> str:
    """A whole number with separators."""
    return f"{value:,.0f}" if pd.notna(value) else MISSING


def distinct(values: Iterable[Any]) -> list[Any]:
    """The values that are not null, each once, sorted."""
    return sorted({value for value in values if value is not None})


def _range(numbers: list[int]) -> str:
    return f"{numbers[0]}–{numbers[-1]}" if len(numbers) > 2 else ", ".join(map(str, numbers))
