"""Saves a checkpoint twice, in a process that can be killed; the second one stands for later weights.

python made_up_checkpoint.py PATH
"""

import sys
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from alexnet_bench.model.checkpoint import Checkpoint


class Variable:
    """What a checkpoint asks of one of TensorFlow's."""

    dtype, shape = SimpleNamespace(as_numpy_dtype=np.float32), (1000,)

    def __init__(self):
        self.value = np.zeros(self.shape, np.float32)

    def numpy(self):
        return self.value

    def assign(self, value):
        self.value = value


def opened(path):
    """A checkpoint and what it keeps; an hour lies between two savings, and none takes any time."""
    variables, looks = [Variable(), Variable()], (3600.0 * ((number + 1) // 2) for number in count())
    return Checkpoint(path, variables, looks.__next__), variables


def saved(epochs):
    """The curve after some epochs, and what both variables hold."""
    return [{"epoch": epoch + 1} for epoch in range(epochs)], float(epochs)


if __name__ == "__main__":
    checkpoint, variables = opened(Path(sys.argv[1]))
    for epochs in (1, 2):
        curve, value = saved(epochs)
        for variable in variables:
            variable.assign(np.full(Variable.shape, value, np.float32))
        checkpoint.save(curve)
