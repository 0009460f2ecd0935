"""A step's time is shared out among its operations, and nothing of it is lost or counted twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexnet_bench.analysis.profile import NO_LAYER, Operation, layer_of, taken_apart
from alexnet_bench.show.profile import layers_table, operations_table

LAYERS = ["input", "conv1", "activation1", "fc6"]


def profile(*operations, steps=((0.0, 10.0),)):
    return taken_apart([Operation(*item) for item in operations], steps, [9.0], LAYERS)


def seconds(parts):
    return {part.name: (part.forward_seconds, part.backward_seconds) for part in parts}


def test_what_runs_alone_has_all_of_its_time_and_what_runs_together_equal_parts():
    found = profile(
        ("net/conv1/Conv2D", "Conv2D", 1.0, 5.0),
        ("gradients/net/conv1/Conv2D_grad/Filter", "ConvGrad", 3.0, 6.0),
        ("AssignAdd", "Assign", 8.0, 9.0),
    )

    assert seconds(found.layers) == {"conv1": (3.0, 2.0), NO_LAYER: (1.0, 0.0)}
    assert seconds(found.operations) == {"Conv2D": (3.0, 0.0), "ConvGrad": (0.0, 2.0), "Assign": (1.0, 0.0)}
    assert (found.step_seconds, found.untraced_seconds, found.idle_seconds) == (10.0, 9.0, 4.0)
    assert [part.share for part in found.layers] == [0.5, 0.1]


def test_means_are_a_steps_and_what_runs_outside_of_steps_is_left_out():
    found = profile(
        ("net/fc6/MatMul", "MatMul", 0.0, 2.0),
        ("net/fc6/MatMul", "MatMul", 9.0, 21.0),
        ("net/conv1/Conv2D", "Conv2D", 12.0, 18.0),
        steps=((0.0, 10.0), (20.0, 30.0)),
    )

    assert seconds(found.layers) == {"fc6": (2.0, 0.0)}
    (part,) = found.layers
    # One that lasts into the next step is one of both.
    assert part.count == 1.5


MOMENTS = st.integers(0, 40).map(lambda number: number / 4)
OPERATIONS = st.tuples(
    st.sampled_from(["net/conv1/a", "gradients/net/fc6/b", "c"]), st.sampled_from("xyz"), MOMENTS, MOMENTS
).map(lambda item: (*item[:2], min(item[2:]), max(item[2:])))


@given(st.lists(OPERATIONS, max_size=12))
def test_the_parts_and_what_is_left_over_add_up_to_the_step(operations):
    found = profile(*operations, steps=((1.0, 4.0), (4.0, 9.0)))

    for parts in (found.layers, found.operations):
        known = sum(part.forward_seconds + part.backward_seconds for part in parts)
        assert known + found.idle_seconds == pytest.approx(found.step_seconds)
        assert sum(part.share for part in parts) <= 1 + 1e-9
    assert -1e-9 <= found.idle_seconds <= found.step_seconds
    for table in (layers_table(found), operations_table(found)):
        assert table.rows[-1][0] == "the step"
        assert table.rows[-1][-1] == "100.0%"


@pytest.mark.parametrize(
    ("operation", "layer"),
    [
        ("alexnet-32_1/conv1_1/Conv2D", "conv1"),
        ("gradients/alexnet-32_1/conv1_tower0_1/Conv2D_grad/Conv2DBackpropFilter", "conv1"),
        ("alexnet_1/fc6_tower1_join_1/concat", "fc6"),
        ("alexnet_1/activation1/activation1_tower1/Relu", "activation1"),
        ("alexnet_1/conv10/Conv2D", NO_LAYER),
        ("ResourceApplyKerasMomentum", NO_LAYER),
        ("", NO_LAYER),
    ],
)
def test_an_operation_belongs_to_the_layer_that_it_is_named_after(operation, layer):
    assert layer_of(operation, LAYERS) == layer


def test_many_types_of_operations_are_summed_up():
    found = profile(*((f"o{index}", f"T{index}", index / 4, (index + 1) / 4) for index in range(40)))
    table = operations_table(found)

    assert len(table.rows) == 23
    assert table.rows[20][0] == "20 others"
    assert table.rows[20][-1] == "50.0%"
