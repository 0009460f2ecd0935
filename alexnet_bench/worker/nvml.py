"""What NVIDIA's driver says of the GPUs that are visible; nothing where its library is not installed."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """One GPU: its name, and its memory in bytes, all of it and what nobody holds now."""

    name: str
    memory_bytes: int
    free_bytes: int


def visible_gpus() -> list[Gpu]:
    """The GPUs that CUDA may use, in its order."""
    return list(_asked(_gpu))


def joules_so_far(count: int) -> float | None:
    """Joules that GPUs have used since their driver was loaded; None where nobody counts them.

    Args:
        count: GPUs in use, the first of the visible ones.
    """
    used = list(_asked(lambda nvml, handle: nvml.nvmlDeviceGetTotalEnergyConsumption(handle), count))
    return sum(used) / 1000 if count and len(used) == count else None


def _asked(question: Callable[[Any, Any], Any], count: int | None = None) -> Iterator[Any]:
    """An answer for each of the visible GPUs, or of the first ones; it ends where the driver has none."""
    nvml, handles = _library_and_handles()
    for handle in handles[:count]:
        try:
            yield question(nvml, handle)
        except nvml.NVMLError:
            return


def _gpu(nvml: Any, handle: Any) -> Gpu:
    memory, name = nvml.nvmlDeviceGetMemoryInfo(handle), nvml.nvmlDeviceGetName(handle)
    return Gpu(name=str(name), memory_bytes=int(memory.total), free_bytes=int(memory.free))


@cache
def _library_and_handles() -> tuple[Any, tuple[Any, ...]]:
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
