"""What the figures share: sizes, colours, lines, panels, captions, files."""

import contextlib
import io
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from pathlib import Path
from string import ascii_lowercase
from typing import Any, cast

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.files import replacing
from alexnet_bench.records.schema import AnyRecord
from alexnet_bench.show.figures.fonts import find_fonts, without_complaints
from alexnet_bench.words import plain

ENDINGS = ("png", "svg", "pdf")
# Inches and points that the figures' own numbers are made for.
_WIDTH, _FONT = 9.0, 10.56
_CHARACTERS = 128
# Inches of a panel's height that its title and conditions take.
_HEAD = 0.6
# Inches that a row takes, and one of more rows than a page shows at that.
_ROW, _LOW_ROW, _FEW_ROWS = 0.34, 0.27, 20
PALETTE = sns.color_palette("colorblind").as_hex()
ARM, CONTROL, SECOND, MUTED = PALETTE[0], PALETTE[3], PALETTE[1], "#8a8a8a"
# The palette without the control's colour, and without those too pale for thin lines.
DISTINCT = [PALETTE[index] for index in (0, 1, 2, 4, 5, 7, 9)]
# Of lines and marks, and of their entries in a legend.
REFERENCE: dict[str, Any] = {"color": CONTROL, "linestyle": "--", "linewidth": 1}
NOTHING: dict[str, Any] = {"color": MUTED, "linestyle": ":", "linewidth": 1.2}
MEAN: dict[str, Any] = {"color": "black", "linewidth": 1.8}
# The control's points differ from others in shape, too.
_SHAPE, _CONTROLS_SHAPE = "o", "D"
# Of a point, in square points on a screen.
_POINT = 38
STYLE: dict[str, Any] = {
    **sns.axes_style("whitegrid"),
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],
    "text.parse_math": False,
    # As wide whatever its dots an inch: what a PNG file is laid out for fits in SVG and PDF, too.
    "text.hinting": "none",
    # Outlines in SVG, so that a page looks alike whatever fonts there are; text in PDF, to be searched.
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    "svg.hashsalt": "alexnet-bench",
    "grid.color": "#e6e6e6",
    "axes.edgecolor": "#bbbbbb",
}

# Its height in inches on a screen, and what fills it.
Panel = tuple[float, Callable[[SubFigure], None]]


@dataclass(frozen=True, kw_only=True)
class Look:
    """What figures are drawn for.

    Args:
        narrow, wide: inches across.
        font: points of a label.
        titled: whether titles and conditions stand in the figure; a paper has captions.
        dots: an inch, of a PNG file.
    """

    narrow: float
    wide: float
    font: float
    titled: bool
    dots: int

    @property
    def scale(self) -> float:
        """How large everything is against a screen."""
        return self.font / _FONT


SCREEN = Look(narrow=_WIDTH, wide=_WIDTH, font=_FONT, titled=True, dots=150)
# A column, and both, of the usual two.
PAPER = Look(narrow=3.3, wide=6.8, font=8.0, titled=False, dots=300)
_look: ContextVar[Look] = ContextVar("look", default=SCREEN)


@dataclass(frozen=True)
class ReportFigure:
    """A figure of a report.

    Args:
        caption: how to read it.
        is_wide: whether it takes both columns of a paper.
        panels: what makes its panels of records and their plans.
    """

    caption: str
    is_wide: bool
    panels: Callable[[Sequence[AnyRecord], Plans], Iterator[Panel]]

    def draw(self, records: Sequence[AnyRecord], plans: Plans) -> Figure | None:
        """The figure; None where there is nothing to draw."""
        return stacked(self.panels(records, plans), self.is_wide)


def report_figure(caption: str, is_wide: bool = True) -> Callable[..., ReportFigure]:
    """Makes a figure of what yields its panels."""
    return partial(ReportFigure, caption, is_wide)


