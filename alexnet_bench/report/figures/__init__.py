"""The figures: one file each. A figure for which there are no records is None."""

from collections.abc import Callable

import pandas as pd
from matplotlib.figure import Figure

from alexnet_bench.report.figures.curves import draw_curves
from alexnet_bench.report.figures.error import draw_error
from alexnet_bench.report.figures.filters import draw_filters
from alexnet_bench.report.figures.interaction import draw_interactions
from alexnet_bench.report.figures.sweep import draw_sweep
from alexnet_bench.report.figures.throughput import draw_throughput
from alexnet_bench.report.figures.tradeoff import draw_tradeoff
from alexnet_bench.report.plans import Plans

FIGURES: dict[str, Callable[[pd.DataFrame, Plans], Figure | None]] = {
    "error": draw_error,
    "throughput": draw_throughput,
    "sweep": draw_sweep,
    "tradeoff": draw_tradeoff,
    "interaction": draw_interactions,
    "curves": draw_curves,
    "filters": draw_filters,
}
