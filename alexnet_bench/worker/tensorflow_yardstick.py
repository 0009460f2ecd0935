"""The yardstick: a matrix product and a pass over memory, the machine's measured peaks."""

import time
from collections.abc import Callable
from typing import Any

import tensorflow as tf

SMALLEST_SIDE, LARGEST_SIDE = 1024, 16384
LONG_ENOUGH_SECONDS = 0.03
MOST_PASSES = 256
FLOATS = 2**25


class Yardstick:
    """A fixed workload on the first device.

    The product's matrices are the smallest powers of two that keep the device busy for 30 ms; the pass adds
    one array of 2**25 floats, which no cache holds, to another, as often as takes 30 ms.

    Args:
        precision: a Keras dtype policy; the product is computed in its compute type.
        clock: seconds.
    """

    def __init__(self, precision: str, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self.type = tf.dtypes.as_dtype(precision.removeprefix("mixed_"))
        self.product = tf.function(lambda a, b: tf.reduce_max(tf.abs(tf.matmul(a, b))[:1, :1]))
        self.side, self.passes = SMALLEST_SIDE, 1
        self._fill()
        while self._repeated(self._multiply) < LONG_ENOUGH_SECONDS and self.side < LARGEST_SIDE:
            self.side *= 2
            self._fill()
        self.array, self.step = tf.Variable(tf.zeros([FLOATS])), tf.ones([FLOATS])
        while self._repeated(self._pass) < LONG_ENOUGH_SECONDS and self.passes < MOST_PASSES:
            self.passes *= 2

    def measure(self) -> dict[str, Any]:
        """Operations a second of the product, and bytes a second read and written by the pass."""
        return {
            "flops_per_second": 2 * self.side**3 / self._multiply(),
            "bytes_per_second": self.passes * 3 * 4 * FLOATS / self._pass(),
        }

    def _fill(self) -> None:
        # Noise: a device may multiply ones faster, with less power.
        self.matrices = [
            tf.cast(tf.random.stateless_normal([self.side, self.side], [0, number]), self.type)
            for number in range(2)
        ]

    def _repeated(self, act: Callable[[], float]) -> float:
        """The second time: the first one pays for what comes once."""
        act()
        return act()

    def _multiply(self) -> float:
        started = self.clock()
        self.product(*self.matrices).numpy()
        return self.clock() - started

    def _pass(self) -> float:
        started = self.clock()
        for _ in range(self.passes):
            self.array.assign_add(self.step)
        self.array[:1].numpy()
        return self.clock() - started
