"""The figures: one file each. A figure for which there are no records is None."""

# ruff: noqa: E402
from alexnet_bench.show.figures.loading import import_matplotlib

# Before any figure's file imports it.
import_matplotlib()

from collections.abc import Callable, Sequence

from matplotlib.figure import Figure

from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.schema import AnyRecord
from alexnet_bench.show.figures.curves import draw_curves
from alexnet_bench.show.figures.error import draw_error
from alexnet_bench.show.figures.filters import draw_filters
from alexnet_bench.show.figures.interaction import draw_interactions
from alexnet_bench.show.figures.sweep import draw_sweep
from alexnet_bench.show.figures.throughput import draw_throughput
from alexnet_bench.show.figures.tradeoff import draw_tradeoff

FIGURES: dict[str, Callable[[Sequence[AnyRecord], Plans], Figure | None]] = {
    "error": draw_error,
    "throughput": draw_throughput,
    "sweep": draw_sweep,
    "tradeoff": draw_tradeoff,
    "interaction": draw_interactions,
    "curves": draw_curves,
    "filters": draw_filters,
}
