"""cuda-convnet's response normalization within each map, with its own gradient."""

from typing import Any

import keras
import numpy as np
from keras import ops

# Its text is hashed as that of the paper's LRN, so it keeps the name it has.
from alexnet_bench.model.lrn import _inverse_power


@keras.saving.register_keras_serializable("alexnet_bench")
class WithinMapNormalization(keras.layers.Layer):
    """x / (bias + alpha * mean of x**2 over a window) ** beta, for (batch, height, width, maps).

    A window is square, of the pixel's own map, and the pixel is in its middle; beyond the edges are zeros.

    Args:
        size: of the window, in pixels a side, odd.
        bias: what is added, 1 in cuda-convnet.
        alpha: the `scale` of cuda-convnet's files, which its code divides by the window's pixels.
        beta: their `pow`.
    """

    def __init__(
        self, size: int = 5, bias: float = 1.0, alpha: float = 1e-3, beta: float = 0.75, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if size < 1 or size % 2 == 0:
            raise ValueError(f"size is {size}; it must be an odd number of pixels")
        self.size, self.bias, self.alpha, self.beta = size, bias, alpha, beta

    def call(self, inputs: Any) -> Any:
        """Normalise; in half precision the means are formed in float32, where squares cannot overflow."""
        outputs = _normalize(ops.cast(inputs, "float32"), self.size, self.bias, self.alpha, self.beta)
        return ops.cast(outputs, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        own = {name: getattr(self, name) for name in ("size", "bias", "alpha", "beta")}
        return super().get_config() | own


def _normalize(x: Any, size: int, bias: float, alpha: float, beta: float) -> Any:
    @ops.custom_gradient
    def normalized(x: Any) -> Any:
        base = bias + alpha * _mean_in_window(x * x, size)
        scale = _inverse_power(base, beta)

        def gradient(*args: Any, upstream: Any = None) -> Any:
            upstream = args[0] if upstream is None else upstream
            # The window is symmetric, so what a pixel adds to its neighbours is what they add to it.
            shared = _mean_in_window(upstream * x * (scale / base), size)
            return upstream * scale - (2 * alpha * beta) * x * shared

        return x * scale, gradient

    return normalized(x)


def _mean_in_window(x: Any, size: int) -> Any:
    kernel = np.full((size, size, x.shape[-1], 1), 1 / size**2, "float32")
    return ops.depthwise_conv(x, kernel, padding="same")
