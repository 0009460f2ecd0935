"""Which classes are told apart how well, and which are taken for which."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alexnet_bench.analysis.by_class import ClassErrors
from alexnet_bench.analysis.conditions import Setting
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.data import cifar10, fashion_mnist
from alexnet_bench.show.table import Table
from alexnet_bench.words import MISSING, counted, percent

_NAMES = {"cifar10": cifar10.CLASSES, "fashion-mnist": fashion_mnist.CLASSES}
# Of more classes, those that the control has most trouble with; and so many confusions of each variant.
MOST_CLASSES, _MOST_CONFUSED = 20, 5
SHADES = 5


@dataclass(frozen=True, kw_only=True)
class Confusions:
    """What networks take for what.

    Args:
        about: which images were counted, in a sentence.
        errors: a row a variant, a column a class.
        confused: the most frequent confusions, the control's and each arm's.
        variant: whose confusions are shown class by class.
        classes: their names, as rows and columns of the shares.
        shares: in percent of the images of the row's class, as text, each with its shade from 0 to 5.
    """

    about: str
    errors: Table
    confused: Table
    variant: str
    classes: list[str]
    shares: list[list[tuple[str, int]]]


def make_confusions(found: Sequence[ClassErrors], plans: Plans) -> list[Confusions]:
    """One a setting."""
    return [_confusions(one, plans) for one in found]


def confusions_data(found: Sequence[ClassErrors], plans: Plans) -> pd.DataFrame:
    """A row a variant and two classes of which one was taken for the other, or for itself."""
    rows = [
        (one.setting.name, variant, names[true], names[taken], counts[true, taken])
        for one in found
        for names in [class_names(one.setting, plans)]
        for variant, counts in one.counts.items()
        for true, taken in zip(*np.nonzero(counts), strict=True)
    ]
    return pd.DataFrame(rows, columns=["setting", "variant", "class", "taken_for", "images"])


def class_names(setting: Setting, plans: Plans) -> tuple[str, ...]:
    """The names of a setting's classes; their numbers where neither its runs nor its data set tell."""
    count = setting.conditions["classes"]
    known = plans.class_names(setting.runs[0]) or _NAMES.get(setting.conditions["dataset"], ())
    return known if len(known) == count else tuple(str(number) for number in range(count))


def _confusions(found: ClassErrors, plans: Plans) -> Confusions:
    names = class_names(found.setting, plans)
    leading = found.setting.control if found.setting.control in found.counts else next(iter(found.counts))
    counts, errors = found.counts[leading], found.errors[leading]
    shown = np.argsort(-np.nan_to_num(errors), kind="stable")[:MOST_CLASSES]
    shown = np.sort(shown)
    images = int(counts.sum())
    shares = 100 * counts[shown][:, shown] / np.maximum(counts[shown].sum(axis=1, keepdims=True), 1)
    few = (
        "" if len(names) == len(shown) else f" Of {len(names)} classes, those that {leading} gets wrong most."
    )
    return Confusions(
        about=(
            f"{found.setting.conditions['dataset']}: over all seeds, {counted(images, 'image')} of {leading}."
            f"{few}"
        ),
        errors=Table(
            ["Error of the class, %", *(names[at] for at in shown)],
            [
                [variant, *(MISSING if np.isnan(own[at]) else percent(own[at]) for at in shown)]
                for variant, own in found.errors.items()
            ],
        ),
        confused=Table(
            ["Variant", "Class", "Taken for", "Of its images, %"],
            [row for variant in found.counts for row in _most_confused(variant, found, names)],
        ),
        variant=leading,
        classes=[names[at] for at in shown],
        shares=[
            [
                (f"{share:.1f}" if share else "", _shade(share, row == column))
                for column, share in enumerate(line)
            ]
            for row, line in enumerate(shares)
        ],
    )


def _most_confused(variant: str, found: ClassErrors, names: Sequence[str]) -> Iterator[list[str]]:
    counts = found.counts[variant]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    np.fill_diagonal(shares, 0)
    for place in np.argsort(-shares, axis=None, kind="stable")[:_MOST_CONFUSED]:
        true, taken = np.unravel_index(place, shares.shape)
        if shares[true, taken]:
            yield [variant, names[true], names[taken], percent(100 * shares[true, taken])]


def _shade(share: float, is_right: bool) -> int:
    """How dark a share is shown; what is right has no shade, so that what is wrong stands out."""
    return 0 if is_right else min(SHADES, int(np.ceil(share / 2)))
