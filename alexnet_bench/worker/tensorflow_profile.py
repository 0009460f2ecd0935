"""Records what a built network's steps are made of, as TensorFlow's profiler sees them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tensorflow as tf

from .timing import Draw

STEP = "bench step"
# How the profiler calls an operation that it sees: its name in the graph, and its type.
_OPERATION = re.compile(r"(?P<name>[^\s:]+):(?P<type>\w+)")


def profile(draw: Draw, mode: str, steps: int, folder: Path) -> dict[str, Any]:
    """Run some steps untraced, then as many traced.

    Args:
        folder: for the trace, which TensorBoard's Profile tab and XProf open.

    Returns:
        `untraced`: seconds of each step without the profiler. `steps`: beginning and end of each traced one,
        in seconds of one clock. `operations`: name, type, beginning and end of each operation.
    """
    untraced = [draw.slice(mode, 1)["seconds"] for _ in range(steps)]
    options = tf.profiler.experimental.ProfilerOptions(
        host_tracer_level=2, python_tracer_level=0, device_tracer_level=1
    )
    tf.profiler.experimental.start(str(folder), options=options)
    try:
        for number in range(steps):
            with tf.profiler.experimental.Trace(STEP, step_num=number, _r=1):
                draw.slice(mode, 1)
    finally:
        tf.profiler.experimental.stop()
    traces = folder.rglob("*.xplane.pb")
    newest = max(traces, key=lambda file: file.stat().st_mtime_ns)
    return {"untraced": untraced} | read_trace(newest.read_bytes())


def read_trace(data: bytes) -> dict[str, Any]:
    """The steps and operations of a trace; of GPUs what ran on them, of which a host only knows the start."""
    from tensorflow.tsl.profiler.protobuf.xplane_pb2 import XSpace

    planes = XSpace.FromString(data).planes
    devices = [plane for plane in planes if plane.name.startswith("/device:GPU:")]
    kernels = [item for plane in devices for item in _kernels(plane)]
    hosts = [plane for plane in planes if plane.name.startswith("/host:CPU")]
    events = [event for plane in hosts for event in _events(plane)]
    return {
        "steps": sorted(times for name, _, times in events if name.split("#")[0] == STEP),
        "operations": kernels or [item for name, _, times in events for item in _operation(name, times)],
    }


def _kernels(plane: Any) -> Iterator[tuple[Any, ...]]:
    """What ran on a GPU, under the operation that it belongs to."""
    for name, stats, times in _events(plane, "Stream"):
        found = list(_operation(stats.get("tf_op", "").rstrip(":"), times))
        yield from found or [("", name, *times)]


def _operation(name: str, times: tuple[float, float]) -> Iterator[tuple[Any, ...]]:
    if found := _OPERATION.fullmatch(name):
        yield found["name"], found["type"], *times


def _events(plane: Any, lines: str = "") -> Iterator[tuple[str, dict[str, str], tuple[float, float]]]:
    """Name, statistics in words, and beginning and end in seconds of each event of some lines."""
    for line in plane.lines:
        if line.name.startswith(lines):
            for event in line.events:
                about = plane.event_metadata[event.metadata_id]
                # Without the years since 1970, a float has room for what the shortest lasts.
                begins = line.timestamp_ns % 10**15 / 1e9 + event.offset_ps / 1e12
                stats = dict(_texts(plane, (*about.stats, *event.stats)))
                yield about.name, stats, (begins, begins + event.duration_ps / 1e12)


def _texts(plane: Any, stats: Any) -> Iterator[tuple[str, str]]:
    for stat in stats:
        if stat.WhichOneof("value") == "ref_value":
            yield plane.stat_metadata[stat.metadata_id].name, plane.stat_metadata[stat.ref_value].name
        elif stat.WhichOneof("value") == "str_value":
            yield plane.stat_metadata[stat.metadata_id].name, stat.str_value
