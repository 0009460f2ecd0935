"""The environment variables that workers are started with."""

from collections.abc import Mapping

# How a process happens to lay out its memory makes it up to some percent slower or faster for as long as it
# lives. With huge pages behind the heap (Linux, glibc 2.35 and later) that is all but gone.
DEFAULTS = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1", "TF_CPP_MIN_LOG_LEVEL": "2"}
FIXED = {"KERAS_BACKEND": "tensorflow", "PYTHONUTF8": "1"}

# They change what Python, Keras and TensorFlow do.
REMOVED = ("PYTHON", "KERAS_", "TF_USE_LEGACY_KERAS", "TF2_BEHAVIOR")
KEPT = ("KERAS_HOME", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONNOUSERSITE")
# They say where an interpreter finds its packages; another one has packages of its own.
OF_ONE_PYTHON = ("PYTHONHOME", "PYTHONPATH", "PYTHONUSERBASE", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")


def worker_environment(own: Mapping[str, str], *, same_python: bool) -> dict[str, str]:
    """The caller's environment, without what would change a number or stop a worker.

    Settings that make TensorFlow quicker or slower are the user's; records hold them (`worker.build_info`).

    Args:
        own: of this process.
        same_python: whether workers run under its interpreter.
    """
    kept = (*KEPT, *OF_ONE_PYTHON) if same_python else KEPT
    removed = REMOVED if same_python else (*REMOVED, *OF_ONE_PYTHON)
    passed = {name: value for name, value in own.items() if name in kept or not name.startswith(removed)}
    return {**DEFAULTS, **passed, **FIXED}
