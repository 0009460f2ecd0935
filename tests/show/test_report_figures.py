"""What the figures show."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import PathCollection
from report_runs import DEVICE, changed, curve_point, draw, failed_trial, in_run, manifest, trial

from alexnet_bench.analysis.plans import Plans
from alexnet_bench.analysis.specifications import specification_curves
from alexnet_bench.show.figures import FIGURES, style
from alexnet_bench.show.figures.specification import NEITHER, choice_rows, side_of

pytestmark = pytest.mark.filterwarnings("error")

TWO = f"2 logical CPU devices ({DEVICE})"
NAMES = {"alexnet": [], "lrn": [], "two-gpu": ["placement"]} | {
    f"a-rather-long-name-of-a-variant-{index}": ["normalization"] for index in range(12)
}


def drawn(name, records, run, folders=None):
    """A figure, laid out, of one run or a list of them; None where there is nothing to draw."""
    runs = run if isinstance(run, list) else [run]
    with style.styled():
        figure = FIGURES[name].draw(in_run(records), Plans(runs, folders or {}))
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


def many_ways(count=34):
    """Trials of a question asked in so many settings, in three ways at least in each, and their plans."""
    shapes = [f"alexnet-{number}" for number in range(count)]
    trials = [
        trial(name, seed, 0.3 + bad * (number - 9) / 99 + seed / 999, run_id=shape, topology=shape)
        for number, shape in enumerate(shapes)
        for name, bad in (("alexnet", 0), ("no-lrn", 1))
        for seed in range(4 if number % 3 else 2)
    ]
    return trials, [manifest(shape, topology=shape, test_images=360) for shape in shapes]


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
        "forest": drawn("forest", records, run),
        "sweep": drawn("sweep", sweep(), run),
        "interaction": drawn("interaction", *crossing()),
        "effect_by_epoch": drawn("effect_by_epoch", learning(), run),
        "error_by_rate": drawn("error_by_rate", tuning(), run),
        "specification": drawn("specification", *many_ways()),
    }


@pytest.mark.parametrize("name", [name for name in FIGURES if name != "filters"])
def test_no_text_is_cut_off(figures, name):
    with style.styled():
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
    points = marks_of(axes)
    assert len(points) == 2 + 2 + 13 * 3
    assert len({tuple(at) for at in np.round(points, 6).tolist()}) == len(points)
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


def test_tradeoff_prints_both_conditions_and_names_the_control_and_the_front(figures):
    """The control is more accurate and faster than all others."""
    heads = _heads(figures["tradeoff"])
    assert "error: digits, alexnet-8, 2 epochs" in heads
    assert "throughput: alexnet-227, batch 16, float32, 2 draws of each network" in heads
    (axes,) = _axes(figures["tradeoff"])
    assert {text.get_text() for text in axes.texts} == {"alexnet"}


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


def test_the_effect_over_training_says_how_many_seeds_are_left_where_some_failed():
    names = TRAINED[-3:]
    records = learning()[-12:]
    fifth = changed([item for item in records if item.seed == 3 and item.variant != names[1]], seed=4)
    records += [*fifth, *changed([failed_trial(names[1], 4)], epochs=6)]
    run = manifest(variants={name: NAMES[name] for name in names}, control=names[0])

    titles = [axes.get_title() for axes in _axes(drawn("effect_by_epoch", records, run))]
    assert ["4 of 5 seeds" in title for title in titles] == [True, False]


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
    (panel,) = figures["error_by_rate"].subfigs
    assert any("after 2 of 6 epochs" in text.get_text() for text in panel.texts)


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
        "mean after more epochs, of seeds that went on",
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


# -- specification curves


def test_every_way_of_asking_has_a_mark_and_its_choices(figures):
    """134 columns: none is left out, and each has one network, one length and one metric."""
    above, below = _axes(figures["specification"])
    places = sorted(place for place, _ in marks_of(above))
    count = len(places)
    assert places == list(range(count)) and count > 100

    (chosen,) = [line for line in below.lines if line.get_color() == "black"]
    by_row = dict(enumerate(labels_of(below)))
    for name in ("network", "length", "metric"):
        of_name = [x for x, y in chosen.get_xydata() if by_row[int(y)].startswith(f"{name}: ")]
        assert sorted(of_name) == list(range(count))


def marks_of(axes):
    return [at for item in axes.collections if isinstance(item, PathCollection) for at in item.get_offsets()]


def labels_of(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


def test_how_many_intervals_lie_where_is_said_under_the_curve(figures):
    _, below = _axes(figures["specification"])
    told = " ".join(below.get_xlabel().split())
    records, runs = many_ways()
    (curve,) = specification_curves(in_run(records), Plans(runs))

    lower = sum(one.high < 0 for one in curve)
    higher = sum(one.low > 0 for one in curve)
    neither = sum(one.low <= 0 <= one.high for one in curve)
    assert min(lower, higher, neither) > 0
    assert told == (
        f"{lower} intervals below zero (the arm is better), {higher} above (worse), {neither} across; "
        f"{len(curve) - lower - higher - neither} without an interval, of fewer than four pairs"
    )


def test_what_rests_on_the_seeds_that_did_not_fail_is_hollow_and_counts_for_no_side():
    once, runs = many_ways(6)
    again = [changed([item], seed=item.seed + 4)[0] for item in once]
    failed = {"status": "diverged", "test_top1_error": None, "validation_top1_error": None}
    records = [
        changed([item], **failed)[0] if (item.variant, item.seed) == ("no-lrn", 0) else item
        for item in (*once, *again)
    ]
    figure = drawn("specification", records, runs)
    told = " ".join(_axes(figure)[1].get_xlabel().split())
    (curve,) = specification_curves(in_run(records), Plans(runs))

    left = [one for one in curve if one.kind == "incomplete"]
    assert left and all(side_of(one) == NEITHER for one in left)
    assert f"; {len(left)} that count for no side, as seeds failed" in told
    words = [text.get_text() for text in figure.subfigs[0].legends[0].get_texts()]
    assert "fewer than four pairs, or seeds failed" in words


@given(st.lists(st.tuples(*[st.sampled_from("ab")] * 4), min_size=1, max_size=12))
def test_dots_tell_apart_whatever_differs_and_leave_out_what_does_not(choices):
    names = ("network", "metric", "weight decay", "momentum")
    curve = [SimpleNamespace(choices=dict(zip(names, own, strict=True)), runs="run-a") for own in choices]

    shown = choice_rows(curve)

    columns = list(zip(*(row for options in shown.values() for row in options.values()), strict=True))
    assert len(set(columns)) == (len(set(choices)) if len(set(choices)) > 1 else 0)
    assert all(
        sum(column) == 1 for options in shown.values() for column in zip(*options.values(), strict=True)
    )
    assert "run" not in shown


def test_what_never_got_there_is_at_the_edge_of_a_logarithmic_axis():
    def run(number):
        return f"run-{number}"

    recipe = {"learning_rate": 0.01, "stop_at_train_error": 0.25}
    records = [
        trial(
            name,
            seed,
            run_id=run(number),
            epochs=4,
            fingerprint=f"{name} {number}",
            recipe_settings=recipe,
            curve=[curve_point(epoch, max(0.0, 0.9 - 0.2 * epoch * fast)) for epoch in range(1, 5)],
        )
        for number in range(6)
        for name, fast in (("alexnet", 1 + number / 10), ("no-lrn", 0.5 if number else 1))
        for seed in range(4)
    ]
    figure = drawn("specification", records, [manifest(run(number)) for number in range(6)])

    above = next(axes for axes in _axes(figure) if axes.get_yscale() == "log")
    low, high = above.get_ylim()
    assert sum(y == pytest.approx(high) for _, y in marks_of(above)) == 5
    assert low < 1 < high


def test_no_more_questions_are_drawn_than_can_be_read():
    names = {"alexnet": []} | {f"arm-{number}": [f"field-{number}"] for number in range(30)}
    runs = [manifest(run, variants=names, topology=run) for run in ("run-a", "run-b")]
    records = [
        trial(name, seed, run_id=run.run_id, topology=run.run_id)
        for run in runs
        for name in names
        for seed in range(2)
    ]
    with style.styled():
        figure = FIGURES["specification"].draw(in_run(records), Plans(runs))
    assert len(figure.subfigs) == 12


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


def blobs(towers, channels=3, kernels=60):
    """Kernels in which neighbouring weights are alike."""
    return noise(towers, channels, kernels).cumsum(axis=1).cumsum(axis=2)


def test_every_tower_has_a_row_of_its_own(filters):
    (axes,) = _axes(filters({"alexnet": blobs(2), "one": blobs(1)}))
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["alexnet, tower 1", "alexnet, tower 2", "one"]
    tops = [image.get_extent()[3] for image in axes.get_images()]
    assert tops == sorted(set(tops)) and len(tops) == 3


@pytest.mark.parametrize("channels", [1, 3])
def test_images_of_one_channel_are_grey(filters, channels):
    (axes,) = _axes(filters({"alexnet": blobs(1, channels)}))

    (strip,) = [image.get_array() for image in axes.get_images()]
    assert strip.shape == (3 * 6, 24 * 6, 3)
    assert bool(np.ptp(strip, axis=2).any()) == (channels == 3)
    assert bool(axes.texts[0].get_text()) == (channels == 3)


def test_trials_without_kernels_have_no_figure(filters):
    assert filters({"alexnet": None}) is None


def test_kernels_in_which_there_is_nothing_to_see_are_left_out(filters):
    """Small ones, and those that are still about what was drawn at random."""
    kept = {"alexnet": blobs(1), "untrained": noise(1), "small": blobs(1)[:, :3, :3]}
    (axes,) = _axes(filters(kept))
    assert [label.get_text() for label in axes.get_yticklabels()] == ["alexnet"]


def test_colour_is_the_share_that_is_not_grey(filters):
    grey = np.repeat(blobs(1, 1, 4), 3, axis=3)
    opposed = np.zeros_like(grey)
    opposed[..., 0, :], opposed[..., 1, :] = grey[..., 0, :], -grey[..., 0, :]
    both = np.concatenate([grey, opposed], axis=4)

    (axes,) = _axes(filters({"alexnet": grey, "opposed": opposed, "both": both}))
    labels = [label.get_text() for label in axes.get_yticklabels()]
    shares = dict(zip(labels, [text.get_text() for text in axes.texts], strict=True))
    assert shares == {"alexnet": "colour 0%", "opposed": "colour 100%", "both": "colour 50%"}
