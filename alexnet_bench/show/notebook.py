"""A run as a script or a notebook has it: its records, what they say, and the figures of its report."""

import os
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from alexnet_bench.analysis.plans import Plans
from alexnet_bench.errors import BenchError, UnknownNameError
from alexnet_bench.records.manifest import read_manifest
from alexnet_bench.records.schema import AnyRecord, to_frame

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from alexnet_bench.show.table import Table

_SHORT = (
    *("ablation", "control", "arm", "label", "effect", "low", "high", "unit", "pairs", "verdict"),
    "pairs_wanted",
)


class Run(os.PathLike[str]):
    """A run: what its folder held when it was first looked at. It stands for the folder's path, too.

    Args:
        folder: that `bench run` or `alexnet_bench.run` wrote.

    Raises:
        RecordError: the folder holds no run.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        read_manifest(self.folder)

    @cached_property
    def records(self) -> "pd.DataFrame":
        """A row a trial or draw; results/README.md says what the columns mean."""
        return to_frame(self._read[0])

    @cached_property
    def effects(self) -> "pd.DataFrame":
        """A row an arm, metric and setting: what is in the report's `effects.csv`."""
        from alexnet_bench.analysis.effects import effects

        records, plans = self._read
        return effects(records, plans.manifests, plans.folders)

    @property
    def verdicts(self) -> "pd.DataFrame":
        """The effects that have a verdict, in short.

        Columns: `ablation`, `control`, `arm`, `label` (the metric), `effect` with its interval `low` to
        `high` in `unit`, `pairs`, `verdict`, `pairs_wanted` (how many would likely decide).
        """
        found = self.effects
        return found.loc[found["verdict"] != "", list(_SHORT)].reset_index(drop=True)

    @property
    def answers(self) -> list[str]:
        """A sentence a question: what each arm changes, and how sure that is."""
        from alexnet_bench.show.sentences import answers

        return list(answers(self.effects))

    @property
    def plot(self) -> "Plots":
        """The figures of the report."""
        return Plots(*self._read)

    def __fspath__(self) -> str:
        return str(self.folder)

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"

    def _repr_html_(self) -> str:
        from alexnet_bench.show.tables import changes_table

        said = Markup("").join(Markup("<p>{}</p>").format(sentence) for sentence in self.answers)
        return str(
            Markup("<p><b>{}</b></p>").format(self.folder) + said + _as_html(changes_table(self.effects))
        )

    @cached_property
    def _read(self) -> tuple[list[AnyRecord], Plans]:
        from alexnet_bench.show.files import read_runs

        return read_runs([self.folder])


class Plots:
    """The figures of a report, a method each.

    `error` and `tradeoff` are one plot, which is drawn onto `ax` or else onto axes of a new figure, and
    returned; the others are several plots side by side, and return their figure. Each raises a BenchError
    where there is nothing to draw.
    """

    def __init__(self, records: Sequence[AnyRecord], plans: Plans) -> None:
        self._records, self._plans = records, plans

    def forest(self) -> "Figure":
        """What every arm changes in error and in speed, with its interval and its verdict."""
        return self.figure("forest")

    def error(self, ax: "Axes | None" = None) -> "Axes":
        """Error of every variant: each seed's point, and the mean."""
        return self._on_axes("error", ax)

    def throughput(self) -> "Figure":
        """Speed over the control's, in training and in inference: each draw's point, and the ratio."""
        return self.figure("throughput")

    def sweep(self) -> "Figure":
        """Throughput by batch size."""
        return self.figure("sweep")

    def tradeoff(self, ax: "Axes | None" = None) -> "Axes":
        """Error against training throughput."""
        return self._on_axes("tradeoff", ax)

    def interaction(self) -> "Figure":
        """Of a factorial, the error with and without each two changes."""
        return self.figure("interaction")

    def curves(self) -> "Figure":
        """Error by epoch, a line a seed."""
        return self.figure("curves")

    def effect_by_epoch(self) -> "Figure":
        """What each arm changes in error after each epoch."""
        return self.figure("effect_by_epoch")

    def error_by_rate(self) -> "Figure":
        """Error by learning rate, of the trials that chose one."""
        return self.figure("error_by_rate")

    def specification(self) -> "Figure":
        """The effect by every way of asking a question."""
        return self.figure("specification")

    def filters(self) -> "Figure":
        """The kernels of the first layer."""
        return self.figure("filters")

    def figure(self, name: str) -> "Figure":
        """A figure as the report shows it, with all of its panels."""
        from alexnet_bench.show.figures import FIGURES, style

        if name not in FIGURES:
            raise UnknownNameError("figure", [name], FIGURES)
        with style.styled():
            drawn = FIGURES[name].draw(self._records, self._plans)
        if drawn is None:
            raise _nothing(name)
        _let_notebooks_show_figures()
        return drawn

    def _on_axes(self, name: str, ax: "Axes | None") -> "Axes":
        """The one panel of a figure, on axes."""
        from alexnet_bench.show.figures import FIGURES, style

        with style.styled():
            panels = list(FIGURES[name].panels(self._records, self._plans))
            if not panels:
                raise _nothing(name)
            if len(panels) > 1:
                raise BenchError(
                    f"{name} has {len(panels)} plots, for these records were made under several conditions; "
                    f"plot.figure({name!r}) draws them all"
                )
            [(height, draw)] = panels
            if ax is None:
                return _draw_apart(height, draw)
            _draw_on(ax, draw)
        return ax


def _nothing(name: str) -> BenchError:
    return BenchError(f"there is nothing to draw: these records hold nothing that '{name}' shows")


def _draw_apart(height: float, draw: "Callable[[SubFigure], None]") -> "Axes":
    """Draw a panel into a figure that pyplot knows: a notebook shows it, and `plt.show()` does."""
    from matplotlib import pyplot

    from alexnet_bench.show.figures import style

    panel = _only_panel(pyplot.figure(figsize=(style.SCREEN.wide, height), layout="constrained"))
    draw(panel)
    return panel.axes[0]


def _draw_on(axes: "Axes", draw: "Callable[[SubFigure], None]") -> None:
    """Let what fills a panel with axes fill these, which take over its key; a title is the user's to give."""
    from matplotlib.figure import Figure

    panel = _only_panel(Figure())
    panel.subplots = lambda *count, **how: axes  # type: ignore[method-assign,assignment]
    draw(panel)
    for legend in panel.legends:
        axes.legend(handles=legend.legend_handles, loc="best", fontsize="small")


def _only_panel(figure: "Figure") -> "SubFigure":
    return figure.add_subfigure(figure.add_gridspec(1, 1)[0])


def _let_notebooks_show_figures() -> None:
    """Have matplotlib choose its backend, by which a notebook shows a figure that a cell ends with."""
    from matplotlib import pyplot

    pyplot.get_backend()


def _as_html(table: "Table") -> Markup:
    """A table for a notebook, escaped."""
    if not table.rows:
        return Markup("")
    head, *rows = (
        Markup("<tr>{}</tr>").format(
            Markup("").join(Markup("<{0}>{1}</{0}>").format(tag, cell) for cell in cells)
        )
        for tag, cells in (("th", table.columns), *(("td", row) for row in table.rows))
    )
    return Markup("<table><thead>{}</thead><tbody>{}</tbody></table>").format(head, Markup("").join(rows))
