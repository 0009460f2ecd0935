"""Energy that the GPUs have used, where NVML tells."""

import os
from functools import cache
from typing import Any


def joules_so_far() -> float | None:
    """Joules that the visible GPUs have used since their driver was loaded; None where nobody counts them."""
    nvml, handles = _gpus()
    if not handles:
        return None
    try:
        return sum(nvml.nvmlDeviceGetTotalEnergyConsumption(handle) for handle in handles) / 1000
    except nvml.NVMLError:
        return None


@cache
def _gpus() -> tuple[Any, tuple[Any, ...]]:
    try:
        import pynvml as nvml
    except ImportError:
        return None, ()
    try:
        nvml.nvmlInit()
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        names = range(nvml.nvmlDeviceGetCount()) if visible is None else filter(None, visible.split(","))
        return nvml, tuple(_handle(nvml, str(name).strip()) for name in names)
    except nvml.NVMLError:
        return None, ()


def _handle(nvml: Any, name: str) -> Any:
    if name.isdigit():
        return nvml.nvmlDeviceGetHandleByIndex(int(name))
    return nvml.nvmlDeviceGetHandleByUUID(name.encode())
