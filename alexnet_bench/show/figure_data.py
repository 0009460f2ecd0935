"""What each figure of a report shows: as a table, and in words for those who cannot see it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from alexnet_bench.analysis.by_class import ClassErrors, class_errors
from alexnet_bench.analysis.by_epoch import effects_by_epoch
from alexnet_bench.analysis.by_rate import errors_by_rate
from alexnet_bench.analysis.conditions import measured_alike
from alexnet_bench.analysis.contrasts import contrasts
from alexnet_bench.analysis.effect import log_speed, steady_draws
from alexnet_bench.analysis.metrics import HEADLINES, POINTS, RATIO, THROUGHPUTS, TRAINING, headline
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.analysis.specifications import specification_curves, specifications_table
from alexnet_bench.analysis.summary import comparable_speeds, conditions
from alexnet_bench.records.predictions import Predictions
from alexnet_bench.records.schema import AnyRecord, Draw, Trial
from alexnet_bench.show.figures.tradeoff import front, points_of
from alexnet_bench.show.numbers import effect_text, speed_text
from alexnet_bench.words import counted, joined, number, percent

# Of what is told one by one.
_MOST = 12
# The figures whose numbers lie in a file of another name.
_FILES = {"interaction": "factorial", "specification": "specifications"}


@dataclass(frozen=True, eq=False)
class Shown:
    """What the figures are drawn from: records, their plans, and the effects."""

    records: Sequence[AnyRecord]
    plans: Plans
    effects: pd.DataFrame
    _tables: dict[str, pd.DataFrame] = field(default_factory=dict, init=False)

    @cached_property
    def classes(self) -> list[ClassErrors]:
        """What predictions tell of classes."""
        return class_errors(self.records, self.plans)

    def table(self, figure: str) -> pd.DataFrame:
        """The numbers that a figure draws."""
        if figure not in self._tables:
            self._tables[figure] = _TABLES[figure](self)
        return self._tables[figure]


def _forest(shown: Shown) -> pd.DataFrame:
    found = shown.effects
    known = found[found["effect"].notna() & ~found["same_network"].astype(bool)]
    places = known.groupby("setting", sort=False)["measure"].unique()
    judged = {
        (setting, next(iter(metric.name for metric in (*HEADLINES, TRAINING) if metric.name in measures), ""))
        for setting, measures in places.items()
    }
    rows = known[[place in judged for place in zip(known["setting"], known["measure"], strict=True)]]
    wanted = ("ablation", "arm", "control", "label", "unit", "effect", "low", "high", "verdict", "margin")
    return rows[[*wanted, "pairs", "setting"]]


def _error(shown: Shown) -> pd.DataFrame:
    rows = [
        (setting.name, setting.control, trial.variant, trial.seed, metric.label, metric.of(trial))
        for setting in measured_alike(shown.records, shown.plans, Trial)
        if (metric := headline(setting.succeeded))
        for trial in setting.succeeded
    ]
    columns = ["setting", "control", "variant", "seed", "measure", "error_percent"]
    return pd.DataFrame(rows, columns=columns)


def _tradeoff(shown: Shown) -> pd.DataFrame:
    rows = []
    for item in conditions(shown.records, shown.plans):
        if item.trials and item.draws and (metric := headline(item.trials.succeeded)):
            points = points_of(item.trials, item.draws, metric, shown.plans)
            best = {point.variant for point in front(points)}
            rows += [
                (item.trials.name, item.draws.name, at.variant, at.error, at.rate, at.variant in best)
                for at in points
            ]
    columns = ["trials_setting", "draws_setting", "variant", "error_percent", "images_per_second"]
    return pd.DataFrame(rows, columns=[*columns, "on_the_front"])


def _throughput(shown: Shown) -> pd.DataFrame:
    rows = [
        (setting.name, setting.control, variant, metric.mode, place, each, speed)
        for setting in measured_alike(shown.records, shown.plans, Draw)
        for metric in THROUGHPUTS
        for variant in setting.variants
        for speed, speeds in [comparable_speeds(setting, variant, metric)]
        for place, each in enumerate(speeds)
    ]
    columns = ["setting", "control", "variant", "mode", "draw", "images_per_second"]
    return pd.DataFrame(rows, columns=[*columns, "images_per_second_over_all_draws"])


def _sweep(shown: Shown) -> pd.DataFrame:
    draws = steady_draws(record for record in shown.records if isinstance(record, Draw))
    columns = ["topology", "variant", "precision", "batch_size", "mode", "draw"]
    rows = [[*(getattr(draw, name) for name in columns), np.exp(log_speed(draw))] for draw in draws]
    return pd.DataFrame(rows, columns=[*columns, "images_per_second"])


def _curves(shown: Shown) -> pd.DataFrame:
    names = ("epoch", "learning_rate", "loss", "train_error", "validation_top1_error")
    rows = [
        (setting.name, trial.variant, trial.seed, *(getattr(epoch, name) for name in names))
        for setting in measured_alike(shown.records, shown.plans, Trial)
        for trial in setting.succeeded
        for epoch in trial.curve
    ]
    return pd.DataFrame(rows, columns=["setting", "variant", "seed", *names])


def _filters(shown: Shown) -> pd.DataFrame:
    """A row a weight of the first layer's kernels, of each variant's lowest seed."""
    files, tables = Predictions(shown.plans.folders), []
    for setting in measured_alike(shown.records, shown.plans, Trial):
        for variant in setting.variants:
            trials = [trial for trial in setting.of(variant) if trial.succeeded]
            kernels = files.filters(min(trials, key=lambda trial: trial.seed)) if trials else None
            if kernels is not None and not shown.plans.same_as(variant):
                axes = ["tower", "row", "column", "channel", "kernel"]
                index = pd.MultiIndex.from_product([range(size) for size in kernels.shape], names=axes)
                table = pd.DataFrame({"weight": kernels.ravel().round(5)}, index=index).reset_index()
                tables.append(table.assign(setting=setting.name, variant=variant))
    return pd.concat(tables) if tables else pd.DataFrame()


_TABLES: dict[str, Callable[[Shown], pd.DataFrame]] = {
    "forest": _forest,
    "tradeoff": _tradeoff,
    "error": _error,
    "throughput": _throughput,
    "sweep": _sweep,
    "effect_by_epoch": lambda shown: effects_by_epoch(shown.records, shown.plans),
    "curves": _curves,
    "error_by_rate": lambda shown: errors_by_rate(shown.records, shown.plans),
    "interaction": lambda shown: contrasts(shown.records, shown.plans),
    "specification": lambda shown: specifications_table(specification_curves(shown.records, shown.plans)),
    "filters": _filters,
}


def file_of(figure: str) -> str:
    """The name of the file that holds a figure's numbers."""
    return f"{_FILES.get(figure, figure)}.csv"


