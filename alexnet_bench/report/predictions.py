"""Which test images a trial got right, from the files beside the records."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Predictions:
    """The predictions of some runs.

    Args:
        folders: of the runs, by their ids; none where only the records are at hand.
    """

    folders: Mapping[str, Path] = field(default_factory=dict)

    def right(self, trial: Mapping[Hashable, Any], top: int) -> NDArray[np.bool_] | None:
        """Whether each test image's class is among the `top` likeliest: (images,); None without a file."""
        folder, name = self.folders.get(trial["run_id"]), trial["predictions"]
        if folder is None or not isinstance(name, str) or not (folder / name).is_file():
            return None
        with np.load(folder / name) as file:
            hits: NDArray[np.bool_] = (file["likeliest"][:, :top] == file["labels"][:, None]).any(axis=1)
        return hits
