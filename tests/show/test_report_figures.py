"""What the figures show."""

from itertools import pairwise

import numpy as np
import pytest
from report_runs import DEVICE, changed, curve_point, draw, failed_trial, in_run, manifest, trial

from alexnet_bench.analysis.plans import Plans
from alexnet_bench.show.figures import FIGURES, style

pytestmark = pytest.mark.filterwarnings("error")

TWO = f"2 logical CPU devices ({DEVICE})"
NAMES = {"alexnet": [], "lrn": [], "two-gpu": ["placement"]} | {
    f"a-rather-long-name-of-a-variant-{index}": ["normalization"] for index in range(12)
}


def drawn(name, records, run, folders=None):
    """A figure, laid out; None where there is nothing to draw."""
    with style.styled():
        figure = FIGURES[name].draw(in_run(records), Plans([run], folders or {}))
        if figure is not None:
            figure.canvas.draw()
    return figure


def sweep():
    """Draws of all variants at three batch sizes and two precisions, and of one network at one size alone."""
    return [
        draw(name, size, [rate * size], batch_size=size, mode=mode, precision=precision)
        for precision, rate in (("float32", 1.0), ("mixed_bfloat16", 1.7))
        for name in NAMES
        for size in ((8,) if name == "lrn" else (8, 32, 64))
        for mode in ("training", "inference")
    ]


def crossing():
    """Trials of two changes crossed, and their plan."""
    one, other = list(NAMES)[-2:]
    names = {"alexnet": [], one: ["dropout"], other: ["normalization"], f"{one}+{other}": ["dropout"]}
    trials = [trial(name, seed, 0.03 + 0.01 * index) for index, name in enumerate(names) for seed in range(4)]
    return trials, manifest(variants=names, factorials=[[one, other]])


TRAINED = [name for name in NAMES if name not in ("lrn", "two-gpu")]


def learning():
    """Trials whose errors are an equal number of points above the control's after each of six epochs."""
    return [
        trial(
            name,
            seed,
            0.2,
            epochs=6,
            curve=[curve_point(epoch, 0.4 / epoch + 0.01 * place + 0.001 * seed) for epoch in range(1, 7)],
        )
        for place, name in enumerate(TRAINED)
        for seed in range(4)
    ]


def tuning():
    """Trials at four rates, of which the last diverges for the last variant, and results at two of them."""
    tried = [
        trial(
            name,
            1_000_000 + seed,
            0.2,
            purpose="tuning",
            epochs=6,
            recipe_settings={"learning_rate": rate},
            curve=[curve_point(epoch, 0.2 + 0.1 * place) for epoch in range(1, 7 if rate == 0.01 else 3)],
        )
        for name in TRAINED
        for place, rate in enumerate((0.001, 0.003, 0.01, 0.03))
        for seed in range(2)
        if (name, rate) != (TRAINED[-1], 0.03)
    ]
    (failed,) = changed([failed_trial(TRAINED[-1], 1_000_000)], purpose="tuning", epochs=6)
    (failed,) = changed([failed], recipe_settings={"learning_rate": 0.03})
    chosen = [
        trial("alexnet", seed, recipe_settings={"learning_rate": rate})
        for seed, rate in enumerate((0.003, 0.01))
    ]
    return [*tried, failed, *chosen]


@pytest.fixture(scope="module")
def figures():
    """Every figure of fifteen variants, drawn."""
    records = []
    for index, name in enumerate(NAMES):
        split = {"placement": "split", "device": TWO} if name == "two-gpu" else {}
        if name != "lrn":
            records += [trial(name, seed, 0.03 + 0.001 * index, **split) for seed in range(3)]
        records += [
            draw(name, number, [50.0 - index, 50.0 - index], mode=mode, **split)
            for number in range(2)
            for mode in ("training", "inference")
        ]
    records[1] = failed_trial("alexnet", 1)
    run = manifest(variants=NAMES)
    made = {name: drawn(name, records, run) for name in ("error", "throughput", "tradeoff", "curves")}
    return made | {
        "sweep": drawn("sweep", sweep(), run),
        "interaction": drawn("interaction", *crossing()),
        "effect_by_epoch": drawn("effect_by_epoch", learning(), run),
        "error_by_rate": drawn("error_by_rate", tuning(), run),
    }


@pytest.mark.parametrize("name", [name for name in FIGURES if name != "filters"])
def test_no_text_is_cut_off(figures, name):
    box = figures[name].get_tightbbox(figures[name].canvas.get_renderer())
    width, height = figures[name].get_size_inches()
    assert (box.x0, box.y0) >= (0, 0)
    assert (box.x1, box.y1) <= (width, height)


def labels(figure):
    return [label.get_text() for label in _axes(figure)[0].get_yticklabels()]


def _axes(figure):
    return [axes for panel in figure.subfigs for axes in panel.axes]


def _heads(figure):
    return " ".join(" ".join(panel.get_suptitle() for panel in figure.subfigs).split())


