"""A built variant, and slices of it: consecutive steps with one device synchronisation at the end."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from alexnet_bench.model.build import build_model
from alexnet_bench.plan import LayerPlan
from alexnet_bench.recipe import Recipe
from alexnet_bench.seeds import derive_seed
from alexnet_bench.trial.tensorflow_step import Steps


class Draw:
    """One building of a variant, with one batch of noise resident on its device.

    Args:
        plan: the network.
        recipe: gives the optimizer and the initialisation.
        batch_size: images a step.
        devices: Keras device names for a split; none for one device.
        precision: Keras dtype policy.
        seed: of weights and noise.
        clock: seconds.
    """

    def __init__(
        self,
        plan: LayerPlan,
        recipe: Recipe,
        *,
        batch_size: int,
        devices: Sequence[str] = (),
        precision: str = "float32",
        seed: int = 0,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.clock = clock
        noise = [derive_seed(seed, "noise"), 0]
        self.images = tf.random.stateless_normal((batch_size, *plan.input_shape), noise)
        self.labels = tf.random.stateless_uniform((batch_size,), noise, maxval=plan.classes, dtype=tf.int64)
        started = clock()
        model = build_model(plan, recipe, seed=seed, devices=devices, precision=precision)
        self.steps = Steps(model, recipe)
        # A rate of 0 costs what any rate costs, and the loss stays finite for as long as is timed.
        self.steps.learning_rate.assign(0.0)
        for mode in ("training", "inference"):
            self._run(mode, 1)
        self.compile_seconds = clock() - started

    def slice(self, mode: str, steps: int) -> dict[str, Any]:
        """Time some steps, `training` or `inference`; the clock stops when the device has finished them."""
        started_at, started = time.time(), self.clock()
        self._run(mode, steps)
        return {"seconds": self.clock() - started, "started_at": started_at}

    def _run(self, mode: str, steps: int) -> None:
        for _ in range(steps):
            if mode == "training":
                result, _ = self.steps.train(self.images, self.labels)
            else:
                result = self.steps.infer(self.images)
        result.numpy()
