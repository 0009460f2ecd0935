"""Two networks layer by layer: convolution i beside convolution i, and what differs."""

from alexnet_bench import ALEXNET
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.side_by_side import Part, parts_of, side_by_side
from alexnet_bench.network.topology import ALEXNET_227


def parts(**fields):
    variant = ALEXNET.but("other", **fields) if fields else ALEXNET
    return parts_of(make_plan(variant, ALEXNET_227, classes=1000).layers)


def differing(own, reference=None):
    """What differs, by the name of the reference's layer, or of the own one that stands alone."""
    pairs = side_by_side(reference or parts(), own)
    return {(pair.reference or pair.own).name: pair.differences for pair in pairs if pair.differences}


def test_a_network_is_equal_to_itself():
    assert differing(parts()) == {}


def test_one_tower_differs_where_towers_see_half_of_the_maps():
    found = differing(parts(towers=1))

    assert found == {
        name: ["sees all maps instead of its tower's half of the maps", f"+{more:,} parameters"]
        for name, more in (("conv2", 307_200), ("conv4", 663_552), ("conv5", 442_368))
    }


def test_what_is_left_out_is_absent_and_what_comes_in_addition_is_only_here():
    assert differing(parts(normalization="none")) == {
        "normalization1": ["absent"],
        "normalization2": ["absent"],
    }
    assert differing(parts(), parts(dropout=0)) == {"dropout6": ["only here"], "dropout7": ["only here"]}


def test_layers_in_another_order_are_told():
    """As Caffe had it at first: pooling before normalization."""
    own = parts()
    place = next(place for place, part in enumerate(own) if part.name == "pooling1")
    own[place - 1 : place + 1] = own[place], own[place - 1]

    assert differing(own) == {"pooling1": ["comes earlier than in alexnet"]}


def test_another_function_is_named_with_the_one_it_stands_for():
    found = differing(parts(activation="tanh"))

    assert found == {f"activation{number}": ["function tanh instead of relu"] for number in range(1, 8)}


def test_dense_layers_are_paired_from_the_last_one_back():
    whole = parts()
    own = [part for part in whole if part.name not in ("fc6", "activation6", "dropout6")]

    assert differing(own, whole) == {name: ["absent"] for name in ("fc6", "activation6", "dropout6")}


def test_convolutions_are_paired_from_the_first_one_on():
    whole = parts()
    third = next(place for place, part in enumerate(whole) if part.name == "conv3")
    own = [*whole[:third], *(part for part in whole[third:] if part.kind in ("flatten", "dense"))]

    found = differing(own, whole)

    assert found["conv3"] == found["conv5"] == ["absent"]
    assert not {"conv1", "conv2", "flatten"} & found.keys()


def test_a_softmax_at_the_end_is_said_to_be_in_the_loss():
    end = Part(name="softmax", kind="activation", settings={"function": "softmax"}, shape=(1000,))

    assert differing([*parts(), end]) == {"softmax": ["only here; alexnet has it in its loss"]}
