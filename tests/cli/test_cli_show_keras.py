"""`bench show --keras`: a user's own model beside alexnet, and what a file may be that holds none."""

import json

import pytest

# The seed notebook's.
NOTEBOOK = """
import tensorflow as tf

print("what a file prints is no part of the answer")
model = tf.keras.models.Sequential([
    tf.keras.layers.InputLayer(input_shape=(227, 227, 3)),
    tf.keras.layers.Conv2D(
        filters=96, kernel_size=(11, 11), strides=(4, 4), padding='valid', activation='relu'),
    tf.keras.layers.MaxPool2D(pool_size=(3, 3), strides=(2, 2)),
    tf.keras.layers.Conv2D(filters=256, kernel_size=(5, 5), padding='same', activation='relu'),
    tf.keras.layers.MaxPool2D(pool_size=(3, 3), strides=(2, 2)),
    tf.keras.layers.Conv2D(filters=384, kernel_size=(3, 3), padding='same', activation='relu'),
    tf.keras.layers.Conv2D(filters=384, kernel_size=(3, 3), padding='same', activation='relu'),
    tf.keras.layers.Conv2D(filters=256, kernel_size=(3, 3), padding='same', activation='relu'),
    tf.keras.layers.MaxPool2D(pool_size=(3, 3), strides=(2, 2)),
    tf.keras.layers.Flatten(),
    tf.keras.layers.Dense(4096, activation='relu'),
    tf.keras.layers.Dropout(0.5),
    tf.keras.layers.Dense(4096, activation='relu'),
    tf.keras.layers.Dropout(0.5),
    tf.keras.layers.Dense(1000, activation='softmax')
])
model.summary()
"""
SMALL = """
import keras
from sizes import UNITS

def build():
    layers = [
        keras.Input((32, 32, 1)),
        keras.layers.Conv2D(32, (5, 3), strides=(1, 2), dilation_rate=1, use_bias=False, groups=1),
        keras.layers.BatchNormalization(),
        keras.layers.ReLU(),
        keras.Sequential([keras.layers.SeparableConv2D(8, 3), keras.layers.AveragePooling2D(2)]),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(UNITS),
    ]
    return keras.Sequential(layers)
"""

pytestmark = pytest.mark.usefixtures("tensorflow_ready")


