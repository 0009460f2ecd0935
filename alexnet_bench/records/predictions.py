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
    _places: dict[tuple[str, str | None], NDArray[np.uint8] | None] = field(default_factory=dict, init=False)

    def right(self, trial: Trial, top: int) -> NDArray[np.bool_] | None:
        """Whether each test image's class is among the `top` likeliest: (images,); None without a file."""
        # A file is read once, whoever asks: a control's is asked for by every arm.
        key = trial.run_id, trial.predictions
        if key not in self._places:
            self._places[key] = self._place_of_class(trial)
        places = self._places[key]
        return None if places is None else places < top

    def filters(self, trial: Trial) -> NDArray[np.float32] | None:
        """The kernels of conv1: (towers, height, width, channels, kernels a tower); None where not kept."""
        kept = self._read(trial, "filters")
        return np.asarray(kept["filters"], "float32") if kept else None

    def _place_of_class(self, trial: Trial) -> NDArray[np.uint8] | None:
        """The place of each image's class among the likeliest, from 0 on; their number where it is none."""
        kept = self._read(trial, "likeliest", "labels")
        if not kept:
            return None
        hits = kept["likeliest"] == kept["labels"][:, None]
        return np.where(hits.any(axis=1), hits.argmax(axis=1), hits.shape[1]).astype(np.uint8)

    def _read(self, trial: Trial, *wanted: str) -> dict[str, NDArray[Any]]:
        """What is wanted of a trial's file, as far as it is there; each has to be unpacked."""
        folder, name = self.folders.get(trial.run_id), trial.predictions
        if folder is None or name is None or not (folder / name).is_file():
            return {}
        with np.load(folder / name) as file:
            return {key: file[key] for key in wanted if key in file}
