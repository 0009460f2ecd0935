"""What a GPU needs that this machine lacks, a line each, with what to do."""

import ctypes.util
import os
import re
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from alexnet_bench.words import counted
from alexnet_bench.worker.nvml import visible_gpus

INSTALL = '`pip install "alexnet-bench[gpu]"`'


def read_gpus(root: Path = Path("/")) -> dict[str, Any]:
    """What is there of what a GPU needs; the driver's version is in `proc` under a root."""
    driver = root / "proc/driver/nvidia/version"
    return {
        "gpus": [gpu.name for gpu in visible_gpus()],
        "driver": driver.is_file(),
        "visible_devices": os.environ.get("CUDA_VISIBLE_DEVICES"),
        "nvidia_ml_py": _is_installed("nvidia-ml-py"),
        "libraries_missing": _libraries_missing(),
    }


def lacks(seen: Mapping[str, Any], build: Mapping[str, Any]) -> Iterator[str]:
    """What is missing for a GPU, or for two.

    Args:
        seen: what `read_gpus` gives.
        build: of TensorFlow, as records hold it.
    """
    count, visible = len(seen["gpus"]), seen["visible_devices"]
    if "cuda_version" not in build:
        yield f"this TensorFlow is built without CUDA: on Linux, or Windows' WSL2, {INSTALL}"
    elif missing := seen["libraries_missing"]:
        others = f" and {counted(len(missing) - 1, 'other')}" if len(missing) > 1 else ""
        yield f"CUDA's libraries are missing ({missing[0]}{others}): {INSTALL}"
    if not seen["driver"] and not count:
        yield "no NVIDIA driver is loaded: install one, until `nvidia-smi` lists the GPU"
    if not seen["nvidia_ml_py"]:
        yield f"nvidia-ml-py is missing, which tells batch sizes, memory and energy: {INSTALL}"
    elif visible is not None and not count:
        yield f"CUDA_VISIBLE_DEVICES={visible} hides every GPU: unset it, or name one that there is"
    elif seen["driver"] and not count:
        yield "the driver shows no GPU here: a container is started with `--gpus all`"
    if count == 1:
        yield "one GPU: two-gpu and data-parallel take two; on logical CPU devices they are not compared"


def _libraries_missing() -> list[str]:
    """The packages that TensorFlow's own extra for GPUs asks for; none where the system has the libraries."""
    if ctypes.util.find_library("cudnn"):
        return []
    try:
        wanted = metadata.requires("tensorflow") or []
    except metadata.PackageNotFoundError:
        return []
    names = [re.split(r"[^\w.-]", item)[0] for item in wanted if "and-cuda" in item]
    return [name for name in names if not _is_installed(name)]


def _is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
