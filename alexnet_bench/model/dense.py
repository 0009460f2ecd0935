"""A dense layer with its own gradient."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("alexnet_bench")
class Dense(keras.layers.Dense):
    """Keras' dense layer, (batch, units) -> (batch, units).

    For few rows and a large kernel, oneDNN takes several times as long for rows by the transposed kernel as
    for the kernel by the transposed rows: the gradient by the inputs is computed in the latter order.
    """

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Multiply by the kernel, and add the bias."""
        # A variable itself has no place in a gradient of one's own; what is read of it has.
        kernel = ops.reshape(self.kernel, self.kernel.shape)
        return ops.add(_product(inputs, kernel), self.bias)


@ops.custom_gradient
def _product(inputs: Any, kernel: Any) -> Any:
    def gradient(*args: Any, upstream: Any = None) -> Any:
        upstream = args[0] if upstream is None else upstream
        by_inputs = ops.transpose(ops.matmul(kernel, ops.transpose(upstream)))
        return by_inputs, ops.matmul(ops.transpose(inputs), upstream)

    return ops.matmul(inputs, kernel), gradient
