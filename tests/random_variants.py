"""Hypothesis strategies: variants that differ from the paper's in any of their fields."""

import hypothesis.strategies as st

from alexnet_bench import Variant, block
from alexnet_bench.network.topology import TOPOLOGIES


@block(parameters=lambda channels: 4 * channels)
def counted(**layer):
    """A block with parameters; nothing here builds it."""


FIELDS = {
    "towers": st.sampled_from([1, 2]),
    "kernels": st.sampled_from(["full", "half"]),
    "normalization": st.sampled_from(["lrn", "none", counted]),
    "second_normalization": st.sampled_from(["within-map-lrn", "none"]),
    "order": st.sampled_from(["activation-first", "normalization-first", "code-of-2012"]),
    "activation": st.sampled_from(["relu", "tanh", counted]),
    "pooling": st.sampled_from(["overlapping", "non-overlapping"]),
    "dropout": st.sampled_from([0.0, 0.25, 0.5]),
    "input": st.sampled_from(["valid", "padded"]),
    "placement": st.sampled_from(["one-device", "split"]),
    "removed": st.sampled_from(["none", "conv3", "conv4"]),
    "evaluation": st.sampled_from(["centre", "ten-crops"]),
    "recipe": st.fixed_dictionaries(
        {},
        optional={
            "learning_rate": st.sampled_from([0.01, 0.1]),
            "augmentation": st.sampled_from(["none", "crops-and-flips"]),
        },
    ),
}


def is_possible(fields):
    """Whether one variant can have all of these; only towers can be split."""
    return not (fields.get("placement") == "split" and fields.get("towers", 2) == 1)


def changes():
    """Some fields with a value each."""
    return st.fixed_dictionaries({}, optional=FIELDS).filter(is_possible)


def variants():
    """Variants with every field drawn."""
    return (
        st.fixed_dictionaries(FIELDS).filter(is_possible).map(lambda fields: Variant(name="drawn", **fields))
    )


def topologies():
    """The scales of AlexNet."""
    return st.sampled_from([topology for topology in TOPOLOGIES.values() if topology.towers == 2])
