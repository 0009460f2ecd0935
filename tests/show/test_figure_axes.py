"""Axes zoom to where most values are, and what lies beyond stands at the edge."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from report_runs import draws, in_run, manifest, trials

from alexnet_bench.analysis.plans import Plans
from alexnet_bench.show.figures import FIGURES, style, zoom

pytestmark = pytest.mark.filterwarnings("error")

VALUES = st.lists(st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf, 0.0]), max_size=40)


@given(VALUES, st.lists(st.floats(-1e6, 1e6), max_size=3))
def test_three_quarters_of_the_values_and_all_that_must_be_shown_lie_on_the_axis(values, shown):
    low, high = zoom.limits(values, shown)

    assert -math.inf < low < high < math.inf
    assert all(low <= value <= high for value in shown)
    finite = [value for value in values if math.isfinite(value)]
    assert sum(low <= value <= high for value in finite) >= 0.75 * len(finite)


@given(VALUES)
def test_what_is_left_out_makes_the_axis_three_times_as_long(values):
    low, high = zoom.limits(values)
    finite = [value for value in values if math.isfinite(value)]
    if any(not low <= value <= high for value in finite):
        assert np.ptp(finite) > 2.7 * (high - low)


@pytest.mark.parametrize(
    ("values", "is_cut"),
    [
        ([4.0, 4.1, 4.2, 4.3, 90.0], True),
        ([4.0, 4.1, 4.2, 90.0], True),
        ([4.0, 90.0], False),
        ([4.0, 4.1, 4.2, 5.0], False),
        ([4.0, 4.0, 4.0, 4.0, 90.0], False),
    ],
    ids=["one of five", "one of four", "one of two", "near", "no spread"],
)
def test_few_that_lie_far_out_are_cut(values, is_cut):
    assert (zoom.limits(values)[1] < max(values)) == is_cut


def axes_of(name, records, names):
    run = manifest(variants={own: [] if own == "alexnet" else ["dropout"] for own in names}, ablations=[])
    with style.styled():
        figure = FIGURES[name].draw(in_run(records), Plans([run]))
        figure.canvas.draw()
    return [axes for panel in figure.subfigs for axes in panel.axes]


NAMES = ["alexnet", "a", "b", "c", "far"]


def errors(*last):
    near = [(name, 0.04 + 0.001 * place, 0.042) for place, name in enumerate(NAMES[:-1])]
    return [trial for variant in [*near, ("far", *last)] for trial in trials(*variant)]


def test_one_variant_that_does_not_learn_takes_no_axis_from_the_others():
    (axes,) = axes_of("error", errors(0.8, 0.9), NAMES)
    low, high = axes.get_xlim()
    assert 0 < low < 4.0 < 4.3 < high < 6
    assert [text.get_text() for text in axes.texts if text.get_text()[:1].isdigit()] == ["80.00 to 90.00"]
    (arrow,) = [line for line in axes.lines if line.get_marker() == ">"]
    assert list(arrow.get_ydata()) == [4]
    legend = [text.get_text() for text in axes.get_figure().legends[0].get_texts()]
    assert not [text for text in legend if "guess" in text]


def test_where_all_are_near_nothing_is_cut():
    (axes,) = axes_of("error", errors(0.045, 0.047), NAMES)
    assert axes.get_xlim()[1] > 4.7
    assert not [line for line in axes.lines if line.get_marker() == ">"]


def test_a_ratio_far_out_stands_at_the_edge():
    near = [(name, 10.0 + place, 10.2) for place, name in enumerate(NAMES[:-1])]
    records = [draw for variant in [*near, ("far", 200.0, 210.0)] for draw in draws(*variant)]
    (axes,) = axes_of("throughput", records, NAMES)
    assert axes.get_xlim()[0] == 0
    assert axes.get_xlim()[1] < 3
    assert "×20" in next(text.get_text() for text in axes.texts if text.get_text().startswith("×"))


def test_a_tradeoff_names_what_lies_beyond_with_its_value_and_mutes_the_rest():
    names = [*NAMES[:-1], *(f"v{number}" for number in range(8)), "far"]
    rates = {name: 10 + place / 10 for place, name in enumerate(names)}
    records = [trial for name in names[:-1] for trial in trials(name, 0.04 + rates[name] / 1e5)]
    records += [*trials("far", 0.9), *(draw for name in names for draw in draws(name, rates[name]))]
    records += trials("v7", 0.0399)
    (axes,) = axes_of("tradeoff", records, names)
    assert {text.get_text() for text in axes.texts} >= {"alexnet", "far (90.00%)"}
    assert len(axes.texts) < len(names)
    assert axes.get_ylim()[1] < 6


def test_shape_tells_the_control_as_colour_does():
    (axes,) = axes_of("error", errors(0.045, 0.047), NAMES)
    paths = {len(item.get_paths()[0].vertices) for item in axes.collections if len(item.get_offsets()) > 1}
    assert len(paths) == 2


def test_text_is_as_wide_in_every_kind_of_file():
    """A figure is laid out for its PNG file: what is wider in SVG would be cut off."""

    def inches(dots):
        figure = Figure(dpi=dots)
        text = figure.text(0, 0, "rate: tuned for each network and seed", fontsize=8)
        return text.get_window_extent(FigureCanvasAgg(figure).get_renderer()).width / dots

    with style.styled():
        assert inches(72) == pytest.approx(inches(150), rel=0.005)
