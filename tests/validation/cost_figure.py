"""Draws what training and reporting cost, from results/reference/performance into docs/performance.svg, .png.

python tests/validation/cost_figure.py
"""

import json
from collections.abc import Iterator
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.ticker import FuncFormatter, NullLocator
from script import ROOT

from alexnet_bench.records.run_folder import run_records
from alexnet_bench.records.schema import Draw
from alexnet_bench.show.figures import style

RECORDS = ROOT / "results" / "reference" / "performance"
HEIGHT = 2.6
# Two axes' titles, and the rows between them.
Panel = tuple[str, str, list[tuple[float, float]]]


def main() -> None:
    with style.styled():
        style.save(style.stacked([(HEIGHT, _draw)]), ROOT / "docs", "performance")


def _draw(panel: SubFigure) -> None:
    panels = list(_panels())
    for axes, (x, y, rows) in zip(style.grid(panel, len(panels), len(panels)), panels, strict=True):
        _line(axes, x, y, rows)


def _panels() -> Iterator[Panel]:
    """Those that there are records of."""
    if (RECORDS / "batch").is_dir():
        draws = [record for record in run_records(RECORDS / "batch") if isinstance(record, Draw)]
        rows = [(draw.batch_size, draw.images_per_second) for draw in draws if draw.images_per_second]
        yield "images a step at 227 pixels", "images/s", rows
    if found := _found("costs"):
        yield "seeds of 10 epochs", "seconds of a run", _points(found["run_by_seeds"])
        yield "epochs", "seconds of a trial", _points(found["trial_by_epochs"])
    if found := _found("report"):
        yield (
            "records",
            "seconds of a report",
            [(row["records"], row["seconds"]) for row in found["rows"]],
        )


def _points(seconds: dict[str, list[float]]) -> list[tuple[float, float]]:
    return [(float(count), value) for count, values in seconds.items() for value in values]


def _found(name: str) -> Any:
    path = RECORDS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _line(axes: Axes, x: str, y: str, rows: list[tuple[float, float]]) -> None:
    """The mean at each place, and a band that spans the measurements."""
    table = pd.DataFrame(rows, columns=[x, y])
    sns.lineplot(table, x=x, y=y, marker="o", color=style.ARM, errorbar=("pi", 100), ax=axes)
    axes.set_ylim(bottom=0)
    places = sorted(table[x].unique())
    if x.startswith("images"):
        axes.set_xscale("log")
    axes.set_xticks(places)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


if __name__ == "__main__":
    main()
