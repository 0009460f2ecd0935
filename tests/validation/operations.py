"""How long operations take in the order that is used, and in those that were tried.

    python tests/validation/operations.py results/reference/performance/operations.json
    python tests/validation/operations.py results/reference/performance/operations.json --table

The ways of each take turns, so that a ratio is of one run. Takes a minute; nothing else may run meanwhile.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats
from script import simulate, tabulated

Way = Callable[[], Any]
ROUNDS = 20


def measure() -> dict[str, Any]:
    """Milliseconds of every round, by what is done and how."""
    from alexnet_bench.environment import cpu_model

    done = {**_dense(16), **_dense(64), **_update(), **_lrn()}
    return {"device": cpu_model(), "milliseconds": {what: _in_turn(ways) for what, ways in done.items()}}


def table(found: dict[str, Any]) -> str:
    """Medians, and their ratios to the first way's with 95% intervals over rounds."""
    lines = []
    for what, ways in found["milliseconds"].items():
        first = np.log(next(iter(ways.values())))
        for way, taken in ways.items():
            ratios = np.log(taken) - first
            half = stats.t.ppf(0.975, len(ratios) - 1) * stats.sem(ratios)
            low, mean, high = np.exp(ratios.mean() + np.array([-half, 0, half]))
            ratio = "" if not half else f"{mean:.2f} ({low:.2f} to {high:.2f})"
            lines.append(
                {"what": what, "way": way, "median": f"{np.median(taken):.1f} ms", "over the first": ratio}
            )
    return tabulated(lines, rule="---")


def _in_turn(ways: dict[str, Way]) -> dict[str, list[float]]:
    import tensorflow as tf

    compiled = {
        name: tf.function(way, autograph=False, jit_compile="XLA" in name) for name, way in ways.items()
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    rng = np.random.default_rng(0)
    for number in range(-2, ROUNDS):
        for name in rng.permutation(list(ways)):
            started = time.perf_counter()
            compiled[name]()
            tf.test.experimental.sync_devices()
            # The first ones compile and warm up.
            if number >= 0:
                taken[name].append(round(1000 * (time.perf_counter() - started), 3))
    return taken


def _dense(batch: int) -> dict[str, dict[str, Way]]:
    import tensorflow as tf

    kernel, rows = tf.Variable(tf.random.normal((9216, 4096))), tf.random.normal((batch, 4096))
    return {
        f"fc6's gradient by its inputs, {batch} rows": {
            "kernel by transposed rows (used)": lambda: tf.transpose(tf.matmul(kernel, tf.transpose(rows))),
            "rows by transposed kernel": lambda: tf.matmul(rows, kernel, transpose_b=True),
        }
    }


def _update() -> dict[str, dict[str, Way]]:
    import tensorflow as tf

    kernel, velocity = (tf.Variable(tf.random.normal((9216, 4096))) for _ in range(2))
    gradient, rate, decay, momentum = tf.random.normal((9216, 4096)), tf.Variable(1e-3), 5e-4, 0.9

    def apply(by: Any) -> None:
        tf.raw_ops.ResourceApplyKerasMomentum(
            var=kernel.handle, accum=velocity.handle, lr=rate, grad=by, momentum=momentum
        )

    def used() -> None:
        share = rate * (decay / momentum)
        tf.raw_ops.ResourceApplyGradientDescent(var=velocity.handle, alpha=share, delta=kernel)
        apply(gradient)

    def fused() -> None:
        velocity.assign(momentum * velocity - rate * (gradient + decay * kernel))
        kernel.assign_add(velocity)

    return {
        "fc6's update with weight decay": {
            "taken off the velocity (used)": used,
            "added to the gradient": lambda: apply(gradient + decay * kernel),
            "XLA": fused,
        }
    }


def _lrn() -> dict[str, dict[str, Way]]:
    import tensorflow as tf

    from alexnet_bench.model.lrn import LocalResponseNormalization

    own = LocalResponseNormalization()
    images, upstream = (tf.random.normal((32, 55, 55, 96)) for _ in range(2))

    def both_ways(normalize: Callable[[Any], Any]) -> Way:
        return lambda: tf.gradients(normalize(images), images, upstream)

    return {
        "LRN of (32, 55, 55, 96), forward and backward": {
            "product with a band (used)": both_ways(own),
            "the same under XLA": both_ways(own),
            "TensorFlow's": both_ways(lambda x: tf.nn.local_response_normalization(x, 2, 2.0, 1e-4, 0.75)),
        }
    }


if __name__ == "__main__":
    simulate(__doc__, measure, table)