def test_error_has_every_seed_of_every_variant_control_first(figures):
    (axes,) = _axes(figures["error"])
    assert labels(figures["error"])[:2] == ["alexnet (1 of 3 failed)", "lrn (= alexnet) (1 of 3 failed)"]
    (points,) = [item for item in axes.collections if len(item.get_offsets())]
    assert len(points.get_offsets()) == 2 + 2 + 13 * 3
    assert len({tuple(at) for at in points.get_offsets().round(6).tolist()}) == len(points.get_offsets())
    assert "digits, alexnet-8, 2 epochs, batch 32" in _heads(figures["error"])
    assert "seeds 0–2" in _heads(figures["error"])


def test_throughput_starts_at_zero_and_names_other_devices(figures):
    training, inference = _axes(figures["throughput"])
    assert training.get_xlim()[0] == inference.get_xlim()[0] == 0
    assert labels(figures["throughput"])[0] == "alexnet"
    assert "two-gpu\n2 logical CPU devices" in labels(figures["throughput"])
    assert (training.get_xlabel(), inference.get_xlabel()) == (
        "training throughput over alexnet's\n(ratio; higher is better)",
        "inference throughput over alexnet's\n(ratio; higher is better)",
    )
    assert f"on {DEVICE}, 2 threads; two-gpu on 2 logical CPU devices" in _heads(figures["throughput"])


def test_tradeoff_prints_both_conditions_and_every_name(figures):
    heads = _heads(figures["tradeoff"])
    assert "error: digits, alexnet-8, 2 epochs" in heads
    assert "throughput: alexnet-227, batch 16, float32, 2 draws of each network" in heads
    (axes,) = _axes(figures["tradeoff"])
    assert {text.get_text() for text in axes.texts} == set(NAMES)


@pytest.mark.parametrize(
    "errors", [[0.5, 0.3, 0.3, 0.3, 0.1], [0.1] * 6, [0.5, *[0.1] * 6], [*[0.5] * 6, 0.1]]
)
def test_names_beside_a_tradeoff_are_moved_apart_and_stay_inside(errors):
    names = list(NAMES)[: len(errors)]
    trials = [trial(name, 0, error) for name, error in zip(names, errors, strict=True)]
    run = manifest(variants={name: NAMES[name] for name in names})
    (axes,) = _axes(drawn("tradeoff", trials + [draw(name, 0, [10.0]) for name in names], run))

    placed = [text.xyann[1] for text in axes.texts]
    assert len(placed) == len(errors)
    assert all(high - low >= 0.05 - 1e-9 for high, low in pairwise(placed))
    assert 0 <= placed[-1] <= placed[0] <= 1


def test_curves_have_a_plot_a_trained_network(figures):
    shown = [axes.get_title().replace("\n", "") for axes in _axes(figures["curves"]) if axes.get_visible()]
    assert shown == [name for name in NAMES if name != "lrn"]


def test_the_effect_over_training_has_a_plot_an_arm_with_its_interval_the_margin_and_zero(figures):
    shown = [axes for axes in _axes(figures["effect_by_epoch"]) if axes.get_visible()]
    assert [axes.get_title().split("\n")[-1] for axes in shown] == [
        f"+{place}.00 [+{place}.00, +{place}.00]" for place in range(1, 13)
    ]
    first = shown[0]
    zero, effect = first.lines
    assert list(zero.get_ydata()) == [0, 0]
    assert list(effect.get_xdata()) == [1, 2, 3, 4, 5, 6]
    assert list(effect.get_ydata()) == pytest.approx([1] * 6)
    low, high = first.get_ylim()
    assert low < -0.5 and high > 1


@pytest.mark.parametrize(
    "records", [learning()[-8:-1], changed(learning()[-8:], curve=())], ids=["three pairs", "no curves"]
)
def test_the_effect_over_training_is_drawn_where_there_are_pairs_and_epochs(records):
    control, arm = TRAINED[-2:]
    run = manifest(variants={name: NAMES[name] for name in (control, arm)}, control=control)
    assert drawn("effect_by_epoch", learning()[-8:], run) is not None
    assert drawn("effect_by_epoch", records, run) is None


def test_error_against_rate_has_a_line_a_variant_on_a_logarithmic_axis(figures):
    (axes,) = _axes(figures["error_by_rate"])
    assert axes.get_xscale() == "log"
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["0.001", "0.003", "0.01", "0.03"]
    lines = [line for line in axes.lines if line.get_linestyle() != "None"]
    assert len(lines) == len(TRAINED)
    assert list(lines[0].get_ydata()) == pytest.approx([20, 30, 40, 50])
    looks = {(line.get_color(), line.get_linestyle()) for line in lines}
    assert len(looks) == len(lines)
    assert axes.get_ylabel().startswith("validation error after 2 epochs")


