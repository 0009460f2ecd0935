"""Local response normalization (Krizhevsky et al. 2012, section 3.3) with its own gradient.

The sum over neighbouring maps is a product with a band matrix, which matrix kernels do at full speed;
`tf.nn.local_response_normalization` walks the maps one by one, forward and backward.
"""

from typing import Any

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("alexnet_bench")
class LocalResponseNormalization(keras.layers.Layer):
    """x / (bias + alpha * sum of x**2 over `depth` adjacent maps) ** beta, for (batch, height, width, maps).

    Args:
        depth: n of the paper, odd: how many maps the sum covers, the own in the middle.
        bias: k of the paper.
        alpha: of the paper.
        beta: of the paper.
        averaged: divide alpha by `depth`, as Caffe and cuda-convnet do; the paper does not.
    """

    def __init__(
        self,
        depth: int = 5,
        bias: float = 2.0,
        alpha: float = 1e-4,
        beta: float = 0.75,
        averaged: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if depth < 1 or depth % 2 == 0:
            raise ValueError(f"depth is {depth}; it must be an odd number of maps")
        self.depth, self.bias, self.alpha, self.beta, self.averaged = depth, bias, alpha, beta, averaged

    def call(self, inputs: Any) -> Any:
        """Normalise; in half precision the sums are formed in float32, where squares cannot overflow."""
        alpha = self.alpha / self.depth if self.averaged else self.alpha
        outputs = _normalize(ops.cast(inputs, "float32"), self.depth, self.bias, alpha, self.beta)
        return ops.cast(outputs, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        own = {name: getattr(self, name) for name in ("depth", "bias", "alpha", "beta", "averaged")}
        return super().get_config() | own


def _normalize(x: Any, depth: int, bias: float, alpha: float, beta: float) -> Any:
    @ops.custom_gradient
    def normalized(x: Any) -> Any:
        base = bias + alpha * _sum_over_neighbours(x * x, depth)
        scale = _inverse_power(base, beta)

        def gradient(*args: Any, upstream: Any = None) -> Any:
            upstream = args[0] if upstream is None else upstream
            shared = _sum_over_neighbours(upstream * x * (scale / base), depth)
            return upstream * scale - (2 * alpha * beta) * x * shared

        return x * scale, gradient

    return normalized(x)


def _sum_over_neighbours(x: Any, depth: int) -> Any:
    maps = x.shape[-1]
    distance = np.abs(np.subtract.outer(np.arange(maps), np.arange(maps)))
    band = (distance <= depth // 2).astype("float32")
    flat = ops.matmul(ops.reshape(x, (-1, maps)), band)
    return ops.reshape(flat, ops.shape(x))


def _inverse_power(base: Any, exponent: float) -> Any:
    # Two square roots cost a fraction of a general power, and 0.75 is the paper's exponent.
    if exponent == 0.75:
        root = ops.rsqrt(base)
        return root * ops.sqrt(root)
    return ops.power(base, -exponent)
