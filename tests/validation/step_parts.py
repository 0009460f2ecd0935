"""What a training step is made of, by type of operation, from TensorFlow's profiler.

    python tests/validation/step_parts.py results/reference/performance/step-parts.json
    python tests/validation/step_parts.py results/reference/performance/step-parts.json --table

Operations run one after the other, so that their times add up to the step. Takes a minute, on a
machine that does nothing else.
"""

import multiprocessing
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
from script import simulate, tabulated

from alexnet_bench.words import number

# Variant, recipe, topology, images a step, threads (None: as many as there are cores), steps that are traced.
NETWORKS = {
    "`alexnet-8`, batch 32": ("alexnet", "paper", "alexnet-8", 32, 1, 50),
    "`alexnet-227`, batch 16": ("alexnet", "paper", "alexnet-227", 16, None, 5),
    "`alexnet-227`, batch 64": ("alexnet", "paper", "alexnet-227", 64, None, 3),
    "`notebook`, batch 64": ("notebook", "notebook", "alexnet-227", 64, None, 3),
}
WARM_UP = 3
# What takes less of every step is not shown by itself.
LEAST_SHARE = 0.03
# As TensorFlow calls what oneDNN computes, and what is fused with another operation.
FORMS = ("_MklNativeFused", "_MklNative", "_MklFused", "_Mkl", "_Fused")
LARGEST = "`alexnet-227`, batch 64"


def measure() -> dict[str, Any]:
    """Milliseconds of a step, and of each type of operation in it."""
    from alexnet_bench.environment import cpu_model, versions

    # The threads of TensorFlow's pools can be chosen once in a process.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, max_tasks_per_child=1) as pool:
        found = dict(zip(NETWORKS, pool.map(_traced, NETWORKS.values()), strict=True))
    return {"device": cpu_model(), "versions": versions(), "milliseconds": found}


def table(found: dict[str, Any]) -> str:
    """A line for each type of operation, a column for each network."""
    networks = found["milliseconds"]
    steps = pd.Series({name: row["step"] for name, row in networks.items()})
    every = pd.DataFrame({name: row["operations"] for name, row in networks.items()}).fillna(0.0)
    is_shown = (every / steps).max(axis=1) >= LEAST_SHARE
    shown = every[is_shown].sort_values(by=LARGEST, ascending=False)
    lines = [_line(f"`{kind}`", times, steps) for kind, times in shown.iterrows()]
    others = _line("other operations", every[~is_shown].sum(), steps)
    between = _line("between operations", steps - every.sum(), steps)
    return tabulated([*lines, others, between, _line("the step", steps, steps)], rule="---")


def _line(title: str, times: pd.Series, steps: pd.Series) -> dict[str, str]:
    cells = {
        name: f"{number(time)} ms, {time / steps[name]:.0%}" if time else "" for name, time in times.items()
    }
    return {"operation": title, **cells}


def _traced(network: tuple[Any, ...]) -> dict[str, Any]:
    import tensorflow as tf

    from alexnet_bench.environment import usable_cores
    from alexnet_bench.model.tensorflow_step import build_steps
    from alexnet_bench.network.plan import make_plan
    from alexnet_bench.network.recipes import RECIPES
    from alexnet_bench.network.registry import load_registry
    from alexnet_bench.network.topology import find_topology
    from alexnet_bench.worker.timing import Draw

    variant, recipe, topology, batch, threads, count = network
    tf.config.threading.set_intra_op_parallelism_threads(threads or usable_cores())
    tf.config.threading.set_inter_op_parallelism_threads(1)
    plan = make_plan(
        load_registry().variants[variant],
        find_topology(topology),
        classes=10 if topology == "alexnet-8" else 1000,
    )
    draw = Draw(
        lambda: build_steps(plan, RECIPES[recipe].but(batch_size=batch), seed=0),
        input_shape=plan.input_shape,
        classes=plan.classes,
        batch_size=batch,
        modes=("training",),
    )
    draw.slice("training", WARM_UP)
    with tempfile.TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder):
            seconds = draw.slice("training", count)["seconds"]
        operations = Counter[str]()
        for kind, milliseconds in _operations(next(Path(folder).rglob("*.xplane.pb"))):
            operations[kind] += milliseconds / count
    return {
        "step": round(1000 * seconds / count, 4),
        "operations": {kind: round(value, 4) for kind, value in operations.most_common()},
    }


def _operations(trace: Path) -> Iterator[tuple[str, float]]:
    """The type of each operation that ran, and its milliseconds."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    space = xplane_pb2.XSpace.FromString(trace.read_bytes())
    (plane,) = (plane for plane in space.planes if plane.name == "/host:CPU")
    for line in plane.lines:
        for event in line.events:
            about = plane.event_metadata[event.metadata_id]
            # An operation is called by its name and its type, and shown by its type.
            if about.display_name and about.name.endswith(f":{about.display_name}"):
                yield _kind(about.display_name), event.duration_ps / 1e9


def _kind(shown: str) -> str:
    form = next((form for form in FORMS if shown.startswith(form)), "")
    return shown.removeprefix(form).removesuffix("WithBias")


if __name__ == "__main__":
    simulate(__doc__, measure, table)
