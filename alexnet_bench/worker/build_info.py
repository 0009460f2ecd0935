"""What a worker computes with: versions of the libraries, TensorFlow's build, the settings that matter."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# They change what is computed, or how fast.
SETTINGS = (
    "CUDA_DEVICE_MAX_CONNECTIONS",
    "CUDA_LAUNCH_BLOCKING",
    "GLIBC_TUNABLES",
    "KMP_AFFINITY",
    "KMP_BLOCKTIME",
    "LD_PRELOAD",
    "NVIDIA_TF32_OVERRIDE",
)
FAMILIES = ("CUBLAS_", "CUDNN_", "DNNL_", "MALLOC_", "MKL_", "NCCL_", "OMP_", "ONEDNN_", "TF_", "XLA_")
# Terraform's names begin alike.
WITHOUT_EFFECT = ("TF_CPP_", "TF_FORCE_GPU_ALLOW_GROWTH", "TF_CLI_", "TF_VAR_")


def build_info() -> dict[str, Any]:
    """`versions` of Python and the libraries, and `build`: TensorFlow's own, the driver, the settings."""
    import tensorflow as tf

    from alexnet_bench.environment import versions

    compiled = tf.sysconfig.get_build_info()
    build = {name: str(compiled[name]) for name in ("cuda_version", "cudnn_version") if name in compiled}
    driver = _nvidia_driver()
    return {
        "versions": versions(),
        "build": {
            "tensorflow": tf.version.GIT_VERSION,
            "compiler": tf.version.COMPILER_VERSION,
            **build,
            **({"driver": driver} if driver else {}),
            **settings(os.environ),
        },
    }


def settings(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables among these that matter to TensorFlow."""
    return {
        name: value
        for name, value in sorted(environment.items())
        if value and (name in SETTINGS or (name.startswith(FAMILIES) and not name.startswith(WITHOUT_EFFECT)))
    }


def _nvidia_driver() -> str | None:
    try:
        words = Path("/proc/driver/nvidia/version").read_text(encoding="utf-8").split()
    except OSError:
        return None
    return next((word for word in words if word[0].isdigit()), None)
