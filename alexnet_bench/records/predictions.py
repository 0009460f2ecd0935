"""What trials left beside their records: which test images they got right, and their first filters."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# The columns of a trial that its predictions are found by.
PREDICTION_COLUMNS = ["run_id", "predictions"]


@dataclass(frozen=True)
class Predictions:
    """The files of some runs' trials.

    Args:
        folders: of the runs, by their ids; none where only the records are at hand.
    """

    folders: Mapping[str, Path] = field(default_factory=dict)

    def right(self, trial: Mapping[Hashable, Any], top: int) -> NDArray[np.bool_] | None:
        """Whether each test image's class is among the `top` likeliest: (images,); None without a file."""
        path = self._file(trial)
        if path is None:
            return None
        with np.load(path) as file:
            hits: NDArray[np.bool_] = (file["likeliest"][:, :top] == file["labels"][:, None]).any(axis=1)
        return hits

    def filters(self, trial: Mapping[Hashable, Any]) -> NDArray[np.float32] | None:
        """The kernels of conv1: (towers, height, width, channels, kernels a tower); None where not kept."""
        path = self._file(trial)
        if path is None:
            return None
        with np.load(path) as file:
            return np.asarray(file["filters"], "float32") if "filters" in file else None

    def _file(self, trial: Mapping[Hashable, Any]) -> Path | None:
        folder, name = self.folders.get(trial["run_id"]), trial["predictions"]
        if folder is None or not isinstance(name, str) or not (folder / name).is_file():
            return None
        return folder / name