def stacked(panels: Iterable[Panel], is_wide: bool = True) -> Figure | None:
    """A figure of panels, one above another; None without any.

    Several that bear no titles have letters, by which a caption tells them apart.
    """
    shown, look = list(panels), _look.get()
    if not shown:
        return None
    heights = [look.scale * (height - (0 if look.titled else _HEAD)) for height, _ in shown]
    figure = Figure(figsize=(look.wide if is_wide else look.narrow, sum(heights)), layout="constrained")
    FigureCanvasAgg(figure)
    places = figure.subfigures(len(shown), 1, height_ratios=heights, squeeze=False)[:, 0]
    for letter, place, (_, draw) in zip(letters(len(shown)), places, shown, strict=True):
        draw(place)
        if len(shown) > 1 and not look.titled:
            place.suptitle(f"({letter})", x=0.01, ha="left", fontweight="bold", fontsize="medium")
    return figure


def letters(count: int) -> list[str]:
    """What a caption calls so many panels."""
    return [ascii_lowercase[at] if at < len(ascii_lowercase) else str(at + 1) for at in range(count)]


def row_height(count: int) -> float:
    """The inches that each of so many rows of one line takes."""
    return _ROW if count <= _FEW_ROWS else _LOW_ROW


def grid(panel: SubFigure, count: int, across: int, **how: Any) -> list[Axes]:
    """So many axes, in rows of some abreast."""
    across = min(across, count)
    places = panel.subplots(rows_of(count, across), across, squeeze=False, **how).flat
    for unused in places[count:]:
        unused.set_visible(False)
    return list(places[:count])