def test_what_was_chosen_what_went_on_and_what_failed_is_marked(figures):
    (axes,) = _axes(figures["error_by_rate"])
    marked = {
        marker: [line for line in axes.lines if line.get_marker() == marker and len(line.get_xdata())]
        for marker in "Dx"
    }
    assert [list(line.get_ydata()) for line in marked["x"]] == [[0.97]]
    assert [list(line.get_ydata()[2:3]) for line in marked["D"]] == [pytest.approx([40])] * len(TRAINED)
    assert [text.get_text() for text in axes.texts] == ["1", "1"]
    words = [text.get_text() for text in figures["error_by_rate"].subfigs[0].legends[0].get_texts()]
    assert words[: len(TRAINED)] == TRAINED
    assert words[len(TRAINED) :] == [
        "one tuning seed, after as many epochs",
        "mean after more epochs, of the seeds that went on",
        "chosen (by so many seeds)",
        "failed or diverged",
    ]


def test_variants_are_ordered_from_best_to_worst_after_the_control():
    errors = {"c": 0.3, "alexnet": 0.5, "b": 0.1, "a": 0.2}
    records = [trial(name, 0, error) for name, error in errors.items()]
    figure = drawn("error", records, manifest(variants={name: [] for name in "abc"}))
    assert labels(figure) == ["alexnet", "b", "a", "c"]


def test_names_are_no_formulas():
    """Matplotlib would read what stands between dollar signs as one, and refuse this."""
    name = "a$\\frac^$b"
    assert labels(drawn("error", [trial(name, 0)], manifest(variants={name: []}, control=name))) == [name]


def test_a_control_is_drawn_more_often_and_this_is_said():
    records = [draw("alexnet", number, [10.0]) for number in range(4)] + [draw("no-lrn", 0, [11.0])]
    assert "1 draw of each network (4 of the control)" in _heads(drawn("throughput", records, manifest()))


def test_sweep_has_a_line_a_variant_and_precision_over_the_batch_sizes(figures):
    training, _ = _axes(figures["sweep"])
    lines = [line for line in training.lines if len(line.get_xdata()) > 1]
    assert len(lines) == 2 * (len(NAMES) - 1)
    assert {tuple(line.get_xdata()) for line in lines} == {(8, 32, 64)}
    assert [tick.get_text() for tick in training.get_xticklabels()] == ["8", "32", "64"]
    assert training.get_ylim()[0] == 0
    words = [text.get_text() for panel in figures["sweep"].subfigs for text in panel.legends[0].get_texts()]
    assert "lrn" not in words
    assert {"alexnet", "float32", "mixed_bfloat16"} <= set(words)


def test_one_batch_size_is_no_sweep():
    assert drawn("sweep", [draw("alexnet", 0, [1.0])], manifest()) is None


# -- the first layer's kernels


@pytest.fixture
def filters(tmp_path):
    """Draw the kernels that variants kept, by their names: (towers, height, width, channels, kernels)."""

    def draw_kept(kept):
        (tmp_path / "predictions").mkdir()
        for name, kernels in kept.items():
            arrays = {} if kernels is None else {"filters": kernels}
            file = tmp_path / "predictions" / f"{name}.npz"
            np.savez(file, labels=np.zeros(3), likeliest=np.zeros((3, 5)), **arrays)
        trials = [trial(name, 0, predictions=f"predictions/{name}.npz") for name in kept]
        run = manifest(variants={name: [] for name in kept})
        return drawn("filters", trials, run, {"run-a": tmp_path})

    return draw_kept


def noise(towers, channels=3, kernels=60):
    return np.random.default_rng(0).normal(size=(towers, 5, 5, channels, kernels))


def test_every_tower_has_a_row_of_its_own(filters):
    (axes,) = _axes(filters({"alexnet": noise(2), "one": noise(1)}))
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["alexnet, tower 1", "alexnet, tower 2", "one"]
    tops = [image.get_extent()[3] for image in axes.get_images()]
    assert tops == sorted(set(tops)) and len(tops) == 3


@pytest.mark.parametrize("channels", [1, 3])
def test_images_of_one_channel_are_grey(filters, channels):
    (axes,) = _axes(filters({"alexnet": noise(1, channels)}))

    (strip,) = [image.get_array() for image in axes.get_images()]
    assert strip.shape == (2 * 6, 48 * 6, 3)
    assert bool(np.ptp(strip, axis=2).any()) == (channels == 3)
    assert bool(axes.texts[0].get_text()) == (channels == 3)


def test_trials_without_kernels_have_no_figure(filters):
    assert filters({"alexnet": None}) is None


def test_colour_is_the_share_that_is_not_grey(filters):
    grey = np.repeat(noise(1, 1, 4), 3, axis=3)
    opposed = np.zeros_like(grey)
    opposed[..., 0, :], opposed[..., 1, :] = 1.0, -1.0
    both = np.concatenate([grey, opposed], axis=4)

    (axes,) = _axes(filters({"alexnet": grey, "opposed": opposed, "both": both}))
    labels = [label.get_text() for label in axes.get_yticklabels()]
    shares = dict(zip(labels, [text.get_text() for text in axes.texts], strict=True))
    assert shares == {"alexnet": "colour 0%", "opposed": "colour 100%", "both": "colour 50%"}
