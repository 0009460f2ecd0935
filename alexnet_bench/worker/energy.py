"""Energy that the GPUs have used, where NVML tells."""

import os
from functools import cache
from typing import Any


def joules_so_far(count: int) -> float | None:
    """Joules that GPUs have used since their driver was loaded; None where nobody counts them.

    Args:
        count: GPUs in use, the first of the visible ones.
    """
    nvml, handles = _gpus()
    if not count or len(handles) < count:
        return None
    try:
        used = sum(nvml.nvmlDeviceGetTotalEnergyConsumption(handle) for handle in handles[:count])
        return float(used) / 1000
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
