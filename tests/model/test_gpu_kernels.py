"""Every operation of a step has a kernel for GPUs: TensorFlow's registry knows them where there are none."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import kernels

from alexnet_bench import ALEXNET
from alexnet_bench.model.tensorflow_step import Steps, build_steps
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.registry import load_registry
from alexnet_bench.network.topology import ALEXNET_8

DEVICES = "cpu:0", "cpu:1"
# What TensorFlow refuses on a GPU that is to be deterministic, by the messages in version 2.21.
NOT_DETERMINISTIC = {
    "Bincount",
    "DenseBincount",
    "FusedBatchNormGrad",
    "FusedBatchNormGradV2",
    "FusedBatchNormGradV3",
    "MaxPoolGradWithArgmax",
    "ResizeNearestNeighborGrad",
    "SoftmaxCrossEntropyWithLogits",
    "SparseSoftmaxCrossEntropyWithLogits",
}
# The plainest steps, and one of each block that brings other operations.
VARIANTS = [
    "alexnet",
    "two-gpu",
    "data-parallel",
    "no-lrn",
    "tanh",
    "gelu",
    "batch-norm",
    "notebook",
    "pad-224",
]

pytestmark = pytest.mark.skipif(
    not tf.test.is_built_with_cuda(), reason="this TensorFlow is built without kernels for GPUs"
)


@pytest.fixture(
    scope="module",
    params=[(name, "float32") for name in VARIANTS]
    + [("alexnet", "mixed_float16"), ("alexnet", "mixed_bfloat16"), ("batch-norm", "mixed_float16")],
    ids="-".join,
)
def nodes(request, recipe):
    """All nodes of the compiled steps of a variant, those of loops and branches included."""
    name, precision = request.param
    (variant,) = load_registry().select(name)
    plan = make_plan(variant, ALEXNET_8, classes=10, channels=1)
    devices = DEVICES if variant.placement != "one-device" else ()
    steps = build_steps(plan, variant.train_with(recipe), seed=0, devices=devices, precision=precision)
    images, labels = np.zeros((2, 4, *plan.input_shape), "float32"), np.zeros((2, 4), "int64")
    given = map(tf.convert_to_tensor, (images, labels, np.zeros((1, 2), "float32")))
    training = steps.train_in_turn.get_concrete_function(*given)
    graphs = [step.graph.as_graph_def() for step in (training, steps.infer.get_concrete_function())]
    functions = {item.signature.name for graph in graphs for item in graph.library.function}
    found = [node for graph in graphs for node in graph.node]
    found += [node for graph in graphs for item in graph.library.function for node in item.node_def]
    return [node for node in found if node.op not in functions]


def kernels_on_gpus(node):
    return [
        kernel
        for kernel in kernels.get_registered_kernels_for_op(node.op).kernel
        if kernel.device_type in ("GPU", "DEFAULT")
        and all(
            set(types(node.attr[rule.name])) <= set(rule.allowed_values.list.type)
            for rule in kernel.constraint
        )
    ]


def types(attribute):
    return attribute.list.type if attribute.WhichOneof("value") == "list" else [attribute.type]


def test_every_operation_has_a_kernel_on_gpus(nodes):
    assert {node.op for node in nodes if not kernels_on_gpus(node)} == set()


def test_no_operation_is_one_that_no_gpu_repeats(nodes):
    assert {node.op for node in nodes} & NOT_DETERMINISTIC == set()


def test_the_registry_knows_what_has_none():
    node = tf.compat.v1.NodeDef(op="RandomIndexShuffle")

    assert kernels_on_gpus(node) == []


def test_the_seed_of_dropout_is_where_its_kernel_reads_it(build, recipe):
    """On the host: what a GPU holds would have to be waited for, twice a step."""
    (kernel,) = kernels_on_gpus(tf.compat.v1.NodeDef(op="StatelessRandomGetKeyCounter"))
    steps = Steps(build(ALEXNET), recipe)
    given = np.zeros((4, 8, 8, 1), "float32"), np.zeros(4, "int64")
    graph = steps.train.get_concrete_function(*map(tf.convert_to_tensor, given)).graph
    seeds = [item.inputs[0] for item in graph.get_operations() if item.type == kernel.op]

    assert "seed" in kernel.host_memory_arg
    assert [seed.device.endswith("CPU:0") for seed in seeds] == [True, True]
