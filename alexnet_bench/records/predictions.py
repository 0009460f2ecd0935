"""What trials left beside their records: which test images they got right, and their first filters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
        kept = self._read(trial)
        if kept is None:
            return None
        hits: NDArray[np.bool_] = (kept["likeliest"][:, :top] == kept["labels"][:, None]).any(axis=1)
        return hits

    def filters(self, trial: Trial) -> NDArray[np.float32] | None:
        """The kernels of conv1: (towers, height, width, channels, kernels a tower); None where not kept."""
        kept = self._read(trial)
        return np.asarray(kept["filters"], "float32") if kept and "filters" in kept else None

    def _read(self, trial: Trial) -> dict[str, NDArray[Any]] | None:
        folder, name = self.folders.get(trial.run_id), trial.predictions
        if folder is None or name is None or not (folder / name).is_file():
            return None
        with np.load(folder / name) as file:
            return dict(file)
