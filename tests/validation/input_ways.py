"""Ways to feed training from a folder of photographs, one a process; input.py starts them.

    python tests/validation/input_ways.py WAY FOLDER

Every line of standard input is a turn: so many batches, and a line with how long they took is written.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

import psutil

BATCH = 64
WARM_UP, TIMED = 4, 8
SIDE, CANVAS = 227, 256
CORES = os.cpu_count() or 1

Batches = Callable[[], Iterator[Any]]


def kept(folder: str) -> Batches:
    """This package's, with the canvases in memory."""
    return partial(_pipeline(folder).training, 1000)


def decoded(folder: str) -> Batches:
    """This package's, where memory does not hold the canvases."""
    from alexnet_bench.data import tensorflow_files

    tensorflow_files.MEMORY_SHARE = 0
    return partial(_pipeline(folder).training, 1000)


def in_memory(folder: str) -> Batches:
    """This package's, of images of the network's size."""
    settle()
    return partial(pipeline(images_in_memory(folder)).training, 1000)


def keras_layers(folder: str) -> Batches:
    """TensorFlow's decode_jpeg and resize, and Keras' augmentation."""
    import keras
    import tensorflow as tf

    paths = tf.data.Dataset.list_files(f"{folder}/*/*.jpg", seed=0)
    augment = keras.Sequential(
        [keras.layers.RandomCrop(SIDE, SIDE), keras.layers.RandomFlip("horizontal"), _centred(keras)]
    )

    def decode(path: Any) -> Any:
        image = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
        return tf.image.resize(image, (CANVAS, CANVAS), antialias=True)

    batches = paths.repeat().map(decode, tf.data.AUTOTUNE).batch(BATCH)
    augmented = batches.map(lambda images: augment(images, training=True), tf.data.AUTOTUNE)
    return partial(iter, augmented.prefetch(tf.data.AUTOTUNE))


def torchvision(folder: str) -> Batches:
    """PyTorch's ImageFolder and torchvision's transforms, with a process a core."""
    import torch
    from torchvision import datasets, transforms

    steps = [transforms.Resize(CANVAS), transforms.RandomCrop(SIDE), transforms.RandomHorizontalFlip()]
    scaled = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [1.0] * 3)]
    images = datasets.ImageFolder(folder, transforms.Compose(steps + scaled))
    drawn = torch.utils.data.RandomSampler(images, replacement=True, num_samples=1000 * BATCH)
    return partial(iter, torch.utils.data.DataLoader(images, BATCH, sampler=drawn, num_workers=CORES))


WAYS: dict[str, Callable[[str], Batches]] = {
    "kept": kept,
    "decoded": decoded,
    "memory": in_memory,
    "keras": keras_layers,
    "torchvision": torchvision,
}


def pipeline(dataset: Any) -> Any:
    """The input of one trial, augmented as the paper does."""
    from alexnet_bench.data.tensorflow_pipeline import Pipeline
    from alexnet_bench.network.recipe import PAPER

    recipe = PAPER.but(batch_size=BATCH)
    return Pipeline(dataset, dataset.train, recipe, side=SIDE, input_side=SIDE, seed=0)


def images_in_memory(folder: str) -> Any:
    """As many images as a folder has, of the network's size and of noise: nothing depends on the pixels."""
    from dataclasses import replace

    import numpy as np

    from alexnet_bench.data import Split, open_dataset

    dataset = open_dataset(f"folder:{folder}")
    shape = (len(dataset.train), SIDE, SIDE, 3)
    images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    return replace(dataset, train=Split(labels=dataset.train.labels, images=images), size=SIDE)


def settle() -> None:
    """Threads and determinism as a trial has them."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(CORES)
    tf.config.threading.set_inter_op_parallelism_threads(CORES)
    tf.config.experimental.enable_op_determinism()


def _pipeline(folder: str) -> Any:
    from alexnet_bench.data import open_dataset

    settle()
    return pipeline(open_dataset(f"folder:{folder}"))


def _centred(keras: Any) -> Any:
    return keras.layers.Rescaling(1.0, offset=-120.0)


def _cpu_seconds() -> float:
    """Of this process and those that it started."""
    own = psutil.Process()
    times = [process.cpu_times() for process in (own, *own.children(recursive=True))]
    return sum(taken.user + taken.system for taken in times)


def _turn(batches: Iterator[Any]) -> dict[str, float]:
    # Until as much is being made when the clock starts as when it stops.
    for _ in islice(batches, WARM_UP):
        pass
    started, used = time.perf_counter(), _cpu_seconds()
    for _ in islice(batches, TIMED):
        pass
    seconds, cpu = time.perf_counter() - started, _cpu_seconds() - used
    return {"images_per_second": TIMED * BATCH / seconds, "cpu_milliseconds": 1000 * cpu / TIMED / BATCH}


if __name__ == "__main__":
    way, folder = sys.argv[1:]
    made = WAYS[way](folder)
    for _ in sys.stdin:
        print(json.dumps(_turn(made())), flush=True)
