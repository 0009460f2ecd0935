"""By how much LRN multiplies at the start of training, on training images.

    python tests/validation/lrn_factor.py cifar10:PATH results/reference/lrn-factor.json

For each LRN of `alexnet` at the topologies below, with fresh weights of three seeds: the root mean square of
what goes in, the mean factor, and the least and largest of its values (the lowest and highest 0.1% left
out). Takes about a minute.
"""

from pathlib import Path
from typing import Any

import numpy as np
from script import arguments, tabulated, write

from alexnet_bench.data import open_dataset
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.recipe import PAPER, scale_to_small_images
from alexnet_bench.network.topology import find_topology
from alexnet_bench.network.variant import ALEXNET

SEEDS, IMAGES = 3, 128
CASES = (("digits", "alexnet-8"), ("cifar10", "alexnet-32"), ("cifar10", "four-layer-32"))


def measure(cifar10: str) -> list[dict[str, Any]]:
    """A row for each data set, topology and LRN: means over seeds, extremes over all."""
    rows = []
    for dataset, topology in CASES:
        by_layer: dict[str, list[np.ndarray]] = {}
        for seed in range(SEEDS):
            name = cifar10 if dataset == "cifar10" else dataset
            for layer, inputs in _inputs(name, topology, seed).items():
                by_layer.setdefault(layer, []).append(inputs)
        for layer, found in by_layer.items():
            values = np.stack(found)
            factors = _factor(values)
            low, high = np.quantile(factors, [0.001, 0.999])
            rows.append(
                {
                    "dataset": dataset,
                    "topology": topology,
                    "layer": layer,
                    "rms": float(np.sqrt((values**2).mean())),
                    "mean": float(factors.mean()),
                    "low": float(low),
                    "high": float(high),
                }
            )
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as Markdown."""
    return tabulated(
        [
            {
                "data": row["dataset"],
                "network": f"`{row['topology']}`",
                "layer": row["layer"],
                "activations, root mean square": f"{row['rms']:.2f}",
                "factor, mean": f"{row['mean']:.4f}",
                "99.8% of factors": f"{row['low']:.4f} to {row['high']:.4f}",
            }
            for row in rows
        ]
    )


def _inputs(dataset: str, topology: str, seed: int) -> dict[str, np.ndarray]:
    """What goes into each LRN, (images, height, width, maps), by the layer's name."""
    import keras

    from alexnet_bench.data.tensorflow_pipeline import Pipeline
    from alexnet_bench.model.build import build_model, made_of

    data = open_dataset(dataset)
    training, _ = data.carve(seed)
    plan = make_plan(ALEXNET, find_topology(topology), classes=len(data.classes), channels=data.channels)
    recipe = scale_to_small_images(PAPER, len(training))
    side = plan.topology.size
    pipeline = Pipeline(data, training, recipe, side=side, input_side=plan.input_shape[0], seed=seed)
    images, *_ = pipeline.evaluation(training.take(np.arange(IMAGES)), IMAGES)
    model = build_model(plan, recipe, seed=seed)
    layers = [layer for layer in plan.layers if layer.kind == "normalization"]
    wanted = [made_of(model, layer)[0].input for layer in layers]
    found = keras.Model(model.input, wanted)(images)
    return {layer.name: np.asarray(value) for layer, value in zip(layers, found, strict=True)}


def _factor(values: np.ndarray) -> np.ndarray:
    """Section 3.3, for maps along the last axis; where towers share it, their edges see each other here."""
    squares = np.pad(values**2, [(0, 0)] * (values.ndim - 1) + [(2, 2)])
    sums = sum(squares[..., start : start + values.shape[-1]] for start in range(5))
    return (2 + 1e-4 * sums) ** -0.75


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("cifar10")
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    rows = measure(options.cifar10)
    write(options.out, rows)
    print(table(rows))
