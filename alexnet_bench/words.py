"""Numbers and lists as people write them."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

MISSING = "–"


def plain(text: str) -> str:
    """Text on one line in which control characters, bidi overrides and lone surrogates are visible."""
    return "".join(char if char.isprintable() or char == " " else repr(char)[1:-1] for char in text)


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
    if value is None or not _is_known(value):
        return MISSING
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}".replace("-", "−")


def percent(value: float | None) -> str:
    """What is in percent, with two decimals."""
    return f"{value:.2f}" if _is_known(value) else MISSING


def signed(value: float | None) -> str:
    """With its sign and two decimals."""
    return f"{value:+.2f}".replace("-", "−") if _is_known(value) else MISSING


def whole(value: float | None) -> str:
    """A whole number with separators."""
    return f"{value:,.0f}" if _is_known(value) else MISSING


def failures(rows: "pd.DataFrame", name_variants: bool = False) -> str:
    """The trials and draws that did not go well, in words: `seed 1 of tanh diverged`."""
    failed = rows[rows["status"] != "ok"]
    return "; ".join(dict.fromkeys(_failure(row, name_variants) for _, row in failed.iterrows()))


def _is_known(value: Any) -> bool:
    # Loaded here: an error's words must not cost what pandas costs.
    import pandas as pd

    return bool(pd.notna(value))


def _failure(row: "pd.Series[Any]", name_variant: bool) -> str:
    unit = f"seed {int(row['seed'])}" if row["kind"] == "trial" else f"{row['mode']} draw {int(row['draw'])}"
    return f"{unit}{' of ' + row['variant'] if name_variant else ''}: {row['status']}"


def _range(numbers: list[int]) -> str:
    return f"{numbers[0]}–{numbers[-1]}" if len(numbers) > 2 else ", ".join(map(str, numbers))