@pytest.fixture
def own(tmp_path):
    def write(text, name="my_model.py"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write


@pytest.fixture(scope="module")
def notebook(bench, tmp_path_factory):
    """What is shown of the seed notebook's model, by the names of alexnet's layers."""
    file = tmp_path_factory.mktemp("notebook") / "my_model.py"
    file.write_text(NOTEBOOK, encoding="utf-8")
    code, out, _ = bench("show", "--keras", file, "--json")
    assert code == 0
    return json.loads(out)


def test_the_notebooks_model_has_one_tower_no_lrn_and_its_softmax_in_the_model(notebook):
    found = {
        (layer["reference"] or layer["own"])["name"]: layer["differences"]
        for layer in notebook["layers"]
        if layer["differences"]
    }

    softmax = found.popitem()[1]
    assert softmax == ["only here; alexnet has it in its loss"]
    halves = "sees all maps instead of its tower's half of the maps"
    assert found == {
        "normalization1": ["absent"],
        "conv2": [halves, "+307,200 parameters"],
        "normalization2": ["absent"],
        "conv4": [halves, "+663,552 parameters"],
        "conv5": [halves, "+442,368 parameters"],
    }


def test_its_totals_are_those_that_keras_counts(notebook):
    """The notebook's own summary says 34,944 + 614,656 + 885,120 + …"""
    assert notebook["totals"]["own"]["parameters"] == 62_378_344
    assert notebook["totals"]["reference"]["parameters"] == 60_965_224
    # As the single tower of the same widths.
    assert notebook["totals"]["own"]["macs"] == 1_135_256_096


def test_it_is_shown_as_a_table(bench, own):
    code, out, _ = bench("show", "--keras", own(NOTEBOOK))

    text = " ".join(out.split())
    assert code == 0
    assert "my_model.py beside alexnet at alexnet-227" in text
    assert "19 of 25 layers are equal." in text
    assert "what a file prints" not in text


def test_any_sequential_of_a_function_is_read(bench, own):
    """With a file beside it, one within another, and layers that alexnet has nothing of."""
    own("UNITS = 7", "sizes.py")
    code, out, _ = bench("show", "tanh", "--keras", own(SMALL), "--topology", "alexnet-32", "--json")

    layers = json.loads(out)["layers"]
    by_name = {layer["reference"]["name"]: layer for layer in layers if layer["reference"]}
    assert code == 0
    assert by_name["conv1"]["own"]["settings"]["kernel"] == "5x3"
    assert "bias left out" in by_name["conv1"]["differences"]
    assert by_name["normalization1"]["differences"][0] == "function BatchNormalization instead of lrn"
    assert by_name["activation1"]["differences"][0] == "function relu instead of tanh"
    assert by_name["conv2"]["own"]["kind"] == "convolution"
    assert by_name["pooling2"]["own"]["settings"]["takes"] == "means"
    assert by_name["conv3"]["differences"] == ["absent"]
    assert by_name["fc8"]["own"]["shape"] == [7]


def test_multiplications_are_counted_of_every_kernel_and_within_a_model(bench, own):
    """By hand: 3x3 a channel and then 3 by 8, on 6 by 6; 2x2 by 4 by 8 on 6 by 6; 12 by 12 by 4 into 5."""
    text = """
import keras
inputs = keras.Input((8, 8, 3))
base = keras.Model(inputs, keras.layers.SeparableConv2D(8, 3)(inputs))
model = keras.Sequential([keras.Input((8, 8, 3)), base, keras.layers.Conv2DTranspose(4, 2, strides=2)])
model.add(keras.layers.Flatten())
model.add(keras.layers.Dense(5))
"""
    code, out, _ = bench("show", "--keras", own(text), "--json")

    shown = json.loads(out)
    assert code == 0
    assert [layer["own"]["macs"] for layer in shown["layers"] if (layer["own"] or {}).get("macs")] == [
        *(36 * (9 * 3 + 3 * 8), 36 * 4 * 4 * 8, 576 * 5)
    ]
    assert shown["totals"]["own"]["macs"] == 36 * 51 + 36 * 128 + 2880


def test_where_a_layers_multiplications_cannot_be_counted_no_ratio_is_shown(bench, own):
    layers = (
        "keras.Input((8, 8, 3)), keras.layers.Reshape((8, 24)), keras.layers.LSTM(4), keras.layers.Dense(5)"
    )
    code, out, _ = bench("show", "--keras", own(f"import keras\nmodel = keras.Sequential([{layers}])"))

    assert code == 0
    assert out.splitlines()[-3].rstrip().endswith("times the parameters, MACs –")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1", "defines neither `model` nor a function `build()`"),
        ("model = 1", "its model is of type int"),
        (
            "import keras\nmodel = keras.Sequential([keras.layers.Dense(3)])",
            "does not say which images it takes",
        ),
        (
            "import keras\nmodel = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3)])",
            "which images",
        ),
        ("import keras\ni = keras.Input((8, 8, 3))\nmodel = keras.Model(i, i)", "give a keras.Sequential"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("def build():\n    raise ValueError('a\\nb')", "ValueError: a\\nb"),
        ("import sys\nsys.exit(0)", "SystemExit: 0"),
        ("model = (", "SyntaxError"),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("\0", "SyntaxError"),
    ],
)
def test_a_file_that_holds_no_model_is_refused_in_one_line(bench, own, text, message):
    code, out, err = bench("show", "--keras", own(text))

    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1
    assert "my_model.py" in err


def test_what_is_no_file_is_refused(bench, tmp_path, own):
    missing = bench("show", "--keras", tmp_path / "none.py")
    folder = bench("show", "--keras", tmp_path)
    text = bench("show", "--keras", own(NOTEBOOK, "my_model.txt"))
    several = bench("show", "no-*", "--keras", own("x = 1"))

    assert [outcome.code for outcome in (missing, folder, text, several)] == [2] * 4
    assert "none.py is no file" in missing.err
    assert "give one whose name ends in .py" in text.err


def test_without_a_variant_and_a_file_there_is_nothing_to_show(bench):
    code, out, err = bench("show")

    assert (code, out) == (2, "")
    assert "give a variant, such as alexnet" in err


def test_classes_are_those_of_the_file(bench, own):
    code, _, err = bench("show", "--keras", own("x = 1"), "--classes", "7")

    assert code == 2
    assert "--keras excludes --classes" in err
