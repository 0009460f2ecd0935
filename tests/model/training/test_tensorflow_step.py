import keras
import numpy as np
import pytest
import tensorflow as tf

from alexnet_bench import optimizer
from alexnet_bench.errors import VariantError
from alexnet_bench.model.tensorflow_step import Steps
from alexnet_bench.network.recipe import NOTEBOOK, PAPER

RNG = np.random.default_rng(0)
IMAGES = RNG.standard_normal((6, 5)).astype("float32")
LABELS = np.array([0, 1, 2, 3, 0, 1])
RATES = [0.1, 0.1, 0.01]


@pytest.fixture
def start():
    """A kernel and a bias."""
    return RNG.standard_normal((5, 4)).astype("float32"), RNG.standard_normal(4).astype("float32")


@pytest.fixture
def steps(start):
    """The compiled steps of one dense layer."""

    def make(recipe):
        model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(4)])
        model.set_weights(start)
        return Steps(model, recipe)

    return make


def softmax(logits):
    exponents = np.exp(logits - logits.max(1, keepdims=True))
    return exponents / exponents.sum(1, keepdims=True)


def by_hand(kernel, bias):
    """Mean cross-entropy, how many are right, and the gradients by kernel and bias."""
    probabilities = softmax(IMAGES @ kernel + bias)
    loss = -np.log(probabilities[np.arange(6), LABELS]).mean()
    error = (probabilities - np.eye(4)[LABELS]) / 6
    return loss, (probabilities.argmax(1) == LABELS).sum(), (IMAGES.T @ error, error.sum(0))


def train(steps, rates):
    """Weights after a step at each rate."""
    seen = []
    for rate in rates:
        steps.learning_rate.assign(rate)
        steps.train(IMAGES, LABELS)
        seen.append(steps.model.get_weights())
    return seen


def assert_close(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-6, atol=2e-6)


def test_sgd_is_the_papers_rule(steps, start):
    """Section 5: v <- 0.9 v - 0.0005 rate w - rate gradient; w <- w + v. Biases do not decay."""
    weights, velocities = [value.astype("float64") for value in start], [0.0, 0.0]
    expected = []
    for rate in RATES:
        _, _, gradients = by_hand(*weights)
        decays = 0.0005 * weights[0], 0.0
        velocities = [
            0.9 * velocity - rate * decay - rate * gradient
            for velocity, decay, gradient in zip(velocities, decays, gradients, strict=True)
        ]
        weights = [weight + velocity for weight, velocity in zip(weights, velocities, strict=True)]
        expected.append(weights)
    found = train(steps(PAPER), RATES)
    for one, other in zip(found, expected, strict=True):
        assert_close(one, other)


def test_adam_is_keras(steps):
    """With Keras' defaults, as the seed notebook leaves them."""
    ours = steps(NOTEBOOK)
    twin = keras.models.clone_model(ours.model)
    twin.set_weights(ours.model.get_weights())
    optimizer = keras.optimizers.Adam()
    for rate, found in zip(RATES, train(ours, RATES), strict=True):
        optimizer.learning_rate = rate
        _, _, gradients = by_hand(*twin.get_weights())
        optimizer.apply([gradient.astype("float32") for gradient in gradients], twin.trainable_weights)
        assert_close(found, twin.get_weights())


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_weights_decay_and_biases_do_not(steps, optimizer):
    recipe = PAPER.but(optimizer=optimizer, weight_decay=0.5)
    ((kernel, bias),) = train(steps(recipe), [0.1])
    ((kernel_without, bias_without),) = train(steps(recipe.but(weight_decay=0.0)), [0.1])
    np.testing.assert_array_equal(bias, bias_without)
    assert np.abs(kernel - kernel_without).max() > 0.01


def test_loss_and_right_answers_are_those_before_the_step(steps, start):
    loss, right = steps(PAPER).train(IMAGES, LABELS)
    expected_loss, expected_right, _ = by_hand(*start)
    assert (float(loss), int(right)) == (pytest.approx(expected_loss, rel=1e-5), expected_right)


def test_inference_gives_probabilities(steps, start):
    kernel, bias = start
    np.testing.assert_allclose(steps(PAPER).infer(IMAGES), softmax(IMAGES @ kernel + bias), rtol=1e-5)


def test_rate_starts_at_the_recipes(steps):
    assert float(steps(PAPER.but(learning_rate=0.25)).learning_rate) == 0.25


# -- layers and biases with rates and decays of their own

OTHER_RATES = {
    "bias_rate": 2.0,
    "bias_drops": (0.25,),
    "layers": {"first": {"weight_decay": 0.2, "rate": 0.5, "drops": (0.75,)}, "second": {"stops": 0.5}},
}


