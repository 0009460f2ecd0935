"""What a row of `effects.csv` says: an arm's effect in one metric and setting."""

import math
from dataclasses import dataclass, replace

from alexnet_bench.analysis.effect import NOT_MEASURED, Effect


@dataclass(frozen=True, kw_only=True)
class Row:
    """One arm, one metric, one setting. The fields are the columns of `effects.csv`.

    Args:
        ablation: that the arm belongs to: the question.
        control: what it is held against.
        arm: name of the variant.
        difference: how the arm differs from the paper's network.
        measure: name of the metric.
        label: what tables call it.
        better: the direction of the metric that is better.
        unit: of the effect and its interval.
        effect: arm minus control (percentage points), or arm over control (ratio).
        low, high: ends of the interval, from four pairs on: of what has a verdict the one that decided it,
            for all arms of the question together; else the 95% t interval.
        low_images, high_images: ends of the 95% interval for other seeds and other test images, where
            predictions are kept.
        better_again: of an error that has an interval, and of which all seeds learned, the probability that
            the arm has the lower one with a fresh seed; null where the pairs do not differ at all.
        better_again_low, better_again_high: ends of its 95% interval, each arm by itself.
        pairs: seeds or draws that it rests on.
        control_value: mean of the control over these; of speeds, what is typical of it in this setting.
        arm_value: what the effect makes of it.
        value_unit: of both.
        kind: `descriptive` (too few pairs for an interval), `interval`, `incomplete` (an interval over the
            seeds or draws that succeeded; others failed, so that there is no verdict), `not comparable`
            (measured under other conditions), `not steady` (no draw reached and kept a steady state)
            or `not measured` (a side has nothing to compare).
        verdict: `better`, `worse`, `equivalent` or `inconclusive`, of the headline error and of throughput;
            empty where none can be given, and for other measures.
        margin: the largest effect that does not matter, in `unit` (of a ratio, the share); null: not stated.
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
        values: the effect in each pair, those after the look of the verdict included.
        setting: equal for records that were measured alike.
        dataset, topology, epochs, batch_size, precision: the conditions.
        tuned: whether each variant was given a learning rate of its own.
        rate_per_seed: whether each of its seeds was.
        device, control_device: of the arm and of the control.
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
    better_again: float = math.nan
    better_again_low: float = math.nan
    better_again_high: float = math.nan
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
    rate_per_seed: bool | None = None
    device: str
    control_device: str
    runs: str

    def on(self, effect: Effect) -> "Row":
        """This row with an effect."""
        size, low, high = effect.size
        return replace(
            self.again(effect),
            effect=size,
            low=low,
            high=high,
            pairs=effect.pairs,
            control_value=effect.control,
            arm_value=effect.arm,
            kind=effect.kind,
            least_deviation=effect.least_deviation,
            values=tuple(effect.in_unit(float(value)) for value in effect.values),
        ).noted(effect.note)

    def again(self, effect: Effect) -> "Row":
        """This row with how likely a fresh seed has the arm better, as the pairs of an effect tell it."""
        likely, low, high = effect.better_again
        return replace(self, better_again=likely, better_again_low=low, better_again_high=high)

    def noted(self, *notes: str) -> "Row":
        """This row with further notes."""
        return replace(self, note="; ".join(note for note in (self.note, *notes) if note))
