"""Numbers, lists and names as people write them."""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

MISSING = "–"
# Control characters, line ends, what reverses the direction of text, halves of surrogate pairs, and what XML
# forbids besides.
_NOT_PLAIN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ud800-\udfff\ufeff\ufffe\uffff]"
)


def plain(text: str) -> str:
    r"""The same text on one line, control characters written out (`\x1b`): it can be shown anywhere."""
    return _NOT_PLAIN.sub(lambda found: ascii(found[0])[1:-1], text)


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
    if _is_missing(value):
        return MISSING
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}".replace("-", "−")


def percent(value: float | None) -> str:
    """What is in percent, with two decimals."""
    return f"{value:.2f}" if not _is_missing(value) else MISSING


def signed(value: float | None) -> str:
    """With its sign and two decimals."""
    return f"{value:+.2f}".replace("-", "−") if not _is_missing(value) else MISSING


def whole(value: float | None) -> str:
    """A whole number with separators."""
    return f"{value:,.0f}" if not _is_missing(value) else MISSING


def failures(rows: "pd.DataFrame", name_variants: bool = False) -> str:
    """The trials and draws that did not go well, in words: `seed 1 of tanh diverged`."""
    failed = rows[rows["status"] != "ok"]
    return "; ".join(dict.fromkeys(_failure(row, name_variants) for _, row in failed.iterrows()))


def _is_missing(value: float | None) -> bool:
    # Whoever only wants `plain` need not wait for pandas.
    import pandas as pd

    return bool(pd.isna(value))


def _failure(row: "pd.Series[Any]", name_variant: bool) -> str:
    unit = f"seed {int(row['seed'])}" if row["kind"] == "trial" else f"{row['mode']} draw {int(row['draw'])}"
    return f"{unit}{' of ' + row['variant'] if name_variant else ''}: {row['status']}"


def _range(numbers: list[int]) -> str:
    return f"{numbers[0]}–{numbers[-1]}" if len(numbers) > 2 else ", ".join(map(str, numbers))
