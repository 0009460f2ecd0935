"""A layer that runs, and keeps its weights, on a named device."""

from typing import Any

import keras


@keras.saving.register_keras_serializable("alexnet_bench")
class OnDevice(keras.layers.Wrapper):
    """Another layer, on a device.

    The functional API replays layers outside the scope in which they were called, so the scope has to be
    entered in `call`.

    Args:
        layer: what to run.
        device: a Keras device name such as `gpu:1`.
    """

    def __init__(self, layer: keras.Layer, device: str, **kwargs: Any) -> None:
        # Loading a saved model passes the policy itself.
        super().__init__(layer, **({"dtype": layer.dtype_policy} | kwargs))
        self.device = device

    def build(self, input_shape: Any = None) -> None:
        """Create the weights on the device."""
        with keras.device(self.device):
            super().build(input_shape)

    def call(self, inputs: Any, **kwargs: Any) -> Any:
        """Run the layer on the device."""
        with keras.device(self.device):
            return self.layer(inputs, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        return super().get_config() | {"device": self.device}
