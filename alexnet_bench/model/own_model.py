"""A user's own Keras model, from a file that is executed, as the layers that it is compared by."""

import contextlib
import importlib.util
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras

from alexnet_bench.errors import BenchError
from alexnet_bench.network.side_by_side import Part, seen
from alexnet_bench.words import told

# What comes inside a layer of Keras' and is a layer of its own in a plan.
_NO_ACTIVATION = "linear"
_KINDS = {
    "Conv2D": "convolution",
    "DepthwiseConv2D": "convolution",
    "SeparableConv2D": "convolution",
    "Dense": "dense",
    "Dropout": "dropout",
    "Flatten": "flatten",
    "Activation": "activation",
    "ReLU": "activation",
    "Softmax": "activation",
    "MaxPooling2D": "pooling",
    "AveragePooling2D": "pooling",
    "ZeroPadding2D": "margin",
}
_KERNELS = ("kernel", "depthwise_kernel", "pointwise_kernel")
_TRANSPOSED = tuple(getattr(keras.layers, f"Conv{rank}DTranspose") for rank in (1, 2, 3))
_WITH_KERNELS = (
    keras.layers.Dense,
    *(getattr(keras.layers, f"Conv{rank}D") for rank in (1, 2, 3)),
    *(getattr(keras.layers, f"{kind}Conv{rank}D") for kind in ("Depthwise", "Separable") for rank in (1, 2)),
    *_TRANSPOSED,
)


def read_own_model(file: Path) -> list[Part]:
    """The layers of the `Sequential` that a file defines as `model`, or that its `build()` returns.

    The file is executed, as Python would: what lies beside it can be imported. What it prints goes to
    standard error.

    Raises:
        BenchError: it is absent, raises an error, or defines no such model.
    """
    if not file.is_file():
        raise BenchError(f"{file} is no file; give a Python file that defines a Keras `model` or `build()`")
    with _as_a_script(file):
        model = _model(file)
        _check(file, model)
        return [Part(name="input", kind="input", shape=tuple(model.input_shape[1:])), *_parts(model)]


@contextlib.contextmanager
def _as_a_script(file: Path) -> Iterator[None]:
    """With its folder on the path, its output out of the way, and its errors as one line."""
    folder = str(file.resolve().parent)
    sys.path.insert(0, folder)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except (KeyboardInterrupt, BenchError):
        raise
    except BaseException as error:
        # A user's file may raise anything, and even end the process.
        raise BenchError(f"{file}: {told(error)}; mend it, and see that it runs by itself") from error
    finally:
        sys.path.remove(folder)


def _model(file: Path) -> Any:
    spec = importlib.util.spec_from_file_location("alexnet_bench_own_model", file)
    if spec is None or spec.loader is None:
        raise BenchError(f"{file} is no Python file; give one whose name ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    if hasattr(module, "model"):
        return module.model
    if callable(getattr(module, "build", None)):
        return module.build()
    raise BenchError(f"{file} defines neither `model` nor a function `build()`; name the model so")


def _check(file: Path, model: Any) -> None:
    if not isinstance(model, keras.Sequential):
        raise BenchError(
            f"{file}: its model is of type {type(model).__name__}, which has no one order of layers; "
            "give a keras.Sequential"
        )
    if not model.built or len(model.input_shape) != 4 or None in model.input_shape[1:]:
        raise BenchError(
            f"{file}: its model does not say which images it takes; begin it with "
            "keras.Input((height, width, channels))"
        )


def _parts(model: keras.Model) -> Iterator[Part]:
    """Its layers, those of a model within it too; an activation within a layer is one of its own."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        if _has_layers(layer):
            yield from _parts(layer)
            continue
        shape = tuple(layer.output.shape[1:])
        kind = _kind(layer)
        yield Part(
            name=layer.name,
            kind=kind,
            settings=_settings(layer),
            shape=shape,
            parameters=layer.count_params(),
            macs=_macs(layer),
        )
        activation = getattr(layer, "activation", None)
        if kind != "activation" and (name := _called(activation)) != _NO_ACTIVATION:
            yield Part(
                name=f"{layer.name}: {name}", kind="activation", settings={"function": name}, shape=shape
            )


def _has_layers(layer: Any) -> bool:
    """Whether it is a model that tells its layers: a `Sequential`, or one of inputs and outputs."""
    return isinstance(layer, keras.Sequential) or (
        isinstance(layer, keras.Model) and hasattr(layer, "operations")
    )


def _kind(layer: Any) -> str:
    name = type(layer).__name__
    return "normalization" if "Normalization" in name else _KINDS.get(name, name)


def _settings(layer: Any) -> dict[str, str]:
    found = dict[str, str]()
    if hasattr(layer, "kernel_size"):
        found |= {
            "kernel": _sides(layer.kernel_size),
            "stride": _side(layer.strides),
            "padding": layer.padding,
        }
        found |= {"kernels": str(layer.output.shape[-1]), "sees": seen(getattr(layer, "groups", 1))}
        if math.prod(layer.dilation_rate) != 1:
            found["dilation"] = _side(layer.dilation_rate)
    elif hasattr(layer, "pool_size"):
        takes = "maxima" if "Max" in type(layer).__name__ else "means"
        found |= {"takes": takes, "window": _sides(layer.pool_size)}
        found |= {"stride": _side(layer.strides), "padding": layer.padding}
    elif isinstance(layer, keras.layers.Dense):
        found["units"] = str(layer.units)
    elif isinstance(layer, keras.layers.Dropout):
        found["rate"] = f"{layer.rate:g}"
    elif _kind(layer) == "activation":
        found["function"] = _called(getattr(layer, "activation", None) or type(layer).__name__.lower())
    elif _kind(layer) == "normalization":
        found["function"] = type(layer).__name__
    if getattr(layer, "use_bias", True) is False:
        found["bias"] = "left out"
    return found


def _macs(layer: Any) -> int | None:
    """Of a layer's kernels, each used once a position; None of weights whose use is not known."""
    if not layer.count_params() or _kind(layer) == "normalization":
        return 0
    if not isinstance(layer, _WITH_KERNELS):
        return None
    # What is transposed spreads each position of its input.
    positions = (layer.input if isinstance(layer, _TRANSPOSED) else layer.output).shape[1:-1]
    if None in positions:
        return None
    kernels = [getattr(layer, name) for name in _KERNELS if hasattr(layer, name)]
    return sum(math.prod(kernel.shape) for kernel in kernels) * math.prod(positions)


def _called(function: Any) -> str:
    if function is None:
        return _NO_ACTIVATION
    return function if isinstance(function, str) else getattr(function, "__name__", type(function).__name__)


def _side(pair: tuple[int, ...]) -> str:
    """`2` of equal sides, else `2x1`."""
    return str(pair[0]) if len(set(pair)) == 1 else _sides(pair)


def _sides(pair: tuple[int, ...]) -> str:
    return "x".join(map(str, pair))
