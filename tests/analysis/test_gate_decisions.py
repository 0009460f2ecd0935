"""From the draws of head and base to decisions, and to the files that others read."""

import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace as replaced
from report_runs import CRASHED, draw

from alexnet_bench.analysis.effect import speed_effect
from alexnet_bench.analysis.gate import UNTIMED, Asked, decisions, enough
from alexnet_bench.analysis.metrics import TRAINING
from alexnet_bench.analysis.quantities import Thresholds, read_thresholds
from alexnet_bench.show import gate as formats
from alexnet_bench.stats.evidence import PairedDraws

MIB = 2**20


def sides(head=1.0, base=1.0, draws=8, variant="alexnet", **head_changes):
    """Draws of both sides; the rates scatter alike."""
    rows = []
    for number in range(draws):
        luck = 1 + 0.001 * (-1) ** number
        usual = {"peak_memory_bytes": 400 * MIB, "compile_seconds": 2.0 * luck, "steady": True}
        rates = [100 * base, 100 * base * 1.001, 100 * base * luck]
        rows.append(draw(variant, number, rates, side="base", **usual))
        rates = [rate * head / base * (1 + 0.001 * (number % 3 - 1)) for rate in rates]
        rows.append(draw(variant, number, rates, side="head", **(usual | head_changes)))
    return rows


def decided(records, **how):
    found = decisions(records, how.pop("thresholds", Thresholds()), **how)
    return {(row.variant, row.quantity): row for row in found}


@pytest.mark.parametrize(
    ("head", "decision"), [(1.0, "pass"), (0.95, "regressed"), (1.05, "improved"), (0.995, "pass")]
)
def test_throughput(head, decision):
    row = decided(sides(head))["alexnet", "training"]

    assert (row.decision, row.draws, row.threshold) == (decision, 8, 0.02)
    assert row.ratio == pytest.approx(head, rel=1e-3)
    assert row.low < head < row.high


def test_memory_and_start_up_are_better_when_lower():
    found = decided(sides(peak_memory_bytes=500 * MIB, compile_seconds=1.0))

    assert found["alexnet", "memory"].decision == "regressed"
    assert found["alexnet", "memory"].ratio == pytest.approx(1.25)
    assert found["alexnet", "start-up"].decision == "improved"
    assert found["alexnet", "training"].decision == "pass"
    # A share of the base is lost at 110% of its memory.
    for mib, decision in ((439, "pass"), (441, "regressed")):
        assert decided(sides(peak_memory_bytes=mib * MIB))["alexnet", "memory"].decision == decision


def test_memory_and_start_up_take_little_of_the_level():
    """Three quantities of one weight each would take three times the p-value."""
    records = sides(0.95)
    head, base = ([row for row in records if row.side == side] for side in ("head", "base"))
    p_value = PairedDraws(draws=speed_effect(head, base, TRAINING).rounds, tolerance=0.02).p_value(-1)

    for level, decision in ((1.05 * p_value, "inconclusive"), (1.15 * p_value, "regressed")):
        assert decided(records, false_alarms=level)["alexnet", "training"].decision == decision


def test_thresholds_are_of_a_quantity_or_of_a_variants():
    thresholds = read_thresholds({"training": "10%", "memory": False, "no-lrn": {"training": 0.01}})
    slower = [*sides(0.95), *sides(0.95, variant="no-lrn")]

    found = decided(slower, thresholds=thresholds)

    assert {key: row.decision for key, row in found.items()} == {
        ("alexnet", "training"): "pass",
        ("alexnet", "start-up"): "pass",
        ("no-lrn", "training"): "regressed",
        ("no-lrn", "start-up"): "pass",
    }


def test_three_draws_decide_nothing():
    row = decided(sides(0.5, draws=3))["alexnet", "training"]

    assert (row.decision, row.note) == ("inconclusive", "a decision takes 4 draws; give a larger budget")


def test_draws_without_a_steady_state_do_not_count():
    records = [replaced(row, steady=row.draw > 1) for row in sides(0.95)]
    row = decided(records)["alexnet", "training"]

    assert (row.draws, row.note) == (6, "2 draws without a steady state do not count")


def failing(records, *sides, of=range(100)):
    """The same, but of these sides the draws of these numbers crashed."""
    return [replaced(row, **CRASHED) if row.side in sides and row.draw in of else row for row in records]


@pytest.mark.parametrize(
    ("broken", "decision", "note"),
    [
        (["head"], "regressed", "head: crashed: no"),
        (["base"], "not comparable", "base: crashed: no"),
        (["head", "base"], "not comparable", "head: crashed: no; base: crashed: no"),
    ],
)
def test_what_head_alone_breaks_is_a_regression(broken, decision, note):
    found = decided(failing(sides(draws=1), *broken))

    assert {(row.decision, row.note) for row in found.values()} == {(decision, note)}
    assert {row.measured for row in found.values()} == {"head" not in broken}


def test_where_head_or_base_fails_now_and_then_nothing_is_broken():
    at_times = failing(sides(draws=4), "head", of=[1])
    base_too = failing(failing(sides(draws=4), "head"), "base", of=[2])

    assert decided(at_times)["alexnet", "training"].decision == "inconclusive"
    assert decided(base_too)["alexnet", "training"].decision == "not comparable"


