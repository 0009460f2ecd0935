"""Which TensorFlow devices a worker uses. Called once, before anything else touches TensorFlow."""

import tensorflow as tf

from alexnet_bench.environment import cpu_model
from alexnet_bench.errors import BenchError


def use_devices(kind: str, count: int) -> tuple[str, ...]:
    """Make `count` devices of a kind visible and return their Keras names.

    Args:
        kind: `gpu`, `cpu`, or `auto` for GPUs where there are enough.
        count: how many a variant needs. CPUs are logical ones over the same cores.

    Raises:
        BenchError: fewer GPUs than asked for.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if kind == "gpu" and len(gpus) < count:
        raise BenchError(f"{count} GPUs are needed, {len(gpus)} found; use `--devices cpu` or `auto`")
    if kind == "gpu" or (kind == "auto" and len(gpus) >= count):
        tf.config.set_visible_devices(gpus[:count], "GPU")
        for gpu in gpus[:count]:
            tf.config.experimental.set_memory_growth(gpu, True)
        return tuple(f"gpu:{index}" for index in range(count))
    tf.config.set_visible_devices([], "GPU")
    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * count)
    return tuple(f"cpu:{index}" for index in range(count))


def describe(devices: tuple[str, ...]) -> str:
    """What the devices are, for records and plots; logical CPU devices are called so."""
    if devices[0].startswith("gpu"):
        names = ", ".join(dict.fromkeys(map(_name, tf.config.get_visible_devices("GPU"))))
        return names if len(devices) == 1 else f"{len(devices)} GPUs ({names})"
    return cpu_model() if len(devices) == 1 else f"{len(devices)} logical CPU devices ({cpu_model()})"


def _name(gpu: tf.config.PhysicalDevice) -> str:
    return tf.config.experimental.get_device_details(gpu).get("device_name", "GPU")
