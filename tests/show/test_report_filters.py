"""The first layer's kernels: a row a tower, and how much of them is colour."""

import numpy as np
import pytest
from report_runs import in_run, manifest, trial

from alexnet_bench.analysis.plans import Plans
from alexnet_bench.show.figures import FIGURES, style
from alexnet_bench.show.figures.filters import colour

pytestmark = pytest.mark.filterwarnings("error")


def draw(folder, towers_of, channels=3):
    """The figure of variants whose first layers have so many towers."""
    rng = np.random.default_rng(0)
    (folder / "predictions").mkdir()
    records = []
    for name, towers in towers_of.items():
        file = f"predictions/{name}.npz"
        arrays = {"labels": np.zeros(3), "likeliest": np.zeros((3, 5))}
        if towers:
            arrays["filters"] = rng.normal(size=(towers, 5, 5, channels, 60))
        np.savez(folder / file, **arrays)
        records.append(trial(name, 0, predictions=file))
    plans = Plans([manifest(variants={name: [] for name in towers_of})], {"run-a": folder})
    with style.styled():
        figure = FIGURES["filters"].draw(in_run(records), plans)
        if figure is not None:
            figure.canvas.draw()
    return figure


def labels(figure):
    return [axes.get_ylabel() for panel in figure.subfigs for axes in panel.axes]


def test_every_tower_has_a_row_of_its_own(tmp_path):
    found = labels(draw(tmp_path, {"alexnet": 2, "one": 1}))

    assert found == ["alexnet, tower 1", "alexnet, tower 2", "one"]


@pytest.mark.parametrize("channels", [1, 3])
def test_images_of_one_channel_are_grey(tmp_path, channels):
    figure = draw(tmp_path, {"alexnet": 1}, channels)

    (strip,) = [image.get_array() for panel in figure.subfigs for image in panel.axes[0].get_images()]
    assert strip.shape == (2 * 6, 48 * 6, 3)
    assert bool(np.ptp(strip, axis=2).any()) == (channels == 3)


def test_trials_without_kernels_have_no_figure(tmp_path):
    assert draw(tmp_path, {"alexnet": 0}) is None


def test_colour_is_the_share_that_is_not_grey():
    grey = np.repeat(np.random.default_rng(0).normal(size=(5, 5, 1, 4)), 3, axis=2)
    opposed = np.zeros((5, 5, 3, 4))
    opposed[..., 0, :], opposed[..., 1, :] = 1.0, -1.0

    assert colour(grey) == pytest.approx(0.0, abs=1e-9)
    assert colour(opposed) == pytest.approx(1.0)
    assert colour(np.concatenate([grey, opposed], axis=3)) == pytest.approx(0.5)
