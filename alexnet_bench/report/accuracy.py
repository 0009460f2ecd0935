"""Effects on error: arm minus control, paired by seed."""

from collections.abc import Iterator

import pandas as pd

from alexnet_bench.report.effect import Effect, blank_effect, is_same_network, obstacle
from alexnet_bench.report.metrics import ERRORS, Metric, headline
from alexnet_bench.report.plans import Plans, succeeded
from alexnet_bench.report.settings import Setting, settings
from alexnet_bench.report.words import failures, listed
from alexnet_bench.stats import beats_chance, chance_error, estimate
from alexnet_bench.stats.chance import LEARNED_SHARE


def accuracy_effects(frame: pd.DataFrame, plans: Plans) -> Iterator[Effect]:
    """The rows of every arm's trials."""
    for setting in settings(frame, plans, "trial"):
        trials = succeeded(setting.rows)
        metrics = [metric for metric in ERRORS if metric.of(trials).notna().any()] or [ERRORS[0]]
        for arm in setting.variants:
            if not _is_control(setting, arm, plans):
                yield from (_effect(setting, arm, metric, plans) for metric in metrics)


def did_not_learn(setting: Setting) -> str | None:
    """A sentence, if the control of a setting is no better than chance."""
    trials = succeeded(setting.of(setting.control))
    metric = headline(trials)
    if metric is None:
        return None
    error, classes = metric.of(trials).mean(), setting.conditions["classes"]
    if beats_chance(error / metric.scale, classes):
        return None
    return (
        f"the control {setting.control} did not learn: its mean {metric.label} is {error:.1f}%, a guess's "
        f"{100 * chance_error(classes):.1f}%, and it must be below {LEARNED_SHARE} times that; so there are "
        "no effects on error"
    )


def _is_control(setting: Setting, arm: str, plans: Plans) -> bool:
    """Whether an arm's trials are those of the control, under whatever name."""
    runs = dict.fromkeys(setting.of(arm)["run_id"])
    return all(plans.are_same(run, arm, setting.control) for run in runs)


def _effect(setting: Setting, arm: str, metric: Metric, plans: Plans) -> Effect:
    blank = blank_effect(setting, arm, metric, plans)
    if refused := obstacle(setting, arm, blank):
        return refused
    if reason := did_not_learn(setting):
        return blank.noted(reason)
    both = setting.rows[setting.rows["variant"].isin([arm, setting.control])]
    failed = failures(both, name_variants=True)
    control, treated = (_by_seed(setting.of(name), metric) for name in (setting.control, arm))
    pairs = pd.concat([control, treated], axis=1, join="inner", keys=["control", "arm"])
    if pairs.empty:
        return blank.noted(f"no seed of {arm} and {setting.control} has a value", failed)
    differences = pairs["arm"] - pairs["control"]
    row = blank.estimated(
        estimate(differences.to_numpy()),
        differences,
        control_value=float(pairs["control"].mean()),
        arm_value=float(pairs["arm"].mean()),
    )
    same = f"the same network as {setting.control}" if is_same_network(setting, arm) else ""
    return row.noted(same, failed, _unpaired(control, treated, both))


def _unpaired(control: "pd.Series[float]", treated: "pd.Series[float]", both: pd.DataFrame) -> str:
    """The seeds that one side lacks without having failed."""
    alone = set(control.index).symmetric_difference(treated.index) - set(both["seed"][both["status"] != "ok"])
    return f"only one side has seed {listed(alone)}" if alone else ""


def _by_seed(rows: pd.DataFrame, metric: Metric) -> "pd.Series[float]":
    """The metric by seed; a seed that several runs trained counts once, with its mean."""
    trials = succeeded(rows)
    return metric.of(trials).groupby(trials["seed"].astype(int)).mean().dropna()
