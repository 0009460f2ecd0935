"""With a stand-in for NVML: this machine may have none."""

import sys
from types import SimpleNamespace

import pytest

from alexnet_bench.worker import nvml


class NVMLError(Exception):
    pass


@pytest.fixture
def driver(monkeypatch):
    """Two GPUs that have used 1,000 and 2,000 J, and 3,000 by a UUID."""
    used = {0: 1_000_000, 1: 2_000_000, b"GPU-abc": 3_000_000}
    stand_in = SimpleNamespace(
        NVMLError=NVMLError,
        nvmlInit=lambda: None,
        nvmlDeviceGetCount=lambda: 2,
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetHandleByUUID=lambda uuid: uuid,
        nvmlDeviceGetName=lambda handle: f"GPU {handle}",
        nvmlDeviceGetMemoryInfo=lambda handle: SimpleNamespace(total=2**35, free=2**34 - handle),
        nvmlDeviceGetTotalEnergyConsumption=lambda handle: used[handle],
    )
    monkeypatch.setitem(sys.modules, "pynvml", stand_in)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    nvml._library_and_handles.cache_clear()
    yield stand_in
    nvml._library_and_handles.cache_clear()


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
def test_the_joules_of_the_gpus_in_use_are_summed(driver, monkeypatch, visible, count, joules):
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)

    assert nvml.joules_so_far(count) == joules


def test_gpus_that_count_no_energy_have_none(driver):
    def unsupported(handle):
        raise NVMLError

    driver.nvmlDeviceGetTotalEnergyConsumption = unsupported

    assert nvml.joules_so_far(1) is None


def test_without_a_driver_there_is_none(driver):
    def missing():
        raise NVMLError

    driver.nvmlInit = missing

    assert nvml.joules_so_far(1) is None


def test_without_the_library_there_is_none(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    nvml._library_and_handles.cache_clear()

    assert nvml.joules_so_far(1) is None
    nvml._library_and_handles.cache_clear()


def test_the_visible_gpus_are_named_in_order_with_their_memory(driver, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1,0")

    assert [(gpu.name, gpu.memory_bytes, gpu.free_bytes) for gpu in nvml.visible_gpus()] == [
        ("GPU 1", 2**35, 2**34 - 1),
        ("GPU 0", 2**35, 2**34),
    ]
