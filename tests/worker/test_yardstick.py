import itertools

import numpy as np
import pytest

from alexnet_bench.worker import tensorflow_yardstick
from alexnet_bench.worker.tensorflow_yardstick import Yardstick


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Small enough to be quick."""
    monkeypatch.setattr(tensorflow_yardstick, "SMALLEST_SIDE", 64)
    monkeypatch.setattr(tensorflow_yardstick, "LARGEST_SIDE", 256)
    monkeypatch.setattr(tensorflow_yardstick, "FLOATS", 2**12)
    monkeypatch.setattr(tensorflow_yardstick, "MOST_PASSES", 4)


def clock(tick):
    ticks = itertools.count()
    return lambda: next(ticks) * tick


def test_rates_are_work_over_time():
    found = Yardstick("float32", clock(0.5)).measure()

    assert found == {"flops_per_second": 2 * 64**3 / 0.5, "bytes_per_second": 3 * 4 * 2**12 / 0.5}


def test_the_product_grows_until_it_takes_long_enough():
    assert Yardstick("float32", clock(0.5)).side == 64
    assert Yardstick("float32", clock(0.001)).side == 256


@pytest.mark.parametrize(
    ("precision", "name"),
    [("float32", "float32"), ("mixed_bfloat16", "bfloat16"), ("mixed_float16", "float16")],
)
def test_the_product_is_in_the_type_that_the_network_computes_in(precision, name):
    yardstick = Yardstick(precision, clock(0.5))

    assert {matrix.dtype.name for matrix in yardstick.matrices} == {name}


def test_the_product_is_carried_out():
    yardstick = Yardstick("float32", clock(0.5))

    left, right = (np.asarray(matrix) for matrix in yardstick.matrices)
    assert float(yardstick.product(left, right)) == pytest.approx(abs((left @ right)[0, 0]), rel=1e-4)
    before = float(yardstick.array[0])
    yardstick.measure()
    assert float(yardstick.array[0]) == before + yardstick.passes


def test_a_pass_is_repeated_until_it_takes_long_enough():
    assert Yardstick("float32", clock(0.5)).passes == 1
    assert Yardstick("float32", clock(0.001)).passes == tensorflow_yardstick.MOST_PASSES
