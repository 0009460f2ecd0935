"""A worker finds a user's own initializer and optimizer by the variant's name."""

import io

import pytest

from alexnet_bench import ALEXNET
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.registry import load_registry
from alexnet_bench.network.topology import ALEXNET_8
from alexnet_bench.network.trainable import Network
from alexnet_bench.worker import host, protocol

FILE = """
from alexnet_bench import ALEXNET, Ablation, initializer, optimizer


@initializer()
def he(seed):
    import keras

    return keras.initializers.HeUniform(seed=seed)


@optimizer()
def nesterov(recipe):
    import keras

    return keras.optimizers.SGD(momentum=recipe.momentum, nesterov=True)


MINE = Ablation(
    name="mine",
    factor="several",
    control=ALEXNET,
    arms=[
        ALEXNET.but("uniform", recipe={"initialization": he}),
        ALEXNET.but("looks-ahead", recipe={"optimizer": nesterov}),
    ],
)
"""


@pytest.fixture
def ask(recipe, write_ablations):
    """What a worker in this process answers that is asked to build a variant of the file above."""
    folder = write_ablations({"mine.py": FILE})

    def ask(name, **changes):
        (variant,) = load_registry([folder]).select(name)
        plan = make_plan(variant, ALEXNET_8, classes=10, channels=1)
        network = Network(variant=variant, plan=plan, recipe=variant.train_with(recipe))
        request = {
            "do": "build",
            **network.request([folder]),
            "classes": 10,
            "channels": 1,
            "seed": 0,
            "batch_size": 8,
            "modes": ["training"],
        }
        request["recipe"] |= changes
        requests, replies = io.BytesIO(), io.BytesIO()
        protocol.send(requests, request)
        requests.seek(0)
        host.serve(requests, replies)
        replies.seek(0)
        return protocol.receive(replies), network

    return ask


def test_it_builds_what_was_planned(ask):
    reply, network = ask("uniform+looks-ahead+no-lrn")

    assert (reply["is"], reply.get("fingerprint")) == ("built", network.fingerprint)
    assert network.recipe != ALEXNET.train_with(network.recipe.but(initialization="he", optimizer="sgd"))


def test_a_part_that_this_code_does_not_have_is_refused(ask):
    """As where base is asked for what only head has."""
    reply, _ = ask("uniform", optimizer="nesterov")

    assert reply["is"] == "refused"
    assert "unknown optimizer 'nesterov'" in reply["error"]
