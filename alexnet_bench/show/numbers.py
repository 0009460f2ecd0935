"""Values, effects and verdicts as text: one rule for tables, sentences, figures and the terminal.

Points and percents have two decimals, ratios three and a ×. What is not known is a dash.
"""

import math

from alexnet_bench.analysis.metrics import POINTS, RATIO
from alexnet_bench.stats.verdict import INCONCLUSIVE
from alexnet_bench.words import MISSING, counted, is_missing, number, percent, signed

GIB, MIB = 2**30, 2**20
_SMALLEST_P = 0.001


def value_text(value: float, unit: str) -> str:
    """A measured value: `4.35%`, `32.7 images/s`, `401 MiB` of bytes; what was never reached is infinite."""
    if is_missing(value):
        return MISSING
    if math.isinf(value):
        return "never"
    if unit == "bytes":
        return f"{value / MIB:,.0f} MiB"
    if unit == "%":
        return f"{percent(value)}%"
    # A benchmark of a user's own may take microseconds.
    return f"{value:.3g} {unit}" if 0 < abs(value) < 0.01 else f"{number(value)} {unit}"


def effect_text(value: float, low: float, high: float, unit: str) -> str:
    """An effect with its interval, where it has one: `+1.10 [+0.98, +1.22]`, `×1.050 [×1.021, ×1.080]`."""
    return in_unit(value, unit) + ("" if is_missing(low) else f" [{interval_text(low, high, unit)}]")


def interval_text(low: float, high: float, unit: str) -> str:
    """The ends of an interval."""
    return MISSING if is_missing(low) else f"{in_unit(low, unit)}, {in_unit(high, unit)}"


def in_unit(value: float, unit: str) -> str:
    """An effect, or an end of its interval."""
    if is_missing(value):
        return MISSING
    if math.isinf(value):
        return "×∞" if unit == RATIO else "+∞" if value > 0 else "−∞"
    return f"×{value:.3f}" if unit == RATIO else signed(value)


def change_text(ratio: float, low: float = math.nan, high: float = math.nan) -> str:
    """A ratio as a change in percent: `+5.00% [+2.10%, +8.00%]`."""
    if is_missing(ratio):
        return MISSING
    value, *ends = (f"{signed(100 * (item - 1))}%" for item in (ratio, low, high))
    return value if is_missing(low) else f"{value} [{', '.join(ends)}]"


def points_text(change: float, low: float, high: float) -> str:
    """A change of an error in words: `1.10 points higher [+0.98, +1.22]`."""
    size = in_unit(change, POINTS)
    known = "" if is_missing(low) else f" [{interval_text(low, high, POINTS)}]"
    if size in (MISSING, "+0.00"):
        return f"{'unchanged' if size != MISSING else MISSING}{known}"
    return f"{size[1:]} points {'higher' if size.startswith('+') else 'lower'}{known}"


def speed_text(ratio: float, low: float, high: float) -> str:
    """A ratio of speeds in words: `8.0% faster [+7.2%, +8.9%]`, `3.10 times as fast [×2.90, ×3.30]`."""
    if is_missing(ratio) or math.isinf(ratio) or ratio > 2:
        known = "" if is_missing(low) else f" [{interval_text(low, high, RATIO)}]"
        return f"{number(ratio)} times as fast{known}" if not is_missing(ratio) else MISSING
    changes = [f"{100 * (item - 1):+z.1f}%".replace("-", "−") for item in (ratio, low, high)]
    word = "faster" if changes[0].startswith("+") else "slower"
    size = "as fast" if changes[0] == "+0.0%" else f"{changes[0][1:]} {word}"
    return size + ("" if is_missing(low) else f" [{changes[1]}, {changes[2]}]")


def amount_text(ratio: float, low: float, high: float, of: str) -> str:
    """A ratio of amounts in words: `56.2% fewer epochs [−59.7%, −52.4%]`, `3.10 times the epochs […]`.

    Args:
        of: what there is more or less of, in the plural.
    """
    if ratio > 2:
        return f"{number(ratio)} times the {of} [{interval_text(low, high, RATIO)}]"
    changes = [f"{100 * (item - 1):+z.1f}%".replace("-", "−") for item in (ratio, low, high)]
    word = "more" if changes[0].startswith("+") else "fewer"
    size = f"as many {of}" if changes[0] == "+0.0%" else f"{changes[0][1:]} {word} {of}"
    return f"{size} [{changes[1]}, {changes[2]}]"


def rates_text(rates: object) -> str:
    """Learning rates, pairs of a rate and a number of seeds; of one rate without the number."""
    if not isinstance(rates, tuple) or not rates:
        return MISSING
    return ", ".join(f"{rate:.3g} ({count})" if len(rates) > 1 else f"{rate:.3g}" for rate, count in rates)


def verdict_text(verdict: str, pairs: int, pairs_wanted: float | None, pair: str) -> str:
    """A verdict; of an inconclusive one, how many more pairs one would likely take.

    Args:
        verdict: the word; empty where there is none.
        pairs: how many there are.
        pairs_wanted: how many would likely be enough, where that can be estimated.
        pair: what one is called: `seed`, `draw` or `pair`.
    """
    if verdict != INCONCLUSIVE:
        return verdict or MISSING
    if pairs_wanted is None or is_missing(pairs_wanted):
        return f"{INCONCLUSIVE} (cannot estimate how many {pair}s it takes)"
    return f"{INCONCLUSIVE} (about {counted(int(pairs_wanted) - pairs, f'more {pair}')})"


def quantiles_text(values: tuple[float, ...] | None) -> str:
    """The median, with the 5% and 95% quantiles: `496 (475–541)`."""
    if not isinstance(values, tuple) or not values:
        return MISSING
    median, low, high = map(number, values)
    return f"{median} ({low}–{high})"


def probability_text(value: float, low: float, high: float) -> str:
    """A probability with its interval: `72% [51%, 98%]`; what is all but certain is not called certain."""
    if is_missing(value):
        return MISSING
    found, *ends = (
        "<1%" if end < 0.005 else ">99%" if end > 0.995 else f"{end:.0%}" for end in (value, low, high)
    )
    return f"{found} [{', '.join(ends)}]"


def p_text(value: float) -> str:
    """A p-value."""
    if is_missing(value):
        return MISSING
    return f"<{_SMALLEST_P}" if value < _SMALLEST_P else f"{value:.3f}"