def in_words(name: str, data: pd.DataFrame, places: Mapping[str, str]) -> str:
    """What a figure shows, from its numbers; `places` names settings, where there are several of a kind."""
    if "setting" in data:
        data = data.assign(setting=[places.get(name, "") for name in data["setting"]])
    sentences = [f"{sentence}." for sentence in _TOLD[name](data)]
    more = len(sentences) - _MOST
    return " ".join([*sentences[:_MOST], *([f"{more} more are in its data."] if more > 0 else [])])


def _each(rows: pd.DataFrame) -> Iterator[Any]:
    return iter(rows.itertuples())


def _effect_said(row: Any) -> str:
    if row.unit == RATIO:
        size = speed_text(row.effect, row.low, row.high)
    else:
        size = effect_text(row.effect, row.low, row.high, POINTS)
    return f"{_named(row.arm, row.setting)}: {row.label} {size}" + (f", {row.verdict}" if row.verdict else "")


def _named(variant: object, setting: object) -> str:
    """A variant, and where, if there are several settings."""
    return f"{variant} ({setting})" if setting else str(variant)


def _tell_forest(data: pd.DataFrame) -> Iterator[str]:
    yield from (_effect_said(row) for row in _each(data))


def _tell_tradeoff(data: pd.DataFrame) -> Iterator[str]:
    for _, rows in data.groupby(["trials_setting", "draws_setting"], sort=False):
        best = rows[rows["on_the_front"]].sort_values("images_per_second")
        each = [
            f"{row.variant} ({percent(row.error_percent)}% at {number(row.images_per_second)} images/s)"
            for row in _each(best)
        ]
        are = "is" if len(each) == 1 else "are"
        yield (
            f"Of {counted(len(rows), 'variant')}, only {joined(each)} {are} beaten by no other in both error "
            "and speed"
        )