@pytest.fixture
def two_layers():
    """The compiled steps of two dense layers, the first with a kernel too large to be laid end to end."""

    def make(recipe):
        inputs = keras.Input((300,))
        hidden = keras.layers.Dense(250, name="first")(inputs)
        model = keras.Model(inputs, keras.layers.Dense(4, name="second")(hidden))
        model.set_weights([0.1 * np.random.default_rng(0).standard_normal(w.shape) for w in model.weights])
        return Steps(model, recipe)

    return make


def test_rates_at_a_share_of_training(two_layers):
    """Those of the recipe come first, though no weight here has them."""
    steps = two_layers(PAPER.but(learning_rate=0.8, drops=(0.5,), **OTHER_RATES))

    found = {tuple(rates) for rates in steps.rates_at([0.0, 0.3, 0.5, 0.8]).round(6).tolist()}
    assert steps.rates_at([0.0, 0.5])[0].tolist() == pytest.approx([0.8, 0.08])
    assert found == {
        (0.8, 0.8, 0.08, 0.08),
        (0.4, 0.4, 0.04, 0.004),  # the first layer's kernel
        (0.8, 0.08, 0.08, 0.008),  # its bias
        (0.8, 0.8, 0.0, 0.0),  # the second's kernel
        (1.6, 0.16, 0.0, 0.0),  # its bias
    }


def test_it_starts_again_at_another_rate(two_layers):
    """A product of factors that is 1 is so at every rate: 3 x 0.01 x 1/3 is not 0.01 in all orders."""
    recipe = PAPER.but(bias_rate=3, layers={"first": {"rate": 1 / 3}})
    rates = [two_layers(recipe.but(learning_rate=rate)).rates_at([0.0])[:, 0] for rate in (0.01, 0.001)]

    assert sorted(rates[0]) == pytest.approx([0.01 / 3, 0.01, 0.03])
    assert sorted(rates[1]) == pytest.approx([0.001 / 3, 0.001, 0.003])


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_each_weight_moves_by_its_own_rate(two_layers, optimizer):
    """Against the steps of a recipe of one rate, from equal weights: by as much as its rate is another."""
    plain = PAPER.but(optimizer=optimizer, learning_rate=1e-3, weight_decay=0.0)
    other = plain.but(bias_rate=2.0, layers={"first": {"rate": 0.5}, "second": {"rate": 3.0}})
    images = np.random.default_rng(1).standard_normal((6, 300)).astype("float32")

    moved = []
    for recipe in (plain, other):
        steps = two_layers(recipe)
        before = steps.model.get_weights()
        steps.train(images, LABELS)
        pairs = zip(before, steps.model.get_weights(), strict=True)
        moved.append([np.linalg.norm(new - old) for old, new in pairs])
    ratios = [far / near for near, far in zip(*moved, strict=True)]
    assert ratios == pytest.approx([0.5, 0.5 * 2, 3.0, 3.0 * 2], rel=1e-3)


def test_each_layer_decays_by_its_own(two_layers):
    """Under a gradient of zero, as that of images of zeros by the first kernel."""
    recipe = PAPER.but(momentum=0.0, weight_decay=0.5, layers={"first": {"weight_decay": 0.2}})
    steps = two_layers(recipe)
    before = steps.model.get_weights()
    steps.learning_rate.assign(0.1)
    steps.train(np.zeros((6, 300), "float32"), LABELS)
    after = steps.model.get_weights()
    np.testing.assert_allclose(after[0], before[0] * (1 - 0.1 * 0.2), rtol=1e-5)
    # The second kernel's gradient is that of the first layer's biases, which are its inputs.
    plain = two_layers(recipe.but(weight_decay=0.0))
    plain.learning_rate.assign(0.1)
    plain.train(np.zeros((6, 300), "float32"), LABELS)
    np.testing.assert_allclose(after[2], plain.model.get_weights()[2] - 0.05 * before[2], atol=1e-6)


def test_an_optimizer_of_ones_own_has_one_rate(steps):
    with pytest.raises(VariantError, match=r"'keras-momentum' has one learning rate.*take sgd or adam"):
        steps(PAPER.but(optimizer=keras_momentum, bias_rate=2.0))


# -- an optimizer of Keras'


@optimizer()
def keras_momentum(recipe):
    return keras.optimizers.SGD(momentum=recipe.momentum)


@optimizer()
def keras_adam(recipe):
    return keras.optimizers.Adam()


@optimizer()
def scheduled(recipe):
    return keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9))


@pytest.mark.parametrize(("own", "shipped"), [(keras_momentum, "sgd"), (keras_adam, "adam")])
def test_an_optimizer_of_keras_follows_the_recipe_as_a_shipped_one_does(steps, own, shipped):
    """Its rate, as it changes, and its weight decay."""
    recipe = PAPER.but(weight_decay=0.1)

    expected = train(steps(recipe.but(optimizer=shipped)), RATES)
    for one, other in zip(train(steps(recipe.but(optimizer=own)), RATES), expected, strict=True):
        assert_close(one, other)
    assert float(steps(recipe.but(optimizer=own)).learning_rate) == pytest.approx(recipe.learning_rate)


