"""All that is drawn; and the figures of a report, by name, in the order in which it shows them."""

# ruff: noqa: E402
from alexnet_bench.show.figures.loading import import_matplotlib

# Before any file that draws imports it.
import_matplotlib()

from alexnet_bench.show.figures.curves import curves_figure
from alexnet_bench.show.figures.effect_by_epoch import effect_by_epoch_figure
from alexnet_bench.show.figures.error import error_figure
from alexnet_bench.show.figures.error_by_rate import error_by_rate_figure
from alexnet_bench.show.figures.filters import filters_figure
from alexnet_bench.show.figures.forest import forest_figure
from alexnet_bench.show.figures.interaction import interaction_figure
from alexnet_bench.show.figures.specification import specification_figure
from alexnet_bench.show.figures.sweep import sweep_figure
from alexnet_bench.show.figures.throughput import throughput_figure
from alexnet_bench.show.figures.tradeoff import tradeoff_figure

FIGURES = {
    "forest": forest_figure,
    "tradeoff": tradeoff_figure,
    "error": error_figure,
    "throughput": throughput_figure,
    "sweep": sweep_figure,
    "effect_by_epoch": effect_by_epoch_figure,
    "curves": curves_figure,
    "error_by_rate": error_by_rate_figure,
    "interaction": interaction_figure,
    "specification": specification_figure,
    "filters": filters_figure,
}
