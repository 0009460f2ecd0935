"""What the profiler sees of a step, and what is read of its trace."""

import pytest
from tensorflow.tsl.profiler.protobuf.xplane_pb2 import XSpace

from alexnet_bench import ALEXNET
from alexnet_bench.analysis.profile import NO_LAYER, Operation, taken_apart
from alexnet_bench.model.tensorflow_step import build_steps
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.topology import ALEXNET_8
from alexnet_bench.worker import protocol
from alexnet_bench.worker.tensorflow_profile import STEP, profile, read_trace
from alexnet_bench.worker.timing import Draw


@pytest.fixture(scope="module")
def plan():
    return make_plan(ALEXNET, ALEXNET_8, classes=10, channels=1)


@pytest.mark.parametrize(("mode", "is_backward"), [("training", True), ("inference", False)])
def test_a_step_is_made_of_the_operations_of_its_layers(plan, recipe, tmp_path, mode, is_backward):
    draw = Draw(
        lambda: build_steps(plan, recipe, seed=0),
        input_shape=plan.input_shape,
        classes=10,
        batch_size=8,
        modes=[mode],
    )
    found = profile(draw, mode, 3, tmp_path)

    protocol.check_reply({"is": "profile", **found}, "profile")
    assert len(found["steps"]) == len(found["untraced"]) == 3
    layers = [layer.name for layer in plan.layers]
    apart = taken_apart(
        [Operation(*item) for item in found["operations"]], found["steps"], found["untraced"], layers
    )
    named = {part.name for part in apart.layers}
    # Where gradients need nothing in between, a layer is fused with the one after it.
    assert {"activation1", "fc8", NO_LAYER, *(("conv1", "fc6") if is_backward else ())} <= named
    assert any(part.backward_seconds for part in apart.layers) == is_backward
    known = sum(part.share for part in apart.layers)
    assert 0 < known <= 1
    assert known + apart.idle_seconds / apart.step_seconds == pytest.approx(1)
    # As TensorBoard's Profile tab looks for it.
    assert list(tmp_path.glob("plugins/profile/*/*.xplane.pb"))


def trace(*planes):
    """A trace of planes, each a name and lines of events: (name, offset, duration, statistics)."""
    space = XSpace()
    for name, lines in planes:
        plane = space.planes.add(name=name)
        for line_name, events in lines.items():
            line = plane.lines.add(name=line_name, timestamp_ns=10**18 + 1000)
            for event_name, offset, duration, stats in events:
                number = len(plane.event_metadata) + 1
                plane.event_metadata[number].name = event_name
                event = line.events.add(metadata_id=number, offset_ps=offset, duration_ps=duration)
                for stat, value in stats.items():
                    at = len(plane.stat_metadata) + 1
                    plane.stat_metadata[at].name = stat
                    plane.stat_metadata[at + 1].name = value
                    event.stats.add(metadata_id=at, ref_value=at + 1)
    return space.SerializeToString()


HOST = (
    "/host:CPU",
    {
        "python": [(f"{STEP}#step_num=0#", 0, 5_000_000, {}), ("EagerLocalExecute: Relu", 0, 9, {})],
        "tf_Compute/1": [("net/conv1/Conv2D:Conv2D", 1_000_000, 2_000_000, {}), ("Executor::Run", 0, 9, {})],
    },
)


def test_a_hosts_operations_are_those_with_a_name_and_a_type():
    found = read_trace(trace(HOST))

    ((begin, end),) = found["steps"]
    assert end - begin == pytest.approx(5e-6, abs=1e-9)
    ((name, kind, first, last),) = found["operations"]
    assert (name, kind) == ("net/conv1/Conv2D", "Conv2D")
    assert (first - begin, last - first) == (pytest.approx(1e-6, abs=1e-9), pytest.approx(2e-6, abs=1e-9))


def test_of_a_gpu_what_ran_on_it_counts_and_not_when_the_host_began_it():
    gpu = (
        "/device:GPU:0",
        {
            "Stream #13(Compute)": [
                ("sm90_kernel", 3_000_000, 1_000_000, {"tf_op": "net/conv1/Conv2D:Conv2D"}),
                ("MemcpyD2H", 4_000_000, 500_000, {"memcpy_details": "size:4"}),
            ],
            "Launch Stats": [("sm90_kernel", 0, 9, {})],
        },
    )
    found = read_trace(trace(HOST, gpu))

    assert [item[:2] for item in found["operations"]] == [("net/conv1/Conv2D", "Conv2D"), ("", "MemcpyD2H")]
