"""Tests that need one or two NVIDIA GPUs: `pytest -m gpu` runs them, in about two minutes."""

from functools import cache
from pathlib import Path

import pytest

from alexnet_bench.network.recipe import PAPER, scale_to_small_images

KIND = "gpu"


def pytest_collection_modifyitems(config, items):
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and (reason := _reason(config)):
            item.add_marker(pytest.mark.skip(reason=reason))


def _reason(config):
    """Why they are skipped; nothing where they are not."""
    if config.option.markexpr != "gpu":
        return "GPUs have tests of their own: pytest -m gpu"
    return (
        None
        if _count()
        else "TensorFlow finds no GPU here; `bench doctor --devices cpu` says what is missing"
    )


@cache
def _count():
    import tensorflow as tf

    return len(tf.config.list_physical_devices(KIND.upper()))


@pytest.fixture(autouse=True, scope="session")
def devices():
    """The GPUs in use, two where there are two; kernels are repeatable, and round nothing."""
    import tensorflow as tf

    from alexnet_bench.model.tensorflow_devices import use_devices
    from alexnet_bench.worker.tensorflow_precision import use_precision

    tf.config.experimental.enable_op_determinism()
    found = use_devices(KIND, min(_count(), 2))
    use_precision("float32", len(found))
    return found


@pytest.fixture(scope="session")
def two_devices(devices):
    """Two GPUs."""
    if len(devices) < 2:
        pytest.skip("one GPU; this takes two")
    return devices


@pytest.fixture(scope="session")
def recipe():
    """The paper's training of small networks."""
    return scale_to_small_images(PAPER, 1293)
