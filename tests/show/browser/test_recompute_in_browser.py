"""What is chosen under "Compare otherwise" is shown at once, as the report would show it."""

from dataclasses import replace
from pathlib import Path

import pytest
from report_runs import in_run, manifest, trials

from alexnet_bench.analysis.effects import before_verdicts, effects
from alexnet_bench.analysis.judging import judged
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.show.content import make_content
from alexnet_bench.show.figure_data import Shown
from alexnet_bench.show.files import read_runs
from alexnet_bench.show.numbers import effect_text, p_text, value_text, verdict_text
from alexnet_bench.show.page import render_html

REFERENCE = Path(__file__).parents[3] / "results" / "reference"


@pytest.fixture(scope="module")
def recomputed(visit, tmp_path_factory):
    """The page of a run, open; nothing may be asked for, and no error told of."""
    file = page_of(*a_run(), tmp_path_factory.mktemp("recomputed"))
    seen = visit(file)
    yield seen
    assert (seen.said, seen.asked) == ([], [file.as_uri()])


def page_of(records, plans, folder):
    """Without figures, which take long."""
    found = effects(records, plans.manifests, plans.folders)
    file = folder / "index.html"
    file.write_text(render_html(make_content(Shown(records, plans, found), {})), encoding="utf-8")
    return file


def a_run():
    return read_runs([REFERENCE / "performance" / "first"])


def shown_rows(recomputed):
    """Arm, effect, verdict, pairs, values and p-values, as the page shows them."""
    lines = recomputed.page.locator("#recompute tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )
    return {arm: [effect, verdict[2:], *rest] for arm, effect, verdict, *rest, note in lines}


def expected_rows(control, arms, margin=None, measure="test_top1_error"):
    """The same as the report's tables would have it."""
    records, plans = a_run()
    found = before_verdicts(
        [r for r in records if r.variant in {control, *arms}], plans.held_against(control)
    )
    rows = [(replace(row, margin=margin or row.margin), effect) for row, effect in found]
    return {
        row.arm: [
            effect_text(row.effect, row.low, row.high, row.unit),
            verdict_text(row.verdict, row.pairs, row.pairs_wanted, "seed"),
            str(row.pairs),
            value_text(row.control_value, row.value_unit),
            value_text(row.arm_value, row.value_unit),
            p_text(row.p_difference),
            p_text(row.p_equivalence),
        ]
        for row in judged(rows)
        if row.measure == measure
    }


def test_what_is_chosen_on_the_page_is_shown_at_once_as_the_report_would(recomputed):
    section = recomputed.page.locator("#recompute")
    status = section.get_by_role("status")
    everything = {*a_run()[1].variants} - {"alexnet", "lrn"}
    planned = shown_rows(recomputed)
    assert planned == expected_rows("alexnet", everything & planned.keys())
    assert status.inner_text().startswith("Test top-1 error against alexnet, margin 1.11 points: ")

    section.get_by_label("Control").select_option("tanh")
    section.get_by_role("button", name="No arms").click()
    assert status.inner_text().endswith(": no arm is chosen.")
    for arm in ("one-gpu", "no-lrn"):
        # With the keyboard alone.
        section.get_by_label(arm, exact=True).press("Space")
    section.get_by_label("Margin").fill("3")
    assert shown_rows(recomputed) == expected_rows("tanh", ["one-gpu", "no-lrn"], 3.0)
    assert "against tanh, margin 3 points: " in status.inner_text()
    assert status.inner_text().endswith("Arms may differ from this control in more than one thing.")

    section.get_by_label("Margin").fill("-1")
    assert shown_rows(recomputed) == {}
    assert not section.get_by_role("table").is_visible()
    assert "must be a number of zero or more" in status.inner_text()

    section.get_by_role("button", name="As planned").click()
    recomputed.page.wait_for_function(
        "document.querySelector('#recompute [name=control]').value === 'alexnet'"
    )
    assert shown_rows(recomputed) == planned
    assert status.inner_text().startswith("Test top-1 error against alexnet, margin 1.11 points: ")


def test_of_another_measure_the_page_shows_the_effects_without_verdicts(recomputed):
    section = recomputed.page.locator("#recompute")
    section.get_by_label("Measure").select_option(label="training error")
    found = shown_rows(recomputed)
    assert found == expected_rows("alexnet", found, measure="train_error")
    assert {verdict for _, verdict, *_ in found.values()} == {"–"}
    said = section.get_by_role("status").inner_text()
    assert said.endswith("Verdicts are given on test top-1 error and on throughput alone.")


def test_a_name_is_text_and_turns_no_other_text_around(visit, tmp_path):
    name = "<b>no\u202e&\x1b"
    records = in_run([*trials("alexnet", 0.1, 0.2), *trials(name, 0.2, 0.1)])
    seen = visit(page_of(records, Plans([manifest(variants={"alexnet": [], name: []})]), tmp_path))

    section = seen.page.locator("#recompute")
    assert section.locator("tbody th").all_inner_texts() == [r"<b>no\u202e&\x1b"]
    section.get_by_label("Control").select_option(name)
    assert (
        section.get_by_role("status").inner_text().startswith(r"Test top-1 error against <b>no\u202e&\x1b, ")
    )
    assert seen.said == []
