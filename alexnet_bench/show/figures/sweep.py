"""Images a second against the batch size, a line a variant and precision."""

from collections.abc import Iterator, Sequence
from itertools import cycle

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullLocator

from alexnet_bench.analysis.effect import steady_draws
from alexnet_bench.analysis.metrics import THROUGHPUTS
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.schema import HEAD, AnyRecord, Draw
from alexnet_bench.show.figures import style

_DASHES = ("", (4, 2), (1, 1.5))
_COLUMNS = 3


def draw_sweep(records: Sequence[AnyRecord], plans: Plans) -> Figure | None:
    """A panel for each run and topology timed at several batch sizes, training beside inference."""
    return style.stacked(
        list(_sweeps(records, plans)),
        lambda draws: 3.6 + 0.25 * _lines(draws),
        lambda panel, draws: _draw_panel(panel, draws, plans),
    )


def _lines(draws: pd.DataFrame) -> int:
    """The rows that the legend takes."""
    return -(-(draws["variant"].nunique() + draws["precision"].nunique()) // _COLUMNS)


def _sweeps(records: Sequence[AnyRecord], plans: Plans) -> Iterator[pd.DataFrame]:
    """The draws of each run and topology, of the variants that were timed at several batch sizes."""
    columns = ("variant", "precision", "batch_size", "mode", "topology", "run_id", "device", "threads")
    draws = steady_draws(item for item in records if isinstance(item, Draw) and item.side == HEAD)
    table = pd.DataFrame(
        [[*(getattr(draw, name) for name in columns), draw.images_per_second] for draw in draws],
        columns=[*columns, "rate"],
    )
    for _, rows in table.groupby(["topology", "run_id"], sort=False):
        sizes = rows.groupby("variant")["batch_size"].transform("nunique")
        swept = rows[sizes > 1]
        if len(swept):
            yield swept.assign(rank=swept["variant"].map(plans.rank)).sort_values("rank", kind="stable")


def _draw_panel(panel: SubFigure, draws: pd.DataFrame, plans: Plans) -> None:
    metrics = [metric for metric in THROUGHPUTS if (draws["mode"] == metric.mode).any()]
    names, precisions = (list(dict.fromkeys(draws[column])) for column in ("variant", "precision"))
    others = cycle(style.DISTINCT)
    colours = {name: style.CONTROL if plans.is_control(name) else next(others) for name in names}
    dashes = dict(zip(precisions, cycle(_DASHES), strict=False))
    for axes, metric in zip(panel.subplots(1, len(metrics), squeeze=False)[0], metrics, strict=True):
        rows = draws[draws["mode"] == metric.mode]
        values = pd.DataFrame(
            {
                "batch": rows["batch_size"].astype(int),
                "rate": rows["rate"],
                "variant": rows["variant"],
                "precision": rows["precision"],
            }
        )
        sns.lineplot(
            values,
            x="batch",
            y="rate",
            hue="variant",
            palette=colours,
            style="precision",
            dashes=dashes,
            marker="o",
            errorbar=("pi", 100),
            legend=False,
            ax=axes,
        )
        axes.set_xscale("log", base=2)
        axes.set_xticks(sorted(set(values["batch"])))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_ylim(bottom=0)
        axes.set(xlabel="batch size (images a step)", ylabel=metric.axis.replace(" (", "\n("))
    first = draws.iloc[0]
    where = f"{first['topology']}, on {first['device']}, {first['threads']} threads"
    style.entitle(panel, "Throughput against batch size", [where])
    style.key(panel, [*_variant_keys(colours), *_precision_keys(dashes)], columns=_COLUMNS)


def _variant_keys(colours: dict[str, str]) -> list[Line2D]:
    return [style.mark(name, colour, linestyle="-", linewidth=2) for name, colour in colours.items()]


def _precision_keys(dashes: dict[str, object]) -> list[Line2D]:
    if len(dashes) < 2:
        return []
    return [
        style.mark(name, "black", linestyle=(0, pattern) if pattern else "-", linewidth=1)
        for name, pattern in dashes.items()
    ]


FIGURE = style.ReportFigure(
    name="sweep",
    place=3,
    caption=(
        "Images a second against the batch size. A point is the mean over draws, its band spans them; the "
        "stroke tells the precision."
    ),
    draw=draw_sweep,
)
