"""Numbers, lists and names as people write them."""

import re
import reprlib
from collections.abc import Iterable, Sequence
from typing import Any

MISSING = "–"
# Of what an error of anyone's says.
_LONGEST = 500
# Control characters, line ends, what reverses the direction of text, halves of surrogate pairs, and what XML
# forbids besides.
_NOT_PLAIN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ud800-\udfff\ufeff\ufffe\uffff]"
)


def plain(text: str) -> str:
    r"""The same text on one line, control characters written out (`\x1b`): it can be shown anywhere."""
    return _NOT_PLAIN.sub(lambda found: ascii(found[0])[1:-1], text)


def in_short(value: Any) -> str:
    """A value on one short line, whatever it is."""
    try:
        return plain(" ".join(reprlib.repr(value).split()))
    except Exception:
        return f"of type {type(value).__name__}"


def is_encodable(text: str) -> bool:
    """Whether UTF-8 has it: no byte of a file's name stands in it that is of no character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def told(error: BaseException) -> str:
    """An error's kind and message on one line of bounded length, whatever raised it."""
    try:
        text = plain(str(error))
    except Exception:
        text = "without a message that can be shown"
    cut = f"{text[:_LONGEST]}…" if len(text) > _LONGEST else text
    return f"{type(error).__name__}: {cut}"


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
    size = abs(value or 0)
    return _formatted(value, f",.{0 if size >= 100 else 1 if size >= 10 else 2}f")


def percent(value: float | None) -> str:
    """What is in percent, with two decimals.

    A mean that lies between two of them is written alike, however it was added up.
    """
    return _formatted(None if value is None else round(value, 9), "z.2f")


def signed(value: float | None) -> str:
    """With its sign and two decimals."""
    return _formatted(value, "+z.2f")


def whole(value: float | None) -> str:
    """A whole number with separators."""
    return _formatted(value, ",.0f")


def _formatted(value: float | None, form: str) -> str:
    return MISSING if is_missing(value) else format(value, form).replace("-", "−")


def is_missing(value: Any) -> bool:
    """Whether there is no value: null, or not a number."""
    return value is None or bool(value != value)


def as_share(text: str) -> float:
    """A share from `2%` or `0.02`.

    Raises:
        ValueError: it is none, or not between 0 and 1.
    """
    share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    if not 0 < share < 1:
        raise ValueError
    return share


def distinct(values: Iterable[Any]) -> list[Any]:
    """The values that are not null, each once, sorted."""
    return sorted({value for value in values if value is not None})


def _range(numbers: list[int]) -> str:
    return f"{numbers[0]}–{numbers[-1]}" if len(numbers) > 2 else ", ".join(map(str, numbers))
