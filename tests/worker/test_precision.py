"""What `float32` and `tf32` mean, with GPUs made up: there may be none here."""

import pytest
import tensorflow as tf

from alexnet_bench.errors import BenchError
from alexnet_bench.worker import host, nvml
from alexnet_bench.worker.tensorflow_precision import use_precision


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    """What TensorFlow was told of TensorFloat-32; it has a GPU of each generation."""
    told, capabilities = [], {"A100": (8, 0), "T4": (7, 5)}
    config = tf.config.experimental
    monkeypatch.setattr(config, "enable_tensor_float_32_execution", told.append)
    monkeypatch.setattr(
        config,
        "get_device_details",
        lambda name: {"device_name": name, "compute_capability": capabilities[name]},
    )
    monkeypatch.delenv("NVIDIA_TF32_OVERRIDE", raising=False)
    return told


@pytest.fixture
def visible(monkeypatch):
    def make(*names):
        monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: list(names))

    return make


@pytest.mark.parametrize(
    ("precision", "policy", "rounded"),
    [
        ("float32", "float32", False),
        ("tf32", "float32", True),
        ("mixed_float16", "mixed_float16", False),
        ("mixed_bfloat16", "mixed_bfloat16", False),
    ],
)
def test_a_gpu_rounds_where_that_is_asked_for_alone(settings, visible, precision, policy, rounded):
    visible("A100")

    assert use_precision(precision, 1) == policy
    assert settings == [rounded]


def test_a_processor_is_left_as_it_is(settings):
    assert use_precision("float32", 0) == "float32"
    assert settings == []


def test_what_cannot_round_is_refused(visible, monkeypatch):
    with pytest.raises(
        BenchError, match=r"takes a GPU of compute capability 8.0 .*\(this is a CPU\); use float"
    ):
        use_precision("tf32", 0)
    visible("A100", "T4")
    with pytest.raises(BenchError, match=r"\(T4\)"):
        use_precision("tf32", 2)
    visible("A100")
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "0")
    with pytest.raises(BenchError, match="switched off by NVIDIA_TF32_OVERRIDE=0"):
        use_precision("tf32", 1)


@pytest.mark.parametrize(("devices", "refused"), [("auto", True), ("cpu", False)])
def test_a_gpu_that_tensorflow_does_not_find_is_no_reason_to_take_the_cpu(monkeypatch, devices, refused):
    found = nvml.Gpu(name="H200", memory_bytes=1, free_bytes=1)
    monkeypatch.setattr(nvml, "visible_gpus", lambda: [found])
    monkeypatch.setattr(tf.config.threading, "set_intra_op_parallelism_threads", lambda count: None)
    monkeypatch.setattr(tf.config.threading, "set_inter_op_parallelism_threads", lambda count: None)
    monkeypatch.setattr(tf.config, "set_visible_devices", lambda *given: None)
    monkeypatch.setattr(tf.config, "set_logical_device_configuration", lambda *given: None)
    asked = {"do": "settle", "protocol": host.protocol.VERSION, "threads": (1, 1), "deterministic": False}

    reply = host._Host(lambda message: None).answer(asked | {"devices": devices, "device_count": 1})

    assert reply["is"] == ("refused" if refused else "settled")
    assert not refused or "does not find the GPU that the driver has (H200); `bench doctor" in reply["error"]
