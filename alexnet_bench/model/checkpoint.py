"""Where a trial stands at the end of an epoch, on disk: what is killed goes on to the same numbers."""

import json
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from alexnet_bench.environment import cpu_model
from alexnet_bench.records.files import replacing_durably

SECONDS_BETWEEN = 2.0
# Of a trial's time, what writing may take.
LARGEST_SHARE = 0.05
ABOUT = "about.json"


class Checkpoint:
    """A file of a curve and of the values of variables, in a zip archive that holds no pickle.

    Args:
        path: of the file. Its name must tell apart whatever would go on to other numbers.
        variables: all that training changes, TensorFlow's, in an order of their own.
        clock: seconds.
    """

    def __init__(self, path: Path, variables: Sequence[Any], clock: Callable[[], float]) -> None:
        self._path, self._variables, self._clock = path, variables, clock
        self._due = clock() + SECONDS_BETWEEN

    def restore(self) -> list[dict[str, Any]]:
        """Bring the variables to where the file was written, and return the curve so far.

        Nothing changes, and the curve is empty, where there is no file or it cannot be read.
        """
        if not self._path.is_file():
            return []
        try:
            with zipfile.ZipFile(self._path) as archive:
                values = [_read(archive, number, item) for number, item in enumerate(self._variables)]
                about = json.loads(archive.read(ABOUT))
            curve: list[dict[str, Any]] = [dict(row) for row in about["curve"]]
            if about["processor"] != cpu_model():
                raise ValueError(f"it was written on {about['processor']}, which computes other digits")
        # A damaged archive is told by errors of many kinds.
        except Exception as error:
            print(f"{self._path} cannot be read ({error}); the trial starts again", file=sys.stderr)
            return []
        for variable, value in zip(self._variables, values, strict=True):
            variable.assign(value)
        return curve

    def save(self, curve: Sequence[dict[str, Any]]) -> None:
        """Write the file where it is due, seldom enough to cost little; where it cannot be, go on without."""
        started = self._clock()
        if started < self._due:
            return
        try:
            self._path.parent.mkdir(exist_ok=True)
            with replacing_durably(self._path) as file, zipfile.ZipFile(file, "w") as archive:
                for number, variable in enumerate(self._variables):
                    archive.writestr(str(number), variable.numpy().tobytes())
                archive.writestr(ABOUT, json.dumps({"processor": cpu_model(), "curve": list(curve)}))
        except OSError as error:
            print(f"{self._path} cannot be written ({error}); the trial goes on without", file=sys.stderr)
        now = self._clock()
        self._due = now + max(SECONDS_BETWEEN, (now - started) / LARGEST_SHARE)


def _read(archive: zipfile.ZipFile, number: int, variable: Any) -> np.ndarray:
    """What a variable held; it is a ValueError where that does not fit."""
    name, dtype = str(number), variable.dtype.as_numpy_dtype
    expected = int(np.prod(variable.shape)) * np.dtype(dtype).itemsize
    if archive.getinfo(name).file_size != expected:
        raise ValueError(f"it is of another network: {name} holds other than {expected} bytes")
    return np.frombuffer(archive.read(name), dtype).reshape(variable.shape)
