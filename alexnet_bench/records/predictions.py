"""What trials left beside their records: which test images they got right, and their first filters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alexnet_bench.records.schema import Trial


@dataclass(frozen=True)
class Predictions:
    """The files of some runs' trials.

    Args:
        folders: of the runs, by their ids; none where only the records are at hand.
    """

    folders: Mapping[str, Path] = field(default_factory=dict)

    def right(self, trial: Trial, top: int) -> NDArray[np.bool_] | None:
        """Whether each test image's class is among the `top` likeliest: (images,); None without a file."""
        path = self._file(trial)
        if path is None:
            return None
        with np.load(path) as file:
            hits: NDArray[np.bool_] = (file["likeliest"][:, :top] == file["labels"][:, None]).any(axis=1)
        return hits

    def filters(self, trial: Trial) -> NDArray[np.float32] | None:
        """The kernels of conv1: (towers, height, width, channels, kernels a tower); None where not kept."""
        path = self._file(trial)
        if path is None:
            return None
        with np.load(path) as file:
            return np.asarray(file["filters"], "float32") if "filters" in file else None

    def _file(self, trial: Trial) -> Path | None:
        folder, name = self.folders.get(trial.run_id), trial.predictions
        if folder is None or name is None or not (folder / name).is_file():
            return None
        return folder / name
