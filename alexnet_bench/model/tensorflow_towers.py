"""Towers side by side on one device: their channels lie one after the other on the last axis."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import keras
import tensorflow as tf
from keras import ops


@keras.saving.register_keras_serializable("alexnet_bench")
class GroupedConvolution(keras.layers.Conv2D):
    """A convolution in which every tower sees its own channels alone.

    Keras compiles a grouped convolution by XLA on a CPU, which makes it many times slower there. TensorFlow's
    own kernels take most of them as they are; where they do not, each tower has a convolution of its own.
    """

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """What Keras calls for the convolution itself."""
        given = {"strides": self.strides, "padding": self.padding.upper()}
        if _takes_groups(inputs.dtype):
            return tf.nn.conv2d(inputs, kernel, **given)
        parts = zip(tf.split(inputs, self.groups, -1), tf.split(kernel, self.groups, -1), strict=True)
        return tf.concat([tf.nn.conv2d(part, own, **given) for part, own in parts], -1)


@cache
def _takes_groups(dtype: tf.DType) -> bool:
    """Whether the gradients of grouped convolutions can be computed here, which is tried.

    On CPUs, by oneDNN alone: in some builds, and for some types, it is not there.
    """
    with tf.init_scope():
        images, kernel = tf.ones((1, 3, 3, 4), dtype), tf.ones((3, 3, 2, 4), dtype)
        given = {"out_backprop": images, "strides": [1, 1, 1, 1], "padding": "SAME"}
        try:
            tf.raw_ops.Conv2DBackpropInput(input_sizes=images.shape, filter=kernel, **given)
            tf.raw_ops.Conv2DBackpropFilter(input=images, filter_sizes=kernel.shape, **given)
        except tf.errors.OpError:
            return False
    return True


@keras.saving.register_keras_serializable("alexnet_bench")
class TowerAxis(keras.layers.Wrapper):
    """Another layer, which works on the last axis alone, on the towers apart.

    Args:
        layer: what to apply; it has no weights.
        towers: how many there are.
    """

    def __init__(self, layer: keras.Layer, towers: int, **kwargs: Any) -> None:
        # Loading a saved model passes the policy itself.
        super().__init__(layer, **({"dtype": layer.dtype_policy} | kwargs))
        self.towers = towers

    def call(self, inputs: Any) -> Any:
        """Give the towers an axis, apply the layer, and take the axis away."""
        outputs = self.layer(_with_tower_axis(inputs, self.towers))
        return ops.reshape(outputs, ops.shape(inputs))

    def build(self, input_shape: Any = None) -> None:
        """Build the layer for what it is given."""
        *before, channels = input_shape
        super().build((*before, self.towers, channels // self.towers))

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        return super().get_config() | {"towers": self.towers}


@keras.saving.register_keras_serializable("alexnet_bench")
class EachTower(keras.layers.Layer):
    """A layer of its own for each tower.

    Args:
        layers: one a tower.
    """

    def __init__(self, layers: Sequence[keras.Layer], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.layers = list(layers)

    def build(self, input_shape: Any) -> None:
        """Build each for its share of the channels."""
        *before, channels = input_shape
        for layer in self.layers:
            # A loaded one is.
            if not layer.built:
                layer.build((*before, channels // len(self.layers)))

    def call(self, inputs: Any) -> Any:
        """Apply each to its channels."""
        parts = ops.split(inputs, len(self.layers), -1)
        return ops.concatenate([layer(part) for layer, part in zip(self.layers, parts, strict=True)], -1)

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        return super().get_config() | {
            "layers": [keras.saving.serialize_keras_object(item) for item in self.layers]
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "EachTower":
        """The layer that `get_config` describes."""
        layers = [keras.saving.deserialize_keras_object(item) for item in config.pop("layers")]
        return cls(layers, **config)


@keras.saving.register_keras_serializable("alexnet_bench")
class FlattenedTowers(keras.layers.Layer):
    """(batch, height, width, channels) -> (batch, units), one tower's units after the other's.

    Args:
        towers: how many there are.
    """

    def __init__(self, towers: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.towers = towers

    def call(self, inputs: Any) -> Any:
        """Put the towers first, and flatten."""
        apart = ops.transpose(_with_tower_axis(inputs, self.towers), (0, 3, 1, 2, 4))
        _, height, width, channels = inputs.shape
        return ops.reshape(apart, (-1, height * width * channels))

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        return super().get_config() | {"towers": self.towers}


def _with_tower_axis(inputs: Any, towers: int) -> Any:
    *_, channels = inputs.shape
    shape = ops.shape(inputs)
    return ops.reshape(inputs, (*shape[:-1], towers, channels // towers))
