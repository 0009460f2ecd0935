"""Axes on which most values can be told apart; what lies far out stands at their edge with its value."""

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes

# Of the values, so many lie in the span that an axis is made for.
_MOST = 0.75
# By so many times its length the span is widened to either side.
_BESIDE = 2.0
# Less than this factor is not worth that something is off the axis.
_GAIN = 3.0
_ROOM = 0.05


def limits(values: Iterable[float], shown: Iterable[float] = ()) -> tuple[float, float]:
    """The limits of an axis for some values, from the lowest to the highest unless few lie far out.

    The shortest span that holds three quarters of the values, widened by twice its length to either side.
    Where that makes the axis shorter by less than a factor of three, nothing is left out.

    Args:
        values: of which the infinite ones and those that are not numbers count for nothing.
        shown: what must lie on the axis whatever the values are.

    Returns:
        Two different numbers, with some room beyond the outermost values.
    """
    finite = np.sort([value for value in values if math.isfinite(value)])
    inside = finite
    if len(finite):
        middle = _shortest_span(finite)
        reach = _BESIDE * np.ptp(middle)
        inside = finite[(finite >= middle[0] - reach) & (finite <= middle[-1] + reach)]
        if np.ptp(middle) == 0 or np.ptp(finite) < _GAIN * (np.ptp(middle) + 2 * reach):
            inside = finite
    on_axis = [*inside, *(value for value in shown if math.isfinite(value))] or [0.0]
    low, high = float(min(on_axis)), float(max(on_axis))
    room = _ROOM * (high - low) or _ROOM * abs(high) or 1.0
    return low - room, high + room


def _shortest_span(ordered: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> np.ndarray:
    """The values of the shortest span that holds three quarters of them."""
    count = math.ceil(_MOST * len(ordered))
    lengths = ordered[count - 1 :] - ordered[: len(ordered) - count + 1]
    start = int(lengths.argmin())
    return ordered[start : start + count]


def point_out(
    axes: Axes, rows: Sequence[Sequence[float]], colours: Sequence[str], text: Callable[[float], str]
) -> None:
    """Stand an arrow with the values at the edge of every row that has some beyond the axis.

    Args:
        axes: whose limits are set, with a row at 0, 1, 2 and so on.
        rows: the values of each.
        colours: of the rows' arrows.
        text: a value as it is printed.
    """
    low, high = axes.get_xlim()
    for row, (values, colour) in enumerate(zip(rows, colours, strict=True)):
        for edge, marker, inwards, beyond in (
            (0.01, "<", 1, [value for value in values if value < low]),
            (0.99, ">", -1, [value for value in values if value > high]),
        ):
            if beyond:
                at = axes.get_yaxis_transform()
                axes.plot([edge], [row], marker, color=colour, transform=at, zorder=4)
                ends = dict.fromkeys(map(text, (min(beyond), max(beyond))))
                axes.annotate(
                    " to ".join(ends),
                    (edge, row),
                    (7 * inwards, 0),
                    xycoords=at,
                    textcoords="offset points",
                    ha="left" if inwards > 0 else "right",
                    va="center",
                    fontsize="small",
                    color=colour,
                )
