"""What a worker computes with: versions of the libraries, TensorFlow's build, the settings that matter."""

import os
from pathlib import Path
from typing import Any

SETTINGS = (
    "GLIBC_TUNABLES",
    "TF_ENABLE_ONEDNN_OPTS",
    "ONEDNN_MAX_CPU_ISA",
    "ONEDNN_DEFAULT_FPMATH_MODE",
    "TF_XLA_FLAGS",
    "XLA_FLAGS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_CUDNN_DETERMINISTIC",
    "NVIDIA_TF32_OVERRIDE",
    "OMP_NUM_THREADS",
    "LD_PRELOAD",
)


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
            **{name: os.environ[name] for name in SETTINGS if os.environ.get(name)},
        },
    }


def _nvidia_driver() -> str | None:
    try:
        words = Path("/proc/driver/nvidia/version").read_text(encoding="utf-8").split()
    except OSError:
        return None
    return next((word for word in words if word[0].isdigit()), None)
