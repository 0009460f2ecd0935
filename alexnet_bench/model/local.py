"""A locally connected layer, a convolution whose kernels differ from place to place: Keras 3 has none."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("alexnet_bench")
class LocallyConnected(keras.layers.Layer):
    """A convolution with kernels and biases of its own at every position.

    (batch, height, width, channels) -> (batch, rows, columns, filters). `kernel` is (rows, columns, size,
    size, channels, filters); `bias`, (rows * columns * filters,), is a vector as all biases are.

    Args:
        filters: kernels a position.
        kernel_size: side in pixels.
        strides: in pixels.
        padding: `valid` or `same`, as Keras means it.
        kernel_initializer: of the whole of `kernel`.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        strides: int = 1,
        padding: str = "valid",
        kernel_initializer: Any = "zeros",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters, self.kernel_size, self.strides, self.padding = filters, kernel_size, strides, padding
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape: Any) -> None:
        """Make the weights for images of this size."""
        _, height, width, channels = input_shape
        self.sides = self._windows(height), self._windows(width)
        shape = (*self.sides, self.kernel_size, self.kernel_size, channels, self.filters)
        self.kernel = self.add_weight(shape=shape, initializer=self.kernel_initializer, name="kernel")
        biases = self.sides[0] * self.sides[1] * self.filters
        self.bias = self.add_weight(shape=(biases,), initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        """One matrix product a position, all of them at once: that wants the positions first."""
        rows, columns = self.sides
        positions, seen = rows * columns, self.kernel_size**2 * inputs.shape[-1]
        patches = ops.reshape(self._patches(ops.transpose(inputs, (1, 2, 0, 3))), (positions, -1, seen))
        products = ops.matmul(patches, ops.reshape(self.kernel, (positions, seen, self.filters)))
        outputs = ops.add(products, ops.reshape(self.bias, (positions, 1, self.filters)))
        return ops.transpose(ops.reshape(outputs, (rows, columns, -1, self.filters)), (2, 0, 1, 3))

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """(batch, rows, columns, filters)."""
        batch, height, width, _ = input_shape
        return batch, self._windows(height), self._windows(width), self.filters

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        own = {name: getattr(self, name) for name in ("filters", "kernel_size", "strides", "padding")}
        initializer = keras.initializers.serialize(self.kernel_initializer)
        return super().get_config() | own | {"kernel_initializer": initializer}

    def _windows(self, side: int) -> int:
        """How many windows lie along a side."""
        return -(-(side if self.padding == "same" else side - self.kernel_size + 1) // self.strides)

    def _patches(self, images: Any) -> Any:
        """(height, width, batch, channels) -> (rows, columns, batch, size * size * channels)."""
        height, width, *_ = images.shape
        spans = [(windows - 1) * self.strides + 1 for windows in self.sides]
        if self.padding == "same":
            lacking = [
                max(span + self.kernel_size - 1 - side, 0)
                for span, side in zip(spans, (height, width), strict=True)
            ]
            images = ops.pad(images, [*((own // 2, own - own // 2) for own in lacking), (0, 0), (0, 0)])
        size, within = (*spans, *ops.shape(images)[2:]), range(self.kernel_size)
        # The gradient of Python's slices takes TensorFlow many times as long.
        shifted = [ops.slice(images, (top, left, 0, 0), size) for top in within for left in within]
        patches = ops.concatenate(shifted, -1)
        return patches if self.strides == 1 else patches[:: self.strides, :: self.strides]