def rows_of(count: int, across: int) -> int:
    """The rows that so many take, some abreast."""
    return -(-count // across)


def entitle(panel: SubFigure, title: str, conditions: Sequence[str]) -> None:
    """A title in bold and, under it, the conditions of the panel; its label has both, for a caption."""
    panel.set_label(f"{title}: {'; '.join(conditions)}")
    if not _look.get().titled:
        return
    lines = [line for text in conditions for line in textwrap.wrap(text, _CHARACTERS)]
    # The blank first line keeps the room into which the title is written.
    panel.suptitle(
        "\n".join(["", *lines]), x=0.01, ha="left", fontsize="small", linespacing=1.5, color="#444444"
    )
    top = panel.transSubfigure + ScaledTranslation(0, -0.05, panel.dpi_scale_trans)
    panel.text(0.01, 1, title, va="top", fontweight="bold", fontsize="medium", transform=top, in_layout=False)


def save(figure: Figure | None, folder: Path, name: str) -> None:
    """Write a figure as PNG, SVG and PDF, or remove older ones where there is nothing to draw.

    The same records give the same files.
    """
    if figure is None:
        for ending in ENDINGS:
            (folder / f"{name}.{ending}").unlink(missing_ok=True)
        return
    find_fonts(figure)
    with without_complaints():
        with replacing(folder / f"{name}.png") as fresh:
            figure.savefig(fresh, format="png", dpi=_look.get().dots)
        # What has been laid out once stays so; with an engine called "none" all would be drawn once more.
        figure.set_layout_engine(None)
        with replacing(folder / f"{name}.pdf") as fresh:
            figure.savefig(fresh, format="pdf", metadata={"CreationDate": None})
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    with replacing(folder / f"{name}.svg") as fresh:
        # Its comments hold the names, and may not hold what XML forbids.
        lines = drawn.getvalue().split("\n")
        fresh.write_text("\n".join(map(plain, lines)), encoding="utf-8", newline="\n")


@contextlib.contextmanager
def styled(look: Look = SCREEN) -> Iterator[None]:
    """A context in which figures are drawn and saved: this style, and nothing of the user's own."""
    own = {
        name: value
        for name, value in mpl.rcParamsDefault.items()
        if name != "backend" and mpl.rcParams[name] != value
    }
    sizes = sns.plotting_context("paper", font_scale=1.1)
    scaled = {name: look.scale * size for name, size in sizes.items() if isinstance(size, (int, float))}
    before = _look.set(look)
    try:
        with mpl.rc_context(cast(Any, own | STYLE | sizes | scaled)):
            yield
    finally:
        _look.reset(before)


def scatter(axes: Axes, values: pd.DataFrame, x: str, y: str, colours: dict[str, str], **how: Any) -> None:
    """A point a row, in the colour of its variant, the control's in a shape of its own."""
    is_control = values["variant"].map(colours) == CONTROL
    how = {"hue": "variant", "palette": colours, "s": _POINT * _look.get().scale ** 2, "legend": False, **how}
    for marker, rows in ((_SHAPE, values[~is_control]), (_CONTROLS_SHAPE, values[is_control])):
        if len(rows):
            sns.scatterplot(rows, x=x, y=y, marker=marker, ax=axes, **how)


def means(axes: Axes, values: Sequence[float], reach: float) -> None:
    """An upright line at the mean of every row, so far up and down."""
    rows = np.arange(len(values))
    axes.vlines(values, rows - reach, rows + reach, zorder=3.5, **MEAN)


def distinct_colours(names: Iterable[str], plans: Plans) -> dict[str, str]:
    """A colour a variant, which ties it to its name; a control's is its own."""
    others = cycle(DISTINCT)
    return {name: CONTROL if plans.is_control(name) else next(others) for name in names}


def offsets(count: int, reach: float) -> list[float]:
    """So many offsets, evenly spread, so that equal values stay apart."""
    return list(np.linspace(-reach, reach, count)) if count > 1 else [0.0] * count


def show_rows(axes: Axes, labels: Sequence[str], control: int | None = None) -> None:
    """Name the rows, the first on top, the control's in its colour."""
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.set_ylabel("")
    axes.grid(visible=False, axis="y")
    if control is not None:
        label = axes.get_yticklabels()[control]
        label.set_color(CONTROL)
        label.set_fontweight("bold")


def show_values(axes: Axes, values: Sequence[str], title: str) -> None:
    """Print a column of values at the right of the rows."""
    column = axes.secondary_yaxis("right")
    column.set_yticks(range(len(values)), values)
    column.tick_params(length=0)
    column.spines["right"].set_visible(False)
    place: Any = {"xycoords": "axes fraction", "textcoords": "offset points"}
    axes.annotate(title, (1, 1), (4, 4), fontsize="small", color="#555555", **place)


def key(panel: SubFigure, handles: Sequence[Line2D], columns: int = 4) -> None:
    """A legend under the panel, in so many columns, or half as many in one column of a paper."""
    width = panel.bbox.width / panel.dpi / _look.get().scale
    panel.legend(
        handles=list(handles),
        loc="outside lower left",
        ncols=columns if width > _WIDTH / 2 else columns // 2,
        frameon=False,
        fontsize="small",
    )


def mark(label: str, **style: Any) -> Line2D:
    """An entry of a legend."""
    return Line2D([], [], label=label, **{"linestyle": "none", **style})


def point(label: str, colour: str) -> Line2D:
    """A legend's entry for a single measurement."""
    shape = _CONTROLS_SHAPE if colour == CONTROL else _SHAPE
    return mark(label, color=colour, marker=shape, markeredgecolor="white", markersize=7, alpha=0.8)


def upright(label: str) -> Line2D:
    """A legend's entry for a mean over a row's measurements."""
    shape: Any = {"marker": "|", "markersize": 8, "markeredgewidth": MEAN["linewidth"]}
    return mark(label, color=MEAN["color"], **shape)


def order(means: "pd.Series[float]", plans: Plans, ascending: bool) -> list[str]:
    """The variants: the control first, then from best to worst, those without a value last."""
    names = sorted(means.index, key=plans.rank)
    ranked = means.loc[names].sort_values(ascending=ascending, kind="stable", na_position="last").index
    return sorted(ranked, key=lambda name: not plans.is_control(name))


def row_label(variant: str, plans: Plans, failed: str) -> str:
    """The name of a variant, with the network that it is another name of, and what failed."""
    same = plans.same_as(variant)
    return variant + (f" (= {same})" if same else "") + (f" ({failed})" if failed else "")
