"""Main effects and interactions of crossed changes."""

import math

import pytest
from report_runs import in_run, manifest, trial, write_run
from scipy import stats

from alexnet_bench.analysis.contrasts import contrasts
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.show.figures import FIGURES, style
from alexnet_bench.show.report import write_report

pytestmark = pytest.mark.filterwarnings("error")

TWO, THREE = ["a", "b"], ["a", "b", "c"]
NOISE = (0.000, 0.001, 0.003, 0.002, 0.001)


def cells(changes):
    """The variants of a factorial, by the changes that each has."""
    found = {(): "alexnet"}
    for change in changes:
        found |= {(*some, change): "+".join((*some, change)) for some in list(found)}
    return found


def run(changes, **plan):
    fields = {name: list(some) for some, name in cells(changes).items()}
    return manifest(variants=fields, ablations=[], **(plan or {"factorials": [changes]}))


def records(changes, error, seeds=5):
    """A trial a cell and seed; `error` is told which changes the cell has."""
    return [
        trial(name, seed, error(set(some)) + NOISE[seed] * (1 + len(some)))
        for some, name in cells(changes).items()
        for seed in range(seeds)
    ]


def found(changes, error, seeds=5):
    rows = contrasts(in_run(records(changes, error, seeds)), Plans([run(changes)]))
    return {row.term: row for row in rows.itertuples()}


def additive(some):
    return 0.10 + 0.02 * ("a" in some) + 0.03 * ("b" in some)


def test_changes_that_do_not_interact_have_main_effects_alone():
    rows = found(TWO, lambda some: additive(some) - NOISE[0])

    assert list(rows) == ["a", "b", "a x b"]
    assert rows["a"].effect == pytest.approx(2.14)
    assert rows["b"].effect == pytest.approx(3.14)
    assert rows["a x b"].effect == pytest.approx(0.0, abs=1e-9)


def test_an_interaction_is_what_one_changes_in_the_difference_of_the_other():
    """Without b, a costs 2 points; with b it costs 6."""
    rows = found(TWO, lambda some: additive(some) + 0.04 * ({"a", "b"} <= some))

    assert rows["a x b"].effect == pytest.approx(4.0)
    assert rows["a"].effect == pytest.approx(2.0 + 4.0 / 2 + 0.14)
    assert (rows["a x b"].low, rows["a x b"].high) == pytest.approx((4.0, 4.0))


def test_three_changes_have_seven_terms_whose_p_values_are_adjusted_together():
    rows = found(THREE, lambda some: additive(some) + 0.05 * ({"a", "b", "c"} <= some))

    assert list(rows) == ["a", "b", "c", "a x b", "a x c", "b x c", "a x b x c"]
    assert rows["a x b x c"].effect == pytest.approx(5.0)
    assert all(0 <= row.p_value <= 1 for row in rows.values())


def halved(error):
    """The terms of half a factorial of four changes, from an error without noise."""
    changes = ["a", "b", "c", "d"]
    rows = [
        trial(name, seed, error(set(some)))
        for some, name in cells(changes).items()
        if len(some) % 2 == 0
        for seed in range(4)
    ]
    found = contrasts(in_run(rows), Plans([run(changes, half_factorials=[changes])]))
    return {row.term: row for row in found.itertuples()}


def test_half_a_factorial_finds_what_each_change_does():
    rows = halved(additive)

    assert {term: row.alias for term, row in rows.items()} == {
        "a": "b x c x d",
        "b": "a x c x d",
        "c": "a x b x d",
        "d": "a x b x c",
        "a x b": "c x d",
        "a x c": "b x d",
        "a x d": "b x c",
    }
    effects = [round(row.effect, 6) for row in rows.values()]
    assert effects == pytest.approx([2, 3, 0, 0, 0, 0, 0])


def test_half_a_factorial_cannot_tell_an_interaction_from_its_alias():
    one, other = (
        halved(lambda some, pair=pair: additive(some) + 0.04 * (pair <= some))
        for pair in ({"a", "b"}, {"c", "d"})
    )

    assert one["a x b"].effect == pytest.approx(other["a x b"].effect) == pytest.approx(4.0)


def test_an_interval_is_no_narrower_than_whole_test_images_make_it():
    """Every seed has the same errors, of 100 images."""
    rows = [
        trial(name, seed, 0.1 + 0.02 * ("a" in some))
        for some, name in cells(TWO).items()
        for seed in range(4)
    ]
    (row, *_) = contrasts(in_run(rows), Plans([run(TWO, factorials=[TWO], test_images=100)])).itertuples()

    # The mean of two differences of whole images: a deviation of 1/sqrt(6) / sqrt(2) points.
    # The three terms share the level.
    half_width = stats.t.isf(0.025 / 3, 3) / math.sqrt(6) / math.sqrt(2) / math.sqrt(4)
    assert (row.high - row.low) / 2 == pytest.approx(half_width)


def test_looks_share_the_level_of_the_terms():
    once, often = (
        contrasts(in_run(records(TWO, additive)), Plans([run(TWO, factorials=[TWO], looks=list(looks))]))[
            "p_value"
        ]
        for looks in ((), (4, 8))
    )

    assert (often > once).all()


def test_three_seeds_have_effects_and_no_interval():
    row = found(TWO, additive, seeds=3)["a"]

    assert (row.seeds, math.isnan(row.low), math.isnan(row.p_value)) == (3, True, True)


@pytest.mark.parametrize(
    "rows",
    [
        records(TWO, lambda some: 0.89),
        [row for row in records(TWO, additive) if row.variant != "a+b"],
    ],
    ids=["a control that did not learn", "a cell that is missing"],
)
def test_what_has_no_terms(rows):
    assert contrasts(in_run(rows), Plans([run(TWO)])).empty


def test_a_seed_that_a_cell_lacks_does_not_count():
    some = [row for row in records(TWO, additive) if (row.variant, row.seed) != ("a+b", 0)]

    assert set(contrasts(in_run(some), Plans([run(TWO)]))["seeds"]) == {4}


@pytest.mark.parametrize("changes", [TWO, THREE, ["a", "b", "c", "d"]])
def test_every_pair_of_changes_has_axes(changes):
    with style.styled():
        figure = FIGURES["interaction"].draw(in_run(records(changes, additive)), Plans([run(changes)]))
        figure.canvas.draw()

    shown = [
        axes for axes in figure.findobj(lambda item: hasattr(item, "get_xticklabels")) if axes.get_visible()
    ]
    assert len(shown) == math.comb(len(changes), 2)


def test_a_report_has_the_terms_as_table_and_data(tmp_path):
    folder = write_run(tmp_path / "run", records(TWO, additive), run(TWO))

    page = write_report([folder], tmp_path / "report")

    assert "Main effects and interactions" in page.read_text()
    assert "| a, b | a x b |" in (tmp_path / "report" / "report.md").read_text()
    assert (tmp_path / "report" / "factorial.csv").exists()
    assert (tmp_path / "report" / "interaction.png").exists()
