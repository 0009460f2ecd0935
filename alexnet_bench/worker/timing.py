"""A built network, and slices of it: consecutive steps with one device synchronisation at the end."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from . import nvml


class Draw:
    """One building of a network, with one batch of noise resident on its device.

    Args:
        build: makes the compiled steps of the code under test.
        input_shape: (height, width, channels) of the images it reads.
        classes: that it tells apart.
        batch_size: images a step.
        modes: of `training` and `inference`, what is compiled and may be timed.
        gpus: how many of them it uses, for the energy.
        seed: of the noise.
        clock: seconds.
    """

    def __init__(
        self,
        build: Callable[[], Any],
        *,
        input_shape: tuple[int, ...],
        classes: int,
        batch_size: int,
        modes: Sequence[str] = ("training", "inference"),
        gpus: int = 0,
        seed: int = 0,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.clock, self.gpus = clock, gpus
        noise = [seed, 0]
        self.images = tf.random.stateless_normal((batch_size, *input_shape), noise)
        self.labels = tf.random.stateless_uniform((batch_size,), noise, maxval=classes, dtype=tf.int64)
        started = clock()
        self.steps = build()
        # A rate of 0 costs what any rate costs, and the loss stays finite for as long as is timed.
        for rate in getattr(self.steps, "learning_rates", (self.steps.learning_rate,)):
            rate.assign(0.0)
        for mode in modes:
            self._run(mode, 1)
        self.compile_seconds = clock() - started

    def slice(self, mode: str, steps: int) -> dict[str, Any]:
        """Time some steps, `training` or `inference`; the clock stops when every device has finished them."""
        before = nvml.joules_so_far(self.gpus)
        started_at, started = time.time(), self.clock()
        self._run(mode, steps)
        seconds = self.clock() - started
        after = nvml.joules_so_far(self.gpus)
        used = None if before is None or after is None else after - before
        return {"seconds": seconds, "started_at": started_at, "joules": used}

    def _run(self, mode: str, steps: int) -> None:
        step = self._train if mode == "training" else self._infer
        for _ in range(steps):
            step()
        # The last result alone would leave the other devices' part of the last step to the next slice.
        tf.test.experimental.sync_devices()

    def _train(self) -> Any:
        return self.steps.train(self.images, self.labels)

    def _infer(self) -> Any:
        return self.steps.infer(self.images)
