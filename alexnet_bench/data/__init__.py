"""Data sets: labelled images, opened by name, with a seeded validation split."""

from alexnet_bench.data.catalogue import DATASETS, open_dataset
from alexnet_bench.data.dataset import Dataset, Split

__all__ = ["DATASETS", "Dataset", "Split", "open_dataset"]
