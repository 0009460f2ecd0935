"""Keras' own training step on one resident batch, as `fit` compiles it."""

import os

import keras
import tensorflow as tf
from serve import serve

threads = len(os.sched_getaffinity(0))
tf.config.threading.set_intra_op_parallelism_threads(threads)
tf.config.threading.set_inter_op_parallelism_threads(threads)


def serve_training(model: keras.Model, batch: int) -> None:
    """Serve steps of a compiled model on noise."""
    images = tf.random.stateless_normal((batch, 227, 227, 3), [0, 0])
    labels = tf.random.stateless_uniform((batch,), [0, 0], maxval=1000, dtype=tf.int64)
    batches = iter(tf.data.Dataset.from_tensors((images, labels)).repeat())
    model.make_train_function()

    def run(steps: int) -> None:
        for _ in range(steps):
            model.train_function(batches)
        tf.test.experimental.sync_devices()

    serve(run, model.count_params(), {"tensorflow": tf.__version__, "keras": keras.__version__})
