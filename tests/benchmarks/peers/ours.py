"""This project's training step: `python ours.py BATCH VARIANT RECIPE PRECISION`."""

import os
import sys

import tensorflow as tf
from serve import serve

from alexnet_bench.environment import versions
from alexnet_bench.model.tensorflow_step import build_steps
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.recipes import RECIPES
from alexnet_bench.network.registry import load_registry
from alexnet_bench.network.topology import ALEXNET_227
from alexnet_bench.worker.timing import Draw

batch, (variant, recipe, precision) = int(sys.argv[1]), sys.argv[2:]
threads = len(os.sched_getaffinity(0))
tf.config.threading.set_intra_op_parallelism_threads(threads)
tf.config.threading.set_inter_op_parallelism_threads(threads)
plan = make_plan(load_registry().variants[variant], ALEXNET_227, classes=1000)
draw = Draw(
    lambda: build_steps(plan, RECIPES[recipe].but(batch_size=batch), seed=0, precision=precision),
    input_shape=plan.input_shape,
    classes=plan.classes,
    batch_size=batch,
    modes=("training",),
)
serve(lambda steps: draw.slice("training", steps), plan.parameters, versions())
