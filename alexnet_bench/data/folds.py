"""A user's own images, few of them: each is tested once by a network that has not seen it."""

from dataclasses import replace

import numpy as np

from alexnet_bench.data.dataset import Dataset, Description, Split
from alexnet_bench.data.folder import open_folder

FOLDS = 4
"""Verdicts are asked for after 4, 8, 16, … seeds: whole rounds of this many."""

# A tenth of few images would be too few to choose a rate on.
VALIDATION_SHARE = 0.2


def open_folds(path: str | None) -> Dataset:
    """Return all images under `path`, of which every seed holds out another of four stratified folds."""
    found = open_folder(path)
    train, test = found.train, found.test
    everything = Split(
        labels=np.concatenate([train.labels, test.labels]),
        paths=(*train.paths, *test.paths),
        orientations=np.concatenate([train.orientations, test.orientations]),
    )
    return replace(
        found,
        name=found.name.replace("folder:", "folds:", 1),
        train=everything,
        test=everything.take([]),
        test_name="held-out",
        validation_share=VALIDATION_SHARE,
        folds=FOLDS,
    )


FOLDS_OF_A_FOLDER = Description(
    spec="folds:PATH",
    help="few photographs of your own, cross-validated: each seed tests another quarter of PATH/<class>/",
    topology="alexnet-227",
    open=open_folds,
)
