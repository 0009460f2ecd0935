"""Effects and p-values as text: one rule for tables, sentences, figures and the terminal.

Points and percents have two decimals, ratios three and a ×. What is not known is a dash.
"""

import math

import pandas as pd

from alexnet_bench.analysis.metrics import RATIO
from alexnet_bench.words import MISSING, signed

_SMALLEST_P = 0.001


def effect_text(value: float, low: float, high: float, unit: str) -> str:
    """An effect with its interval, where it has one: `+1.10 [+0.98, +1.22]`, `×1.050 [×1.021, ×1.080]`.

    Args:
        value: of the effect.
        low: end of its interval; not a number where there is none.
        high: likewise.
        unit: of all three, `ratio` or another.
    """
    return in_unit(value, unit) + ("" if pd.isna(low) else f" [{interval_text(low, high, unit)}]")


def interval_text(low: float, high: float, unit: str) -> str:
    """The ends of an interval."""
    return MISSING if pd.isna(low) else f"{in_unit(low, unit)}, {in_unit(high, unit)}"


def in_unit(value: float, unit: str) -> str:
    """An effect, or an end of its interval."""
    if pd.isna(value):
        return MISSING
    if math.isinf(value):
        return "×∞" if unit == RATIO else "+∞" if value > 0 else "−∞"
    return f"×{value:.3f}" if unit == RATIO else signed(value)


def change_text(ratio: float, low: float = math.nan, high: float = math.nan) -> str:
    """A ratio as a change in percent: `+5.00% [+2.10%, +8.00%]`."""
    if pd.isna(ratio):
        return MISSING
    value, *ends = (f"{signed(100 * (item - 1))}%" for item in (ratio, low, high))
    return value if pd.isna(low) else f"{value} [{', '.join(ends)}]"


def p_text(value: float) -> str:
    """A p-value."""
    if pd.isna(value):
        return MISSING
    return f"<{_SMALLEST_P}" if value < _SMALLEST_P else f"{value:.3f}"