def test_base_times_ratio_is_head():
    """However unequal the draws, and of the draws alone that both sides have."""
    records = [row for row in sides(0.9) if (row.side, row.draw) != ("base", 7)]
    records += sides(0.5, draws=1, variant="no-lrn")
    records = [
        replaced(row, slice_seconds=[seconds * (1 + row.draw) for seconds in row.slice_seconds])
        for row in records
    ]

    for row in decided(records).values():
        assert row.base * row.ratio == pytest.approx(row.head)
    (usual,) = [row for row in decided(sides(0.9)).values() if row.quantity == "training"]
    assert (usual.base, usual.head) == (pytest.approx(100, rel=0.005), pytest.approx(90, rel=0.005))


ASKED = Asked(
    variant="no-lrn", precision="float32", batch_size=16, topology="alexnet-227", modes=("training",)
)


def test_what_was_not_reached_is_told():
    found = decided(sides(), asked=[ASKED, replace(ASKED, variant="alexnet")])

    assert [variant for variant, _ in found] == ["no-lrn"] * 3 + ["alexnet"] * 3
    assert found["alexnet", "training"].decision == "pass"
    row = found["no-lrn", "training"]
    assert (row.decision, row.note) == ("inconclusive", UNTIMED)


@pytest.mark.parametrize(
    ("only", "head", "note"),
    [("head", True, "only this code has it"), ("base", False, "only the base has it")],
)
def test_what_one_side_alone_has_is_not_comparable(only, head, note):
    timed = [row for row in sides(variant="no-lrn") if row.side == only] if head else []

    found = decided([*sides(0.9), *timed], asked=[replace(ASKED, only=only)])

    row = found["no-lrn", "training"]
    assert (row.decision, row.note, row.measured) == ("not comparable", note, head)
    assert found["alexnet", "training"].decision == "regressed"


def test_enough_is_known_when_every_quantity_is_settled():
    def known(records):
        head, base = ([row for row in records if row.side == side] for side in ("head", "base"))
        return enough(head, base, Thresholds())

    assert known(sides(draws=4))
    assert not known(sides(draws=3))
    assert not known(sides(0.99, draws=4, compile_seconds=2.6))
    assert known(sides(0.9, draws=8))


# -- what others read


ROWS = decisions(
    [*sides(0.9, peak_memory_bytes=401 * MIB), *sides(0.5, draws=3, variant="a|b")], Thresholds()
)


HOSTILE = "a\x1b[31m\n| <img src=x> [x](https://e.vil) @team #1 `code` \ud800 *b*"


def test_names_and_messages_are_shown_as_they_are_and_do_nothing():
    rows = [replace(row, variant=f"v{HOSTILE}", note=HOSTILE) for row in ROWS[:2]]

    text = formats.markdown(rows, HOSTILE)
    head, table, note = 2, 2 + len(rows), 2
    assert len(text.splitlines()) == head + table + note
    for part in ("\x1b", "<img", "@team", "#1", "://", " `code", "\ud800", "[x]", " *b"):
        assert part not in text
    assert r"\\x1b\[31m \| &lt;img src=x&gt;" in text

    case = ElementTree.fromstring(formats.junit(rows).encode("utf-8"))[0][0]
    assert case.attrib["classname"].startswith(r"gate.va\x1b[31m\n| <img")
    for written in (formats.github_benchmark(rows), formats.bencher(rows)):
        written.encode("utf-8")
        assert "\x1b" not in written


def test_markdown_has_a_row_a_decision():
    text = formats.markdown(ROWS, "abc123")

    assert text.startswith("### bench gate against abc123: 1 regressed, 3 inconclusive, 2 pass\n")
    assert re.search(r"\| −(9\.9|10\.0).% \\\[−", text)
    assert "a\\|b" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.count("|") - line.count("\\|") for line in rows}) == 1


def test_junit_fails_what_regressed_and_skips_what_cannot_be_told():
    root = ElementTree.fromstring(formats.junit(ROWS))
    (suite,) = root

    counts = {"tests": "6", "failures": "1", "skipped": "3", "errors": "0"}
    assert counts.items() <= suite.attrib.items()
    (failed,) = [case for case in suite if case.find("failure") is not None]
    assert (failed.attrib["name"], failed.find("failure").attrib["type"]) == ("training", "regressed")


def test_github_action_benchmark_gets_what_is_better_when_bigger():
    """As its README has it: a list of objects with name, unit, value, and texts for range and extra."""
    entries = json.loads(formats.github_benchmark(ROWS))

    assert [entry["name"].split(": ")[1] for entry in entries] == ["training throughput"] * 2
    for entry in entries:
        assert entry.keys() == {"name", "unit", "value", "range", "extra"}
        assert isinstance(entry["value"], float)
        assert all(isinstance(entry[name], str) for name in ("name", "unit", "range", "extra"))


def test_bencher_gets_values_with_bounds():
    """Bencher's metric format: {benchmark: {measure: {value, lower_value?, upper_value?}}}, numbers all."""
    found = json.loads(formats.bencher(ROWS))

    assert len(found) == 2
    for measures in found.values():
        assert measures.keys() == {"training-throughput", "peak-memory", "start-up-time"}
        for metric in measures.values():
            assert metric.keys() <= {"value", "lower_value", "upper_value"}
            assert all(isinstance(value, float) for value in metric.values())
    first = next(iter(found.values()))["training-throughput"]
    assert first["lower_value"] <= first["value"] * 1.001 and first["value"] <= first["upper_value"] * 1.001
