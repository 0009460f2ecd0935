"""The yardstick: a matrix product and a pass over memory, the machine's measured peaks."""

import time
from collections.abc import Callable
from typing import Any

import tensorflow as tf

SMALLEST_SIDE, LARGEST_SIDE = 1024, 16384
LONG_ENOUGH_SECONDS = 0.03
FLOATS = 2**25


class Yardstick:
    """A fixed workload on the first device.

    The product's matrices are the smallest powers of two that keep the device busy for 30 ms; the pass adds
    one array of 2**25 floats, which no cache holds, to another.

    Args:
        precision: a Keras dtype policy; the product is computed in its compute type.
        clock: seconds.
    """

    def __init__(self, precision: str, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self.type = tf.dtypes.as_dtype(precision.removeprefix("mixed_"))
        self.product = tf.function(lambda a, b: tf.reduce_max(tf.abs(tf.matmul(a, b))[:1, :1]))
        self.array = tf.Variable(tf.ones([FLOATS]))
        self.step = tf.ones([FLOATS])
        self.side = SMALLEST_SIDE
        while True:
            self.matrices = [tf.ones([self.side, self.side], self.type) for _ in range(2)]
            self._multiply()
            if self._multiply() > LONG_ENOUGH_SECONDS or self.side >= LARGEST_SIDE:
                break
            self.side *= 2
        self._pass()

    def measure(self) -> dict[str, Any]:
        """Operations a second of the product, and bytes a second read and written by the pass."""
        return {
            "flops_per_second": 2 * self.side**3 / self._multiply(),
            "bytes_per_second": 3 * 4 * FLOATS / self._pass(),
        }

    def _multiply(self) -> float:
        started = self.clock()
        self.product(*self.matrices).numpy()
        return self.clock() - started

    def _pass(self) -> float:
        started = self.clock()
        self.array.assign_add(self.step)
        self.array[:1].numpy()
        return self.clock() - started
