"""What gates add to a history, how it is read, and what it says of each series."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from history_rows import commit, row, speeds, write
from report_runs import draw

from alexnet_bench.analysis.gate import decisions
from alexnet_bench.analysis.history import make_rows
from alexnet_bench.analysis.quantities import Thresholds
from alexnet_bench.analysis.series import NEWEST, series_of
from alexnet_bench.errors import RecordError
from alexnet_bench.records.history import COLUMNS, SERIES, append_history, read_history

YARDSTICK = {"flops_per_second": [1e11, 2e11, 9e11], "bytes_per_second": [1e10]}
USUAL = {"steady": True, "yardstick": YARDSTICK}
HEAD = {"side": "head", "git_commit": commit(1)} | USUAL
BASE = {"side": "base", "git_commit": commit(0)} | USUAL
FAILED = {"status": "crashed", "error": "no", "round_ids": [], "slice_steps": [], "slice_seconds": []}


def gate(head_changes=None, base_changes=None, draws=8, modes=("training",), variant="alexnet"):
    """The draws of a gate whose head is a tenth slower."""
    return [
        draw(
            variant, number, [rate, rate * (1 + 0.001 * (number % odd))], mode=mode, **usual | (changes or {})
        )
        for number in range(draws)
        for mode in modes
        for usual, rate, odd, changes in ((HEAD, 90.0, 2, head_changes), (BASE, 100.0, 3, base_changes))
    ]


def rows_of(records):
    return make_rows(records, decisions(records, Thresholds()))


# -- what is added


def test_a_gate_adds_a_row_for_each_variant_and_mode(tmp_path):
    records = [
        record
        for variant in ("alexnet", "no-lrn")
        for record in gate(modes=("training", "inference"), variant=variant)
    ]
    append_history(tmp_path / "deep" / "history.jsonl", rows_of(records))

    found = read_history(tmp_path / "deep" / "history.jsonl")
    assert [(item["variant"], item["mode"]) for item in found] == [
        (variant, mode) for variant in ("alexnet", "no-lrn") for mode in ("training", "inference")
    ]
    assert all(set(item) == {column.name for column in COLUMNS} for item in found)


def test_a_row_says_what_was_measured():
    (found,) = rows_of(gate())

    assert (found["commit"], found["base"], found["decision"]) == (commit(1), commit(0), "regressed")
    assert (found["draws"], found["pairs"]) == (8, 8)
    assert found["ratio"] == pytest.approx(0.9, rel=0.001)
    assert found["low"] < found["ratio"] < found["high"]
    assert found["images_per_second"] == pytest.approx(90, rel=0.001)
    assert found["yardstick_flops_per_second"] == 2e11
    # 90 images while the yardstick does 0.2 teraflop.
    assert found["images_per_teraflop"] == pytest.approx(450, rel=0.001)


def test_draws_without_a_steady_state_do_not_count():
    records = [{**item, "steady": item["draw"] > 1} for item in gate()]

    assert rows_of(records)[0]["draws"] == 6
    assert rows_of(gate({"steady": False})) == []


def test_what_could_not_be_measured_of_head_is_not_there():
    assert rows_of(gate(FAILED)) == []
    assert rows_of(gate({"status": "crashed", "error": "no"})) == []
    (found,) = rows_of(gate(None, FAILED))
    assert (found["base"], found["ratio"], found["decision"]) == (commit(0), None, "not comparable")


def test_without_a_base_there_is_no_ratio():
    head = [record for record in gate() if record["side"] == "head"]
    (found,) = make_rows(head, decisions(gate(), Thresholds()))

    assert (found["base"], found["ratio"], found["pairs"]) == (None, None, 0)
    assert found["images_per_second"] == pytest.approx(90, rel=0.001)


def test_what_is_not_gated_has_no_decision():
    records = gate()
    (found,) = make_rows(records, decisions(records, Thresholds(general={"training": None})))

    assert (found["decision"], found["ratio"]) == (None, None)


def test_without_a_yardstick_the_speed_stands_alone():
    (found,) = rows_of(gate({"yardstick": None}))

    assert found["images_per_second"] == pytest.approx(90, rel=0.001)
    assert found["images_per_teraflop"] is found["yardstick_flops_per_second"] is None


def test_few_draws_have_a_ratio_without_an_interval(tmp_path):
    (found,) = rows_of(gate(draws=3))
    append_history(tmp_path / "h.jsonl", [found])

    assert (found["low"], found["high"], found["decision"]) == (None, None, "inconclusive")
    assert read_history(tmp_path / "h.jsonl") == [found]


# -- the file


def test_nothing_measured_makes_no_file(tmp_path):
    append_history(tmp_path / "h.jsonl", [])

    assert not (tmp_path / "h.jsonl").exists()


def test_what_is_there_stays_as_it_is(tmp_path):
    file = tmp_path / "h.jsonl"
    append_history(file, [row(0)])
    before = file.read_bytes()
    append_history(file, [row(2), row(1)])

    assert file.read_bytes().startswith(before)
    assert [item["commit"] for item in read_history(file)] == [commit(0), commit(1), commit(2)]


def test_a_line_that_a_crash_cut_short_is_passed_over_and_mended(tmp_path):
    file = write(tmp_path / "h.jsonl", [row(0)])
    with file.open("a") as place:
        place.write('{"schema_version": 1, "ti')

    assert len(read_history(file)) == 1
    append_history(file, [row(1)])
    assert len(read_history(file)) == 2


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "Expecting"),
        ("[1]", "an entry of a history must be a JSON object"),
        (
            json.dumps(row(1) | {"schema_version": 99}),
            "schema version 99; this alexnet-bench reads up to 1: update",
        ),
        (json.dumps({key: value for key, value in row(1).items() if key != "mode"}), "an entry lacks mode"),
        (json.dumps(row(1) | {"ratio": "fast"}), "an entry has ratio = 'fast'"),
        (
            json.dumps(row(1) | {"images_per_teraflop": 0}),
            "an entry has images_per_teraflop = 0; it must be above",
        ),
        (json.dumps(row(1) | {"ratio": float("nan")}), "NaN is no value"),
    ],
)
def test_a_damaged_or_newer_line_is_named(tmp_path, line, words):
    file = write(tmp_path / "h.jsonl", [row(0)])
    with file.open("a") as place:
        place.write(line + "\n")

    with pytest.raises(RecordError, match=f"h.jsonl, line 2: .*{re.escape(words)}"):
        read_history(file)


@pytest.mark.parametrize("place", ["empty", "missing", "folder"])
def test_a_file_without_entries_is_refused(tmp_path, place):
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()

    with pytest.raises(RecordError, match=place):
        read_history(tmp_path / place)


def test_a_file_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(RecordError, match=r"h\.jsonl cannot be written .*give another --history"):
        append_history(tmp_path / "file" / "h.jsonl", [row(0)])


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_every_column_is_explained_as_it_is(column):
    text = (Path(__file__).parents[2] / "docs" / "history.md").read_text(encoding="utf-8")
    null = "" if column.required else "may be null; "

    assert f"| `{column.name}` | {null}{column.about} |" in text.splitlines()


# -- series


def series(rows, **thresholds):
    (found,) = series_of(rows, Thresholds(general=thresholds))
    return found


@pytest.mark.parametrize("column", SERIES)
def test_rows_that_differ_are_series_of_their_own(column):
    other = 3 if isinstance(row(0)[column], int) else "another" if column != "mode" else "inference"

    assert len(series_of([row(0), row(1) | {column: other}], Thresholds())) == 2


def test_other_versions_are_the_same_series_and_told_at_the_change():
    values = speeds(40, step=0.06, at=25)
    rows = [row(number, speed) for number, speed in enumerate(values)]
    for late in rows[25:]:
        late |= {"versions": {"tensorflow": "2.22.0"}, "fingerprint": "another"}

    (change,) = series(rows).changes
    assert (change.since, change.until) == (commit(24), commit(25))
    assert change.also == ("tensorflow 2.21.0 → 2.22.0", "another network")
    assert np.exp(change.gain.mean) == pytest.approx(0.94, abs=0.01)


def test_a_loss_is_news_among_the_newest_entries_only():
    def losses(after):
        values = speeds(30 + after, step=0.06, at=30)
        return series([row(number, speed) for number, speed in enumerate(values)]).recent_losses

    assert [len(losses(after)) for after in (5, NEWEST, NEWEST + 1)] == [1, 1, 0]
    better = speeds(40, step=-0.06, at=35)
    assert series([row(number, speed) for number, speed in enumerate(better)]).recent_losses == []


def test_levels_are_between_changes():
    values = speeds(40, step=0.06, at=25)
    found = series([row(number, speed) for number, speed in enumerate(values)]).levels

    assert [(start, end) for start, end, _ in found] == [(0, 24), (25, 39)]
    assert found[0][2] == pytest.approx(6000, rel=0.01)


def test_what_was_not_set_against_the_yardstick_is_counted_and_not_drawn():
    found = series([row(0, None), row(1, 6000.0), row(2, None), row(3, 5000.0)])

    assert (len(found.rows), len(found.measured)) == (4, 2)
    assert found.change == pytest.approx(-1 / 6)
    assert series([row(0, None)]).levels == []


# -- chains


def chain(count=12, ratio=0.995, **changes):
    return [row(number, ratio=ratio, **changes) for number in range(1, count + 1)]


def test_gates_that_pass_one_by_one_are_warned_of_together():
    found = series(chain()).chain_loss

    assert (found.since, found.until, found.count) == (commit(0), commit(12), 12)
    assert np.exp(found.gain.mean) == pytest.approx(0.995**12)


@pytest.mark.parametrize("decision", ["regressed", "improved"])
def test_what_a_gate_told_of_is_not_counted_again(decision):
    rows = chain()
    rows[8] |= {"decision": decision, "ratio": 0.9, "low": 0.89, "high": 0.91}

    assert series(rows).chain_loss is None
    rows[2], rows[8] = rows[2] | {"decision": decision}, chain()[8]
    assert series(rows).chain_loss.since == commit(3)


@pytest.mark.parametrize(
    "broken",
    [
        {"base": "elsewhere"},
        {"base": None},
        {"low": None, "high": None},
        {"base_versions": {"tensorflow": "2.20.0"}},
        {"pairs": 3},
    ],
    ids=str,
)
def test_a_chain_ends_where_a_link_is_missing(broken):
    rows = chain()
    rows[8] |= broken
    assert series(rows).chain_loss is None or series(rows).chain_loss.count < 5


def test_only_what_leads_to_the_newest_entry_counts():
    side_branch = row(13, ratio=0.999, base=commit(3), commit="side")
    assert series([*chain(), side_branch]).chain_loss is None


def test_a_commit_gated_twice_counts_once():
    rows = chain()
    again = rows[5] | {"time": rows[5]["time"].replace("T03", "T04")}

    assert series([*rows[:6], again, *rows[6:]]).chain_loss.count == 12


def test_the_same_code_on_both_sides_leads_nowhere():
    assert series([row(1, ratio=0.9, base=commit(1)), row(1, ratio=0.9, base=commit(1))]).chain_loss is None


def test_thresholds_are_the_gates():
    assert series(chain(), training=0.1).chain_loss is None
    assert series(chain(), training=None).chain_loss is None
    falling = [row(number, 6000 * 0.998**number, ratio=1.0) for number in range(20)]
    assert series(falling, training=None).trend_loss is None


def test_a_trend_is_of_the_latest_level():
    values = np.array(speeds(60, deviation=0.02, seed=3)) * 0.9993 ** np.arange(60)
    found = series([row(number, float(speed)) for number, speed in enumerate(values)])

    assert found.changes == []
    assert (found.trend_loss.since, found.trend_loss.until) == (commit(0), commit(59))
    stepped = [row(number, speed) for number, speed in enumerate(speeds(40, step=0.06, at=20))]
    assert series(stepped).trend_loss is None
    assert found.chain_loss is None
