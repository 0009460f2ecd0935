"""What a precision means: a Keras dtype policy, and whether a GPU may round to TensorFloat-32."""

import os

import tensorflow as tf

from alexnet_bench.errors import BenchError

TF32 = "tf32"
# Ampere and later.
FIRST_WITH_TF32 = (8, 0)


def use_precision(precision: str, gpus: int) -> str:
    """Set TensorFlow for a precision, and return its Keras dtype policy.

    TensorFlow computes float32 with TensorFloat-32 on a GPU that can, unless it is told not to: here it may
    where that is asked for, so that `float32` is one thing on every device.

    Args:
        precision: `tf32`, or a Keras dtype policy.
        gpus: how many are in use.

    Raises:
        BenchError: TensorFloat-32 is asked for, and this device has none.
    """
    if precision == TF32 and (lack := _lack(gpus)):
        raise BenchError(f"precision {TF32} {lack}")
    if gpus:
        tf.config.experimental.enable_tensor_float_32_execution(precision == TF32)
    return "float32" if precision == TF32 else precision


def _lack(gpus: int) -> str | None:
    """Why TensorFloat-32 cannot be had, and what to do; None where it can."""
    if os.environ.get("NVIDIA_TF32_OVERRIDE") == "0":
        return "is switched off by NVIDIA_TF32_OVERRIDE=0; unset it, or use float32"
    for gpu in tf.config.get_visible_devices("GPU") if gpus else [None]:
        details = tf.config.experimental.get_device_details(gpu) if gpu else {}
        if details.get("compute_capability", (0, 0)) < FIRST_WITH_TF32:
            where = details.get("device_name", "this is a CPU")
            return f"takes a GPU of compute capability 8.0 or later ({where}); use float32"
    return None