def test_an_optimizer_with_a_schedule_of_its_own_is_refused(steps):
    with pytest.raises(VariantError, match="'scheduled' has a schedule of its own; give it none"):
        steps(PAPER.but(optimizer=scheduled))


# -- several steps a call, and what is trained beside the weights


def test_steps_in_turn_are_the_steps_one_by_one(steps):
    """Each at its own rate; losses and right answers are summed."""
    in_turn, one_by_one = steps(PAPER), steps(PAPER)
    images, labels = np.stack([IMAGES, -IMAGES, IMAGES]), np.stack([LABELS, LABELS, 1 - LABELS % 2])
    rates = np.array([0.1, 0.1, 0.01], "float32")

    losses, right = in_turn.train_in_turn(images, labels, rates[None])

    expected = []
    for batch, classes, rate in zip(images, labels, rates, strict=True):
        one_by_one.learning_rate.assign(rate)
        expected.append(one_by_one.train(batch, classes))
    assert float(losses) == pytest.approx(sum(float(loss) for loss, _ in expected))
    assert int(right) == sum(int(hits) for _, hits in expected)
    assert_close(in_turn.model.get_weights(), one_by_one.model.get_weights())


def test_what_a_layer_keeps_beside_its_weights_is_kept():
    """Batch normalization's running mean, which is no weight that is trained, moves towards the batch's."""
    model = keras.Sequential(
        [keras.Input((5,)), keras.layers.BatchNormalization(momentum=0.5), keras.layers.Dense(4)]
    )
    steps = Steps(model, PAPER)
    steps.train(IMAGES, LABELS)
    np.testing.assert_allclose(steps.model.layers[0].moving_mean, 0.5 * IMAGES.mean(0), atol=1e-6)


def test_small_and_large_weights_train_alike():
    """A kernel of more values than are laid end to end, under both shipped optimizers, as Keras trains it."""
    wide = RNG.standard_normal((3, 300)).astype("float32")
    for own, recipe in ((keras_momentum, PAPER), (keras_adam, NOTEBOOK)):
        models = [
            keras.Sequential([keras.Input((300,)), keras.layers.Dense(250), keras.layers.Dense(4)])
            for _ in "ab"
        ]
        models[1].set_weights(models[0].get_weights())
        for model, rule in zip(models, (recipe.optimizer, own), strict=True):
            steps = Steps(model, recipe.but(optimizer=rule, weight_decay=0.1))
            for _ in range(3):
                steps.train(wide, LABELS[:3])
            steps.model  # noqa: B018 - brings the weights up to date
        for one, other in zip(*(model.get_weights() for model in models), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_weights_decay_without_momentum(steps, start):
    """There is no velocity then that the decay could be taken off."""
    ((kernel, _),) = train(steps(PAPER.but(momentum=0.0, weight_decay=0.5)), [0.1])
    ((without, _),) = train(steps(PAPER.but(momentum=0.0, weight_decay=0.0)), [0.1])
    np.testing.assert_allclose(kernel, without - 0.05 * start[0], atol=1e-6)


class Restless(keras.layers.Layer):
    """Draws from Keras' own generator, and counts in a variable that is no weight of the model's."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seen, self.noise = tf.Variable(0), keras.Variable(np.zeros(5, "float32"), trainable=False)

    def call(self, inputs):
        noise = keras.random.normal((5,))
        self.seen.assign_add(1)
        self.noise.assign(noise)
        return inputs + 0 * noise


def test_a_layer_of_ones_own_may_draw_and_assign_as_it_likes():
    model = keras.Sequential([keras.Input((5,)), Restless(), keras.layers.Dense(4)])
    steps, drawn = Steps(model, PAPER), []
    for _ in range(2):
        steps.train(IMAGES, LABELS)
        drawn.append(steps.model.layers[0].noise.numpy())
    assert int(model.layers[0].seen) == 2
    assert not np.array_equal(*drawn)


def test_a_layer_that_assigns_its_own_kernel_trains_what_it_assigned():
    """Spectral normalization divides its kernel by the largest singular value, in place."""
    model = keras.Sequential([keras.Input((5,)), keras.layers.SpectralNormalization(keras.layers.Dense(4))])
    model.layers[0].layer.kernel.assign(100 * RNG.standard_normal((5, 4)))
    steps = Steps(model, PAPER.but(learning_rate=1e-9, weight_decay=0.0))
    for _ in range(20):
        steps.train(IMAGES, LABELS)
    assert np.linalg.norm(steps.model.layers[0].layer.kernel.numpy(), 2) == pytest.approx(1, abs=0.05)
