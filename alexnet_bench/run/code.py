"""The code that a worker runs: where it lies, which interpreter runs it, and in what environment."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import alexnet_bench.worker

ROOT = Path(alexnet_bench.worker.__file__).parents[2]

# Environment variables. How a process happens to lay out its memory makes it up to some percent slower or
# faster for as long as it lives; with huge pages behind the heap (Linux, glibc 2.35 and later), hardly so.
DEFAULTS = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1", "TF_CPP_MIN_LOG_LEVEL": "2"}
# So that the first GPU is the one that the driver, which counts its energy, calls so.
FIXED = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "KERAS_BACKEND": "tensorflow", "PYTHONUTF8": "1"}

# They change what Python, Keras and TensorFlow do.
REMOVED = ("PYTHON", "KERAS_", "TF_USE_LEGACY_KERAS", "TF2_BEHAVIOR")
KEPT = ("KERAS_HOME", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONNOUSERSITE")
# They say where an interpreter finds its packages; another one has packages of its own.
OF_ONE_PYTHON = ("PYTHONHOME", "PYTHONPATH", "PYTHONUSERBASE", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")


@dataclass(frozen=True, kw_only=True)
class Code:
    """What a worker runs, beside the caller's own timing loop.

    Args:
        root: folder that holds its `alexnet_bench`.
        python: the interpreter, with TensorFlow.
        variables: of the environment that it is given; the caller's by default.
    """

    root: Path = ROOT
    python: Path = Path(sys.executable)
    variables: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of workers: without what would change a number or stop one.

        Settings that make TensorFlow quicker or slower are the user's; records hold them in `build`.
        """
        same = self.python.absolute() == Path(sys.executable).absolute()
        kept = (*KEPT, *OF_ONE_PYTHON) if same else KEPT
        removed = REMOVED if same else (*REMOVED, *OF_ONE_PYTHON)
        given = self.variables.items()
        passed = {name: value for name, value in given if name in kept or not name.startswith(removed)}
        return {**DEFAULTS, **passed, **FIXED}
