"""What workers are started with, whatever the user's environment sets."""

import os
from pathlib import Path

import pytest

from alexnet_bench.run.code import Code

USERS = {"PATH": "/bin", "LD_LIBRARY_PATH": "/cuda", "TF_ENABLE_ONEDNN_OPTS": "0", "LC_ALL": "C"}
USERS |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": "/cache"}
OURS = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1", "TF_CPP_MIN_LOG_LEVEL": "2"}
FIXED = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "KERAS_BACKEND": "tensorflow", "PYTHONUTF8": "1"}
HARMFUL = {
    "CUDA_DEVICE_ORDER": "FASTEST_FIRST",
    "KERAS_BACKEND": "jax",
    "KERAS_MAX_EPOCHS": "many",
    "TF_USE_LEGACY_KERAS": "1",
    "TF2_BEHAVIOR": "0",
    "PYTHONINSPECT": "1",
    "PYTHONSTARTUP": "startup.py",
    "PYTHONWARNINGS": "error",
    "PYTHONOPTIMIZE": "2",
    "PYTHONSAFEPATH": "1",
    "PYTHONHASHSEED": "1",
    "PYTHONIOENCODING": "ascii",
    "PYTHONUTF8": "0",
    "PYTHON_GIL": "0",
}
PACKAGES = {"PYTHONPATH": "mine", "PYTHONHOME": "/python", "VIRTUAL_ENV": "/venv"}


@pytest.mark.parametrize(
    ("python", "packages"),
    [({}, PACKAGES), ({"python": Path("/another/python")}, {})],
    ids=["same interpreter", "another"],
)
def test_what_would_change_numbers_or_stop_a_worker_is_not_passed_on(monkeypatch, python, packages):
    """And another interpreter finds its own packages only."""
    monkeypatch.setattr(os, "environ", USERS | HARMFUL | PACKAGES)

    assert Code(**python).environment == USERS | OURS | FIXED | packages


def test_ones_own_settings_come_before_ours(monkeypatch):
    own = {"GLIBC_TUNABLES": "glibc.malloc.check=1"}
    monkeypatch.setattr(os, "environ", own)

    assert Code().environment == OURS | own | FIXED
