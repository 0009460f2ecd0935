import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexnet_bench.errors import UnknownNameError, VariantError
from alexnet_bench.network.parts import INITIALIZERS, OPTIMIZERS
from alexnet_bench.network.recipe import (
    AUGMENTATIONS,
    FEWEST_STEPS,
    NOTEBOOK,
    PAPER,
    PIXELS,
    Recipe,
    scale_to_few_photographs,
    scale_to_small_images,
)
from alexnet_bench.network.recipes import RECIPES

RECIPE_FIELDS = {
    "optimizer": st.sampled_from(list(OPTIMIZERS)),
    "learning_rate": st.floats(1e-6, 1.0),
    "batch_size": st.integers(1, 4096),
    "epochs": st.integers(1, 200),
    "initialization": st.sampled_from(list(INITIALIZERS)),
    "bias": st.sampled_from([0.0, 0.1, 1.0]),
    "pixels": st.sampled_from(PIXELS),
    "augmentation": st.sampled_from(AUGMENTATIONS),
}
IMAGES = st.integers(1, 100_000)


def recipes():
    return st.fixed_dictionaries(RECIPE_FIELDS).map(lambda fields: Recipe(name="drawn", **fields))


def test_the_papers_recipe_is_that_of_section_5():
    assert (
        Recipe(
            name="paper",
            optimizer="sgd",
            learning_rate=0.01,
            momentum=0.9,
            weight_decay=5e-4,
            drops=(0.5, 0.75, 0.9),
            batch_size=128,
            epochs=90,
            initialization="paper",
            bias=1.0,
            pixels="centred",
            augmentation="crops-flips-colour",
        )
        == PAPER
    )


def test_a_whole_rate_is_the_same_rate():
    """TensorFlow makes an integer variable of an int, which no gradient can be multiplied with."""
    assert isinstance(PAPER.but(learning_rate=1).learning_rate, float)
    assert repr(PAPER.but(learning_rate=1)) == repr(PAPER.but(learning_rate=1.0))


def test_the_notebooks_recipe_is_its_compile_call():
    assert (NOTEBOOK.optimizer.name, NOTEBOOK.learning_rate, NOTEBOOK.batch_size) == ("adam", 1e-4, 32)
    assert (NOTEBOOK.initialization.name, NOTEBOOK.weight_decay, NOTEBOOK.drops) == ("glorot", 0.0, ())


@pytest.mark.parametrize(
    ("progress", "rate"),
    [(0.0, 0.01), (0.499, 0.01), (0.5, 0.001), (0.75, 1e-4), (0.9, 1e-5), (1.0, 1e-5)],
)
def test_the_rate_is_divided_by_ten_at_each_drop(progress, rate):
    assert PAPER.rate_schedule().at(progress) == pytest.approx(rate)
    assert NOTEBOOK.rate_schedule().at(progress) == 1e-4, "without drops it keeps its rate"


@pytest.mark.parametrize(("images", "batch"), [(1293, 32), (45_000, 128), (4096, 128), (4095, 64), (9, 8)])
def test_small_data_halves_the_papers_batch_until_an_epoch_has_32_steps(images, batch):
    assert scale_to_small_images(PAPER, images).batch_size == batch


@given(recipes(), IMAGES)
def test_a_scaled_batch_is_the_largest_halving_that_makes_an_epoch_long_enough(recipe, images):
    batch = scale_to_small_images(recipe, images).batch_size

    halvings = [recipe.batch_size >> times for times in range(13) if recipe.batch_size >> times >= batch]
    assert batch == halvings[-1]
    assert batch <= 8 or images >= batch * FEWEST_STEPS
    assert all(images < larger * FEWEST_STEPS for larger in halvings[:-1])


@given(recipes(), IMAGES)
def test_scaling_replaces_what_does_not_train_and_keeps_the_rest(recipe, images):
    scaled = scale_to_small_images(recipe, images)

    expected = recipe.but(batch_size=scaled.batch_size)
    if recipe.initialization.name == "paper":
        expected = expected.but(initialization="he", bias=0.0, pixels="standardized")
    if recipe.optimizer.name == "adam":
        expected = expected.but(learning_rate=10 * recipe.learning_rate)
    if recipe.augmentation == "crops-flips-colour":
        expected = expected.but(augmentation="crops-and-flips")
    assert scaled == expected


@pytest.mark.parametrize(("images", "batch"), [(4095, 64), (2047, 32), (300, 8), (43, 8), (2, 8)])
def test_few_photographs_halve_the_batch_and_the_rate_and_start_by_he(images, batch):
    scaled = scale_to_few_photographs(PAPER, images)
    assert scaled == PAPER.but(
        batch_size=batch,
        learning_rate=0.01 * batch / 128,
        initialization="he",
        bias=0.0,
        pixels="standardized",
    )


def test_many_photographs_are_trained_on_as_published():
    for recipe, images in ((PAPER, 4096), (PAPER, 1_281_167), (NOTEBOOK, 1024), (RECIPES["11pct"], 60)):
        assert scale_to_few_photographs(recipe, images) == recipe


def test_few_photographs_leave_what_has_nothing_to_do_with_their_number():
    assert scale_to_few_photographs(NOTEBOOK, 300) == NOTEBOOK.but(batch_size=8)


def test_refuses_fields_and_values_that_no_recipe_has():
    with pytest.raises(UnknownNameError, match=r"unknown recipe fields 'epoch'.*'rat'.*; choose from"):
        PAPER.but(epoch=3, rat=1.0)
    with pytest.raises(UnknownNameError, match=r"unknown optimizer 'sdg' \(did you mean 'sgd'\?\)"):
        PAPER.but(optimizer="sdg")
    for field in ("learning_rate", "batch_size", "epochs"):
        with pytest.raises(VariantError, match=rf"recipe {field} is 0(\.0)?; it must be above 0"):
            PAPER.but(**{field: 0})
        with pytest.raises(VariantError):
            PAPER.but(**{field: float("nan")})


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("drops", [0.5, 1.5], "recipe drops has 1.5; a share of training is from 0 to 1"),
        ("drops", 0.5, "recipe drops is 0.5; give a list of shares of training"),
        ("bias_drops", [67], "recipe bias_drops has 67; a share of training is from 0 to 1"),
        ("colour_noise_ends", 67, "recipe colour_noise_ends has 67; a share of training is from 0 to 1"),
        (
            "colour_noise_ends",
            "end",
            "recipe colour_noise_ends has 'end'; a share of training is from 0 to 1",
        ),
        ("crops_shared_by", 1.5, "recipe crops_shared_by is 1.5; it must be a whole number above 0"),
        ("crops_shared_by", 0, "recipe crops_shared_by is 0; it must be a whole number above 0"),
    ],
)
def test_refuses_what_would_pass_silently_or_fail_late(field, value, message):
    with pytest.raises(VariantError) as caught:
        PAPER.but(**{field: value})
    assert str(caught.value) == message
