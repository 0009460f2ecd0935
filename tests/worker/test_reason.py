"""The one line that is recorded of what a user's block raises."""

import importlib.util

import keras
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from alexnet_bench.worker.reason import MOST_CHARACTERS, reason

BLOCKS = """
import keras
import tensorflow as tf

class WrongShape(keras.layers.Layer):
    def call(self, x):
        return x + keras.ops.ones((1, 3, 5, 7))

class Raising(keras.layers.Layer):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def call(self, x):
        try:
            {}["scale"]
        except KeyError as missing:
            raise self.error from missing

class Condition(keras.layers.Layer):
    def call(self, x):
        return x if tf.reduce_sum(x) > 0 else -x

class AsCompiled(keras.layers.Layer):
    def compute_output_shape(self, shape):
        return shape

    def call(self, x):
        return x @ tf.ones([5, 7])
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("ablations") / "bad.py"
    path.write_text(BLOCKS, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def blocks(file):
    spec = importlib.util.spec_from_file_location("users_bad_blocks", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def reason_of(act, file):
    with pytest.raises(BaseException) as caught:
        act()
    told = reason(caught.value, [str(file.parent)])
    assert told.isprintable()
    return told


def called(layer):
    model = keras.Sequential([keras.Input((8, 8, 3)), layer])
    step = tf.function(lambda images: model(images))
    return step(tf.ones([2, 8, 8, 3]))


def line_of(text):
    return BLOCKS.splitlines().index(text) + 1


def test_what_keras_wraps_is_told_without_its_wrapping(blocks, file):
    told = reason_of(lambda: called(blocks.WrongShape()), file)

    assert told.startswith("ValueError: Dimensions must be equal, but are 8 and 3 for ")
    line = line_of("        return x + keras.ops.ones((1, 3, 5, 7))")
    assert told.endswith(f"with input shapes: [?,8,8,3], [1,3,5,7]. (bad.py:{line})")


def test_what_tensorflow_says_while_it_compiles(blocks, file):
    told = reason_of(lambda: called(blocks.AsCompiled()), file)

    assert told.startswith("ValueError: Dimensions must be equal, but are 3 and 5 for ")
    assert told.endswith(f"(bad.py:{line_of('        return x @ tf.ones([5, 7])')})")


def test_what_tensorflow_forbids_in_a_graph(blocks, file):
    told = reason_of(lambda: called(blocks.Condition()), file)

    assert told.startswith("OperatorNotAllowedInGraphError: Using a symbolic `tf.Tensor` as a Python `bool`")
    assert told.endswith(f"(bad.py:{line_of('        return x if tf.reduce_sum(x) > 0 else -x')})")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("no layer today"), "ValueError: no layer today"),
        (ValueError("one\n\ntwo\x1b[1m\x07"), "ValueError: one two [1m"),
        (TypeError("an int"), "TypeError: an int"),
        (KeyError("offset"), "KeyError: 'offset'"),
        (RuntimeError(), "RuntimeError"),
    ],
    ids=repr,
)
def test_where_it_was_raised_and_what_it_came_from(blocks, file, error, told):
    raised = line_of("            raise self.error from missing")
    began = line_of('            {}["scale"]')

    found = reason_of(lambda: called(blocks.Raising(error)), file)

    assert found == f"{told} (bad.py:{raised}), from KeyError: 'scale' (bad.py:{began})"


def test_a_message_of_several_lines_from_a_kernel(file):
    def act():
        tf.reshape(tf.ones([3]), [2])

    assert reason_of(act, file).startswith("InvalidArgumentError: {{function_node __wrapped__Reshape")


class SilentError(Exception):
    def __str__(self):
        raise RuntimeError("nothing is said")


def raise_error(error):
    raise error


def raise_from(error, first, *, hidden=False):
    try:
        raise first
    except Exception as began:
        if hidden:
            raise error from None
        raise error from began


def test_an_exception_that_cannot_be_shown(file):
    assert reason_of(lambda: raise_error(SilentError()), file) == "SilentError"


def test_what_leaves_the_program(file):
    assert reason_of(lambda: raise_error(SystemExit("no GPU here")), file) == "SystemExit: no GPU here"


def test_a_cause_that_is_repeated_is_told_once(file):
    def act():
        raise_from(ValueError("cannot scale: no room"), OSError("no room"))

    assert reason_of(act, file) == "ValueError: cannot scale: no room"


def test_what_is_hidden_stays_hidden(file):
    def act():
        raise_from(ValueError("cannot scale: 'k'"), KeyError("k"), hidden=True)

    assert reason_of(act, file) == "ValueError: cannot scale: 'k'"


def test_a_chain_is_told_by_its_ends(file):
    def act():
        try:
            raise_from(ValueError("second"), OSError("first"))
        except ValueError as error:
            raise RuntimeError("third") from error

    assert reason_of(act, file) == "RuntimeError: third, from OSError: first"


def test_a_chain_that_bites_its_tail_ends(file):
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one

    assert reason_of(lambda: raise_error(one), file) == "ValueError: one, from ValueError: other"


@given(st.text(max_size=3000))
def test_it_is_short_and_printable(text):
    told = reason(ValueError(text))

    assert told.isprintable()
    assert len(told) <= len("ValueError: ") + MOST_CHARACTERS + 3


def test_of_a_long_message_beginning_and_end_are_told():
    told = reason(ValueError("first " + "word " * 1000 + "last"))

    assert told.startswith("ValueError: first word")
    assert told.endswith("word last")
