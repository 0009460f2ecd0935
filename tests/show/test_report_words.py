import math

import pytest
from report_runs import draws, in_run, manifest, trials

from alexnet_bench import words
from alexnet_bench.analysis.effects import effects
from alexnet_bench.show import numbers
from alexnet_bench.show.sentences import answers


@pytest.mark.parametrize(
    ("numbers", "text"),
    [([], ""), ([3], "3"), ([1, 0], "0, 1"), ([0, 1, 2], "0–2"), ([0, 1, 2, 5, 7, 8], "0–2, 5, 7, 8")],
)
def test_listed(numbers, text):
    assert words.listed(numbers) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1234, "0.12"), (31.44, "31.4"), (1580.2, "1,580"), (-2.5, "−2.50"), (math.nan, "–"), (None, "–")],
)
def test_number(value, text):
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("effect", "text"),
    [
        ((1.104, 0.98, 1.226, "percentage points"), "+1.10 [+0.98, +1.23]"),
        ((-0.001, -0.5, math.inf, "percentage points"), "+0.00 [−0.50, +∞]"),
        ((1.05, 1.0212, 1.08, "ratio"), "×1.050 [×1.021, ×1.080]"),
        ((6.0, math.nan, math.nan, "ratio"), "×6.000"),
        ((math.inf, 1.5, math.inf, "ratio"), "×∞ [×1.500, ×∞]"),
        ((math.nan, math.nan, math.nan, "ratio"), "–"),
    ],
)
def test_an_effect_reads_the_same_everywhere(effect, text):
    assert numbers.effect_text(*effect) == text


def test_a_ratio_may_be_shown_as_a_change():
    assert numbers.change_text(0.904, 0.9, 0.91) == "−9.60% [−10.00%, −9.00%]"
    assert numbers.change_text(1.0) == "+0.00%"


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "<0.001"), (0.0123, "0.012"), (1.0, "1.000"), (math.nan, "–")]
)
def test_p_values(value, text):
    assert numbers.p_text(value) == text


def test_a_question_is_answered_in_a_sentence():
    """Error and speed of each arm with what is to be thought of them; the control's twin answers nothing."""
    records = [
        *trials("alexnet", 0.04, 0.041, 0.04, 0.041, 0.04),
        *trials("no-lrn", 0.06, 0.061, 0.062, 0.06, 0.061),
        *draws("alexnet", 100, 101, 100, 101),
        *draws("no-lrn", 110, 111, 111, 110),
        *draws("lrn", 100, 102, 101, 100),
    ]
    variants = {"alexnet": [], "lrn": [], "no-lrn": ["normalization"]}
    (answer,) = answers(effects(in_run(records), [manifest(variants=variants)], None))

    assert answer.startswith("lrn: against alexnet, no-lrn has +2.0")
    assert "] points of test top-1 error – worse and +9.9" in answer
    assert answer.endswith("] training throughput – better.")
