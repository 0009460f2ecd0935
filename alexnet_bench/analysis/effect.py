"""A row of `effects.csv`: what an arm changes against the control, or why that cannot be said."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alexnet_bench.analysis.conditions import Setting
from alexnet_bench.analysis.metrics import Metric
from alexnet_bench.analysis.plans import Plans, present
from alexnet_bench.stats import Estimate

DESCRIPTIVE, INTERVAL, INCOMPLETE = "descriptive", "interval", "incomplete"
NOT_COMPARABLE, NOT_MEASURED, NOT_STEADY = "not comparable", "not measured", "not steady"


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One arm, one metric, one setting. The fields are the columns of `effects.csv`.

    Args:
        ablation: that the arm belongs to.
        control: what it is held against.
        arm: name of the variant.
        difference: how the arm differs from the paper's network.
        measure: name of the metric.
        label: what tables call it.
        better: the direction of the metric that is better.
        unit: of the effect and its interval.
        effect: arm minus control (percentage points), or arm over control (ratio).
        low: end of the 95% t interval, from four pairs on.
        high: likewise.
        low_images: end of the 95% interval for other seeds and other test images, where predictions are kept.
        high_images: likewise.
        pairs: seeds or draws that it rests on.
        control_value: mean of the control over these.
        arm_value: likewise.
        value_unit: of both.
        kind: `descriptive` (too few pairs for an interval), `interval`, `incomplete` (an interval over the
            seeds that went well; others failed, so that it certifies nothing), `not comparable` (measured
            under other conditions), `not steady` (a side was still changing its speed, so that the effect
            certifies nothing) or `not measured` (a side has nothing to compare).
        verdict: `better`, `worse`, `equivalent` or `inconclusive`, of the headline error and of throughput;
            empty where none can be given, and for other measures.
        margin: the largest effect that does not matter, in `unit` (of a ratio, the share).
        least_deviation: what the spread of pairs (of the logarithms of ratios) is taken to be at least, for
            whole test images or the rounds of draws alone make it that.
        p_difference: of no effect, adjusted for the arms that share a verdict's level; of other measures as
            it is.
        p_equivalence: of an effect as large as the margin, likewise.
        pairs_wanted: pairs that would likely have been enough for a verdict; null where there is one, or
            where it takes more than a thousand.
        looks: numbers of pairs after which verdicts were asked for, where pairs were added until there was
            one.
        same_network: whether arm and control are the same network, measured twice: what differs is luck.
        note: what a reader must know.
        values: the effect in each pair.
        setting: equal for records that were measured alike.
        dataset: and the columns that follow: the conditions.
        topology: likewise.
        epochs: likewise.
        batch_size: likewise.
        precision: likewise.
        tuned: whether each variant was given a learning rate of its own.
        device: of the arm.
        control_device: of the control.
        runs: that the records come from.
    """

    ablation: str
    control: str
    arm: str
    difference: str
    measure: str
    label: str
    better: str
    unit: str
    effect: float = math.nan
    low: float = math.nan
    high: float = math.nan
    low_images: float = math.nan
    high_images: float = math.nan
    pairs: int = 0
    control_value: float = math.nan
    arm_value: float = math.nan
    value_unit: str
    kind: str = NOT_MEASURED
    verdict: str = ""
    margin: float = math.nan
    least_deviation: float = 0.0
    p_difference: float = math.nan
    p_equivalence: float = math.nan
    pairs_wanted: int | None = None
    looks: tuple[int, ...] = ()
    same_network: bool = False
    note: str = ""
    values: tuple[float, ...] = ()
    setting: str
    dataset: str | None
    topology: str
    epochs: int | None
    batch_size: int
    precision: str
    tuned: bool | None
    device: str
    control_device: str
    runs: str

    def estimated(self, estimate: Estimate, values: NDArray[np.float64], **columns: Any) -> "Effect":
        """This row with an effect and its value in each pair."""
        return replace(
            self,
            effect=estimate.mean,
            low=estimate.low,
            high=estimate.high,
            pairs=estimate.count,
            kind=DESCRIPTIVE if estimate.descriptive else INTERVAL,
            values=tuple(float(value) for value in values),
            **columns,
        )

    def noted(self, *notes: str) -> "Effect":
        """This row with further notes."""
        return replace(self, note="; ".join(note for note in (self.note, *notes) if note))


def blank_effect(setting: Setting, arm: str, metric: Metric, plans: Plans) -> Effect:
    """The row of an arm's metric before anything is known of the effect."""
    rows, conditions = setting.of(arm), setting.conditions
    return Effect(
        ablation=plans.ablation_of(arm),
        control=setting.control,
        arm=arm,
        difference=plans.difference(arm),
        measure=metric.name,
        label=metric.label,
        better=metric.better,
        unit=metric.effect_unit,
        value_unit=metric.unit,
        setting=setting.name,
        dataset=conditions.get("dataset"),
        topology=conditions["topology"],
        epochs=conditions.get("epochs"),
        batch_size=conditions["batch_size"],
        precision=conditions["precision"],
        tuned=conditions.get("tuned"),
        device=", ".join(present(rows["device"])),
        control_device=", ".join(present(setting.of(setting.control)["device"])),
        same_network=_is_same_network(setting, arm),
        runs=", ".join(dict.fromkeys(rows["run_id"])),
    )


def obstacle(setting: Setting, arm: str, blank: Effect) -> Effect | None:
    """The row that refuses a comparison, where there is a reason to."""
    if reason := setting.refusals.get(arm):
        return replace(blank, kind=NOT_COMPARABLE).noted(reason)
    fingerprints = present(setting.of(arm)["fingerprint"])
    if len(fingerprints) > 1:
        reason = f"fingerprint differs between the records of {arm}: {', '.join(fingerprints)}"
        return replace(blank, kind=NOT_COMPARABLE).noted(reason)
    return None


def _is_same_network(setting: Setting, arm: str) -> bool:
    """Whether an arm and the control have the same fingerprint: an A/A pair."""
    sides = (setting.of(arm), setting.of(setting.control))
    arm_prints, control_prints = (set(present(rows["fingerprint"])) for rows in sides)
    return bool(arm_prints) and arm_prints == control_prints
