"""`two-gpu` runs tower k on device k, forward and backward; only what the paper lets cross crosses."""

import re

import numpy as np
import pytest
import tensorflow as tf

from alexnet_bench import ALEXNET
from alexnet_bench.errors import BenchError
from alexnet_bench.model.tensorflow_devices import describe, use_devices
from alexnet_bench.model.tensorflow_step import Steps

SPLIT = ALEXNET.but("two-gpu", placement="split")
BATCH = np.ones((4, 8, 8, 1), "float32"), np.zeros(4, "int64")
CONVOLUTIONS = [f"conv{number}" for number in range(1, 6)]
HIDDEN = ["fc6", "fc7"]
CONTROL = "GroupCrossDeviceControlEdges"  # "that is done", without data


@pytest.fixture(scope="module")
def model(build):
    return build(SPLIT)


@pytest.fixture(scope="module", params=["sgd", "adam"])
def steps(request, model, recipe):
    return Steps(model, recipe.but(optimizer=request.param))


@pytest.fixture(scope="module")
def graph(steps):
    """The compiled training step."""
    return steps.train.get_concrete_function(*map(tf.convert_to_tensor, BATCH)).graph


@pytest.fixture(scope="module")
def partitions(steps):
    """What TensorFlow ran on each device in one training step, its own placement done."""
    from tensorflow.python.eager import context

    context.enable_run_metadata()
    try:
        steps.train(*map(tf.convert_to_tensor, BATCH))
        metadata = context.export_run_metadata()
    finally:
        context.disable_run_metadata()
    return [
        node
        for function in metadata.function_graphs
        for partition in function.partition_graphs
        for node in partition.node
    ]


def device_number(device):
    return int(device.rpartition(":")[2])


def placed(graph, kind):
    """The device of every operation of a kind that belongs to a tower: {(layer, tower): devices}."""
    found = {}
    for operation in graph.get_operations():
        tower = re.search(r"(conv\d|fc\d)_tower(\d)_\d+/", operation.name)
        if operation.type == kind and tower:
            key = tower[1], int(tower[2])
            found.setdefault(key, set()).add(device_number(operation.device))
    return found


def own_device(layers):
    return {(layer, tower): {tower} for layer in layers for tower in range(2)}


@pytest.mark.parametrize(
    ("kind", "layers"),
    [
        ("Conv2D", CONVOLUTIONS),
        ("Conv2DBackpropFilter", CONVOLUTIONS),
        ("Conv2DBackpropInput", CONVOLUTIONS),
        ("MatMul", HIDDEN),
    ],
)
def test_each_tower_computes_on_its_device(graph, kind, layers):
    assert placed(graph, kind) == own_device(layers)


def test_each_tower_keeps_its_weights_on_its_device(model):
    for weight in model.trainable_weights:
        tower = int(found[1]) if (found := re.search(r"_tower(\d)", weight.path)) else 0
        assert device_number(weight.value.device) == tower, weight.path


def test_each_tower_updates_its_weights_on_its_device(partitions):
    updates = [node for node in partitions if node.op.startswith("ResourceApply")]
    decays = [node for node in updates if node.op == "ResourceApplyGradientDescent"]
    # Seven layers of two towers, a kernel and a bias each; fc8 is on the first device. SGD has an operation
    # for the decay of a kernel.
    assert sorted(device_number(node.device) for node in updates if node not in decays) == [0] * 16 + [1] * 14
    assert sorted(device_number(node.device) for node in decays) in ([], [0] * 8 + [1] * 7)


def test_only_joins_read_across(graph, partitions):
    """Between devices go the image, the maps into conv3 and the dense layers, and the gradients by these.

    Single numbers (the learning rate) and the seeds of dropout are not counted; fc8 is on the first device.
    """
    assert sent_by(0, graph, partitions) == {
        "images",
        "pooling2_tower0",
        "flatten_tower0",
        "dropout6_tower0",
        "gradient of conv3_tower0_join",
        "gradient of fc6_tower0_join",
        "gradient of fc7_tower0_join",
        "gradient of fc8_join",
    }
    assert sent_by(1, graph, partitions) == {
        "pooling2_tower1",
        "flatten_tower1",
        "dropout6_tower1",
        "dropout7_tower1",
        "gradient of conv3_tower1_join",
        "gradient of fc6_tower1_join",
        "gradient of fc7_tower1_join",
    }


def sent_by(device, graph, partitions):
    """The layers whose float arrays a device sends to the other."""
    operations = {operation.name: operation for operation in graph.get_operations()}
    sent = set()
    for node in partitions:
        name = re.sub(r"/_\d+$", "", node.name)
        if node.op != "_Send" or device_number(node.device) != device or CONTROL in name:
            continue
        if node.attr["T"].type == tf.float32.as_datatype_enum and operations[name].outputs[0].shape.rank:
            layer = re.search(r"alexnet-8_\d+/(\w+?)_\d+/", name)
            backward = "gradient of " if name.startswith("gradients/") else ""
            sent.add(backward + (layer[1] if layer else name))
    return sent


def test_logical_cpu_devices_are_called_so():
    assert describe(("cpu:0", "cpu:1")) == f"2 logical CPU devices ({describe(('cpu:0',))})"
    assert "GPU" not in describe(("cpu:0", "cpu:1"))


def test_gpus_that_are_not_there():
    with pytest.raises(BenchError, match=r"99 GPUs are needed, \d+ found; use `--devices cpu` or `auto`"):
        use_devices("gpu", 99)
