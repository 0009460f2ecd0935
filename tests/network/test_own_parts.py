"""A user's own block, initializer and optimizer, brought in an ablation file, told apart by their source."""

import pytest

from alexnet_bench import ALEXNET, Recipe, block, initializer, optimizer
from alexnet_bench.errors import BenchError
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.recipe import PAPER
from alexnet_bench.network.registry import load_registry
from alexnet_bench.network.topology import ALEXNET_8
from alexnet_bench.network.trainable import Network

FILE = '''
"""Parts that are called as the shipped ones are, and do something else."""

from alexnet_bench import ALEXNET, Ablation, block, initializer, optimizer


@block()
def relu(**layer):
    import keras

    return keras.layers.Activation("softplus", **layer)


@initializer()
def paper(seed):
    import keras

    return keras.initializers.RandomNormal(stddev=0.02, seed=seed)


@optimizer()
def nesterov(recipe):
    import keras

    return keras.optimizers.SGD(momentum=recipe.momentum, nesterov=True)


def ablation(name, factor, **change):
    return Ablation(name=name, factor=factor, control=ALEXNET, arms=[ALEXNET.but(name, **change)])


A = ablation("mine", "activation", activation=relu)
B = ablation("wider", "recipe.initialization", recipe={"initialization": paper})
C = ablation("looks-ahead", "recipe.optimizer", recipe={"optimizer": nesterov})
'''


@pytest.fixture
def load(write_ablations):
    """The registry with the file above, after replacing something in it."""

    def load(before="", after=""):
        assert before in FILE
        return load_registry(
            [write_ablations({"mine.py": FILE.replace(before, after, 1) if before else FILE})]
        )

    return load


def network(variant):
    plan = make_plan(variant, ALEXNET_8, classes=10, channels=1)
    return Network(variant=variant, plan=plan, recipe=variant.train_with(PAPER))


@pytest.mark.parametrize("name", ["mine", "wider", "looks-ahead"])
def test_a_part_that_is_called_as_a_shipped_one_is_another(load, name):
    (variant,) = load().select(name)

    assert variant.changes.keys() != set()
    assert variant != ALEXNET.but(name)
    assert network(variant).fingerprint != network(ALEXNET).fingerprint


def test_a_sum_contains_the_block_that_is_called_as_the_shipped_one(load):
    (total,) = load().select("mine+no-lrn")
    (mine,) = load().select("mine")

    assert total.changes == {"activation": mine.activation, "normalization": None}
    plan = make_plan(total, ALEXNET_8, classes=10)
    assert {layer.block for layer in plan.layers if layer.kind == "activation"} == {mine.activation}
    with pytest.raises(BenchError, match="sets activation twice"):
        load().select("mine+tanh")


def test_a_sum_contains_the_parts_of_its_recipe(load):
    (total,) = load().select("wider+looks-ahead+no-lrn")

    recipe = total.train_with(PAPER)
    assert (str(recipe.initialization), str(recipe.optimizer)) == ("paper", "nesterov")
    assert recipe.initialization != PAPER.initialization


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("mine", "softplus", "softsign"),
        ("wider", "0.02", "0.03"),
        ("looks-ahead", "nesterov=True", "nesterov=False"),
    ],
)
def test_an_edited_part_is_another_network_and_an_unedited_one_is_not(load, name, before, after):
    (once,), (again,), (edited,) = (
        registry.select(name) for registry in (load(), load(), load(before, after))
    )

    assert once == again != edited
    assert network(once).fingerprint == network(again).fingerprint != network(edited).fingerprint


def test_records_and_requests_hold_the_names_of_parts(load):
    (variant,) = load().select("wider+looks-ahead")

    found = network(variant)
    assert (
        found.columns()["recipe_settings"]
        == found.request([])["recipe"]
        == PAPER.settings | {"optimizer": "nesterov"}
    )
    assert variant.difference == "recipe.initialization paper, recipe.optimizer nesterov"


@pytest.mark.parametrize("name", ["paper", "he", "glorot"])
def test_a_shipped_part_may_be_named_or_given(name):
    named = PAPER.but(initialization=name)

    assert named == PAPER.but(initialization=named.initialization) == Recipe(**named.settings)


def some_function(*arguments):
    """No part: no decorator made one of it."""


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"recipe": {"initialization": some_function}},
            r"give a name \(paper, he, glorot\).*@initializer\(\)",
        ),
        ({"recipe": {"optimizer": some_function}}, r"give a name \(sgd, adam\).*@optimizer\(\)"),
        ({"activation": some_function}, r"give a name \(relu, tanh\).*@block\(\)"),
        ({"recipe": {"initialization": optimizer()(some_function)}}, "@initializer"),
        ({"recipe": {"optimizer": block()(some_function)}}, "@optimizer"),
        ({"normalization": initializer()(some_function)}, "@block"),
        ({"recipe": {"optimizer": "nesterov"}}, "unknown optimizer 'nesterov'"),
    ],
)
def test_what_is_no_such_part_is_refused_with_what_to_do(change, expected):
    with pytest.raises(BenchError, match=expected) as caught:
        ALEXNET.but("mine", **change)

    assert "\n" not in str(caught.value)
