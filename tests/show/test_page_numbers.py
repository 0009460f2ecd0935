"""The page's script writes numbers as `show/numbers.py` does, to the last digit."""

from math import inf, nan

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from javascript import NODE, javascript

from alexnet_bench.analysis.metrics import POINTS, RATIO
from alexnet_bench.show.numbers import effect_text, p_text, value_text

pytestmark = pytest.mark.skipif(
    NODE is None, reason="node is not installed, and the page's scripts run in it"
)
as_python = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

# Decimal numbers as people write them, and exact halves of a last digit.
near_half = st.builds(
    lambda whole, digits: whole / 10**digits, st.integers(-(10**7), 10**7), st.integers(0, 6)
)
halves = st.builds(
    lambda odd, digits: (2 * odd + 1) / 2**digits, st.integers(-(10**6), 10**6), st.integers(1, 4)
)
sizes = st.one_of(near_half, halves, st.floats(-1e15, 1e15))


@pytest.fixture(scope="module")
def call():
    with javascript("numbers.js") as call:
        yield call


@as_python
@given(sizes, sizes, sizes)
@example(0.125, -0.125, 0.375)
@example(1.005, 2.5, -0.004)
@example(1234.5, 0.0625, 1.0005)
def test_an_effect_with_its_interval(call, effect, low, high):
    asked = {"effect": effect, "low": low, "high": high}
    assert call("numbers.effectText", asked, POINTS) == effect_text(effect, low, high, POINTS)
    ratios = [abs(value) for value in (effect, low, high)]
    asked = dict(zip(asked, ratios, strict=True))
    assert call("numbers.effectText", asked, RATIO) == effect_text(*ratios, RATIO)


@as_python
@given(sizes.map(abs), st.sampled_from(["%", "epochs", "images/s"]))
@example(0.125, "%")
@example(1.005, "epochs")
@example(31.25, "epochs")
@example(99.96, "images/s")
@example(1234.5, "images/s")
@example(1234567.5, "images/s")
@example(0.001, "images/s")
@example(0.000012345, "images/s")
@example(0.0099999, "images/s")
def test_a_measured_value(call, value, unit):
    assert call("numbers.valueText", value, unit) == value_text(value, unit)


@as_python
@given(st.floats(0, 1))
@example(0.0625)
@example(0.001)
def test_a_p_value(call, value):
    assert call("numbers.pText", value) == p_text(value)


@pytest.mark.parametrize("unit", [POINTS, RATIO])
def test_what_is_missing_or_without_end(call, unit):
    # JSON has no numbers for these, so they stand in what is called.
    missing = call("((unit) => numbers.effectText({ effect: NaN, low: NaN, high: NaN }, unit))", unit)
    assert missing == effect_text(nan, nan, nan, unit)
    endless = call("((unit) => numbers.effectText({ effect: Infinity, low: 1, high: Infinity }, unit))", unit)
    assert endless == effect_text(inf, 1, inf, unit)