def _tell_means(data: pd.DataFrame, value: str, written: Callable[[float], str], *by: str) -> Iterator[str]:
    """The mean of every variant, the lowest first."""
    for keys, rows in data.groupby(list(by), sort=False):
        means = rows.groupby("variant", sort=False)[value].mean().sort_values()
        names = [f"{variant} {written(mean)}" for variant, mean in means.items()]
        shown, more = names[:_MOST], len(names) - _MOST
        said = f"{'; '.join(shown)}" + (f"; and {more} more" if more > 0 else "")
        yield f"{', '.join(str(key) for key in keys if key != '')}, from the lowest on: {said}"


def _tell_throughput(data: pd.DataFrame) -> Iterator[str]:
    over_all = data.drop_duplicates(["setting", "mode", "variant"])
    return _tell_means(over_all, "images_per_second_over_all_draws", _speed, "mode", "setting")


def _speed(value: float) -> str:
    return f"{number(value)} images/s"


def _tell_last(data: pd.DataFrame) -> Iterator[str]:
    last = data.sort_values("epoch", kind="stable").groupby(["setting", "arm"], sort=False).tail(1)
    for row in _each(last):
        change = effect_text(row.effect, row.low, row.high, POINTS)
        yield f"{_named(row.arm, row.setting)}, after epoch {row.epoch}: {change} points"


def _tell_curves(data: pd.DataFrame) -> Iterator[str]:
    known = data.dropna(subset="validation_top1_error").sort_values("epoch", kind="stable")
    for (setting, variant), rows in known.groupby(["setting", "variant"], sort=False):
        seeds = rows.groupby("seed")
        first, last = seeds.first(), seeds.last()
        start, end = (percent(100 * ends["validation_top1_error"].mean()) for ends in (first, last))
        epochs = last["epoch"].unique()
        when = f"after epoch {epochs[0]}" if len(epochs) == 1 else "at the end of each seed"
        began = first["epoch"].min()
        yield f"{_named(variant, setting)}: validation error {start}% after epoch {began}, {end}% {when}"


def _tell_rates(data: pd.DataFrame) -> Iterator[str]:
    for (setting, variant), rows in data.groupby(["setting", "variant"], sort=False):
        means = rows.groupby("learning_rate")["error"].mean().dropna()
        if len(means):
            best = f"{percent(means.min())}% at rate {means.idxmin():.3g}"
            yield f"{_named(variant, setting)}: least validation error {best}"


def _tell_terms(data: pd.DataFrame) -> Iterator[str]:
    for row in _each(data):
        yield f"{row.term}: {effect_text(row.effect, row.low, row.high, POINTS)} points of {row.measure}"


def _tell_specifications(data: pd.DataFrame) -> Iterator[str]:
    for (ablation, arm), rows in data.groupby(["ablation", "arm"], sort=False):
        below = int((rows["effect"] < (1 if (rows["unit"] == RATIO).all() else 0)).sum())
        ways = counted(len(rows), "way")
        yield f"{ablation}, {arm}: {below} of {ways} to ask have the arm below its control"


def _tell_filters(data: pd.DataFrame) -> Iterator[str]:
    for (setting, variant), rows in data.groupby(["setting", "variant"], sort=False):
        side, count = rows["row"].max() + 1, rows.groupby(["tower", "kernel"]).ngroups
        yield f"{_named(variant, setting)}: {counted(count, 'kernel')} of {side} by {side} pixels"


_TOLD: dict[str, Callable[[pd.DataFrame], Iterator[str]]] = {
    "forest": _tell_forest,
    "tradeoff": _tell_tradeoff,
    "error": lambda data: _tell_means(
        data, "error_percent", lambda mean: f"{percent(mean)}%", "measure", "setting"
    ),
    "throughput": _tell_throughput,
    "sweep": lambda data: _tell_means(data, "images_per_second", _speed, "mode", "precision", "batch_size"),
    "effect_by_epoch": _tell_last,
    "curves": _tell_curves,
    "error_by_rate": _tell_rates,
    "interaction": _tell_terms,
    "specification": _tell_specifications,
    "filters": _tell_filters,
}
