"""With a stand-in for NVML: this machine may have none."""

import sys
from types import SimpleNamespace

import pytest

from alexnet_bench.worker import energy


class NVMLError(Exception):
    pass


@pytest.fixture
def nvml(monkeypatch):
    """Two GPUs that have used 1,000 and 2,000 J, and 3,000 by a UUID."""
    used = {0: 1_000_000, 1: 2_000_000, b"GPU-abc": 3_000_000}
    stand_in = SimpleNamespace(
        NVMLError=NVMLError,
        nvmlInit=lambda: None,
        nvmlDeviceGetCount=lambda: 2,
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetHandleByUUID=lambda uuid: uuid,
        nvmlDeviceGetTotalEnergyConsumption=lambda handle: used[handle],
    )
    monkeypatch.setitem(sys.modules, "pynvml", stand_in)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    energy._gpus.cache_clear()
    yield stand_in
    energy._gpus.cache_clear()


@pytest.mark.parametrize(
    ("visible", "count", "joules"),
    [
        (None, 1, 1000),
        (None, 2, 3000),
        ("1", 1, 2000),
        ("1,0", 2, 3000),
        ("GPU-abc", 1, 3000),
        ("0", 2, None),
        ("", 1, None),
        (None, 0, None),
    ],
)
def test_the_joules_of_the_gpus_in_use_are_summed(nvml, monkeypatch, visible, count, joules):
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)

    assert energy.joules_so_far(count) == joules


def test_gpus_that_count_no_energy_have_none(nvml):
    def unsupported(handle):
        raise NVMLError

    nvml.nvmlDeviceGetTotalEnergyConsumption = unsupported

    assert energy.joules_so_far(1) is None


def test_without_a_driver_there_is_none(nvml):
    def missing():
        raise NVMLError

    nvml.nvmlInit = missing

    assert energy.joules_so_far(1) is None


def test_without_the_library_there_is_none(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    energy._gpus.cache_clear()

    assert energy.joules_so_far(1) is None
    energy._gpus.cache_clear()
