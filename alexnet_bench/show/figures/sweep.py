"""Images a second against the batch size, a line a variant and precision."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import cycle

import pandas as pd
import seaborn as sns
from matplotlib.figure import SubFigure
from matplotlib.ticker import FuncFormatter, NullLocator

from alexnet_bench.analysis.effect import steady_draws
from alexnet_bench.analysis.metrics import THROUGHPUTS
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.schema import HEAD, AnyRecord, Draw
from alexnet_bench.show.figures import style

_DASHES = ("", (4, 2), (1, 1.5))
_COLUMNS = 3


@style.report_figure(
    "Images a second against the batch size. A point is the mean over draws, its band spans them; the "
    "stroke tells the precision."
)
def sweep_figure(records: Sequence[AnyRecord], plans: Plans) -> Iterator[style.Panel]:
    """One for each run and topology, of the variants that were timed at several batch sizes."""
    columns = ("variant", "precision", "batch_size", "mode", "topology", "run_id", "device", "threads")
    draws = steady_draws(item for item in records if isinstance(item, Draw) and item.side == HEAD)
    table = pd.DataFrame(
        [[*(getattr(draw, name) for name in columns), draw.images_per_second] for draw in draws],
        columns=[*columns, "rate"],
    )
    for _, rows in table.groupby(["topology", "run_id"], sort=False):
        sizes = rows.groupby("variant")["batch_size"].transform("nunique")
        swept = rows[sizes > 1].sort_values("variant", kind="stable", key=lambda names: names.map(plans.rank))
        if len(swept):
            keys = swept["variant"].nunique() + swept["precision"].nunique()
            yield 3.6 + 0.25 * style.rows_of(keys, _COLUMNS), partial(_draw, swept, plans)


def _draw(draws: pd.DataFrame, plans: Plans, panel: SubFigure) -> None:
    """Training beside inference."""
    metrics = [metric for metric in THROUGHPUTS if (draws["mode"] == metric.mode).any()]
    colours = style.distinct_colours(draws["variant"].unique(), plans)
    dashes = dict(zip(draws["precision"].unique(), cycle(_DASHES), strict=False))
    for axes, metric in zip(style.grid(panel, len(metrics), len(metrics)), metrics, strict=True):
        sns.lineplot(
            draws[draws["mode"] == metric.mode],
            x="batch_size",
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
        axes.set_xticks(sorted(set(draws.loc[draws["mode"] == metric.mode, "batch_size"])))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_ylim(bottom=0)
        axes.set(xlabel="batch size (images a step)", ylabel=metric.axis.replace(" (", "\n("))
    first = draws.iloc[0]
    where = f"{first['topology']}, on {first['device']}, {first['threads']} threads"
    style.entitle(panel, "Throughput against batch size", [where])
    keys = [style.mark(name, color=colour, linestyle="-", linewidth=2) for name, colour in colours.items()]
    if len(dashes) > 1:
        keys += [
            style.mark(name, color="black", linestyle=(0, pattern) if pattern else "-", linewidth=1)
            for name, pattern in dashes.items()
        ]
    style.key(panel, keys, columns=_COLUMNS)
