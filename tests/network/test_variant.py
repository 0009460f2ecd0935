from dataclasses import FrozenInstanceError, fields

import pytest
from hypothesis import given
from random_variants import changes

from alexnet_bench import ALEXNET, Block, Variant, block
from alexnet_bench.errors import BenchError, VariantError
from alexnet_bench.network.parts import BLOCKS
from alexnet_bench.network.recipe import PAPER


def refusal(**fields):
    """The message with which a variant of these fields is refused."""
    with pytest.raises(BenchError) as caught:
        ALEXNET.but("mine", **fields)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_defaults_are_the_papers():
    assert Variant(name="alexnet") == ALEXNET
    assert (ALEXNET.towers, ALEXNET.dropout, ALEXNET.kernels) == (2, 0.5, "full")
    blocks = (ALEXNET.normalization, ALEXNET.activation, ALEXNET.pooling)
    assert [item.name for item in blocks] == ["lrn", "relu", "overlapping"]


def test_states_only_its_difference():
    variant = ALEXNET.but("mine", dropout=0.2, normalization="none", recipe={"augmentation": "none"})

    assert variant.changes == {"normalization": None, "dropout": 0.2, "recipe.augmentation": "none"}
    assert variant.difference == "normalization none, dropout 0.2, recipe.augmentation none"
    assert ALEXNET.but("same").difference == "the paper's"


@given(changes())
def test_but_sets_the_fields_it_is_given_and_keeps_the_rest(given_fields):
    variant = ALEXNET.but("mine", **given_fields)

    expected = Variant(name="mine", **given_fields)
    assert variant == expected
    untouched = {item.name for item in fields(Variant)} - {"name", *given_fields}
    assert all(getattr(variant, name) == getattr(ALEXNET, name) for name in untouched)
    assert {name.split(".")[0] for name in variant.changes} <= given_fields.keys()


@given(changes(), changes())
def test_a_sum_has_the_changes_of_both_or_names_the_field_set_twice(one_fields, other_fields):
    one, other = ALEXNET.but("one", **one_fields), ALEXNET.but("other", **other_fields)
    twice = one.changes.keys() & other.changes.keys()
    if twice:
        with pytest.raises(VariantError) as caught:
            one.plus(other)
        assert all(name in str(caught.value) for name in ("'one+other'", *twice))
    elif {"placement", "towers"} <= {*one.changes, *other.changes}:
        with pytest.raises(VariantError, match=r"one\+other.*only towers can be split"):
            one.plus(other)
    else:
        total, reversed_total = one.plus(other), other.plus(one)
        assert total.name == "one+other"
        assert total.changes == reversed_total.changes == one.changes | other.changes


def test_changes_of_the_recipe_add_up():
    variant = ALEXNET.but("one", recipe={"learning_rate": 0.1}).but("two", recipe={"epochs": 3})

    assert dict(variant.recipe) == {"learning_rate": 0.1, "epochs": 3}
    trained = variant.train_with(PAPER)
    assert (trained.learning_rate, trained.epochs, trained.momentum) == (0.1, 3, PAPER.momentum)


def test_a_misspelt_field_fails_at_construction_with_the_closest_one():
    assert "unknown variant fields 'dropuot' (did you mean 'dropout'?), 'tower'" in refusal(
        dropuot=0, tower=1
    )
    assert "choose from: activation, dropout" in refusal(dropuot=0)
    with pytest.raises(TypeError):
        Variant(name="mine", dropuot=0.0)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"recipe": {"learning_rat": 1}}, "'learning_rat' (did you mean 'learning_rate'?)"),
        ({"recipe": {"augmentation": "non"}}, "unknown augmentation 'non' (did you mean 'none'?)"),
        ({"recipe": {"epochs": 0}}, "recipe epochs is 0"),
        ({"recipe": {"name": "mine"}}, "unknown recipe field 'name'"),
        ({"towers": 3}, "towers is 3; choose from (1, 2)"),
        ({"kernels": "quarter"}, "kernels is 'quarter'; choose from ('full', 'half')"),
        ({"placement": "everywhere"}, "choose from ('one-device', 'split', 'data-parallel')"),
        ({"dropout": 1.0}, "dropout is 1.0; it must be in [0, 1)"),
        ({"dropout": -0.1}, "dropout is -0.1"),
        ({"activation": None}, "activation cannot be left out; name a block"),
        ({"pooling": None}, "pooling cannot be left out"),
        ({"placement": "split", "towers": 1}, "only towers can be split; it has one"),
        (
            {"normalization": "batch"},
            "unknown normalization block 'batch'; choose from: lrn, none, within-map-lrn",
        ),
    ],
)
def test_refuses_what_makes_no_network(fields, expected):
    assert expected in refusal(**fields)


def test_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        ALEXNET.dropout = 0.0
    with pytest.raises(TypeError):
        ALEXNET.recipe["epochs"] = 1


@pytest.mark.parametrize(
    ("field", "name"),
    [(field, name) for field, blocks in BLOCKS.items() for name in blocks if name != "none"],
)
def test_a_block_may_be_named_or_given(field, name):
    assert ALEXNET.but("mine", **{field: name}) == ALEXNET.but("mine", **{field: BLOCKS[field][name]})


def test_a_block_is_named_after_its_function_unless_told_otherwise():
    @block()
    def batch_normalization(**layer):
        return "layer"

    @block(name="bn", parameters=lambda channels: 4 * channels)
    def another(**layer):
        return "layer"

    assert isinstance(batch_normalization, Block)
    assert (batch_normalization.name, batch_normalization.parameters(96)) == ("batch-normalization", 0)
    assert (another.name, another.parameters(96), another.build()) == ("bn", 384, "layer")
    assert ALEXNET.but("mine", normalization=another).difference == "normalization bn"
