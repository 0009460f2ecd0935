"""What a history says of each series."""

import msgspec
import numpy as np
import pytest
from history_rows import commit, entry, speeds

from alexnet_bench.analysis.quantities import Thresholds
from alexnet_bench.analysis.series import NEWEST, series_of
from alexnet_bench.records.history import SERIES


def series(rows, **thresholds):
    (found,) = series_of(rows, Thresholds(general=thresholds))
    return found


def of_speeds(values):
    return series([entry(number, float(speed)) for number, speed in enumerate(values)])


@pytest.mark.parametrize("column", SERIES)
def test_rows_that_differ_are_series_of_their_own(column):
    other = {"batch_size": 3, "threads": 3, "mode": "inference"}.get(column, "another")

    assert len(series_of([entry(0), entry(1, **{column: other})], Thresholds())) == 2


def test_other_versions_are_the_same_series_and_told_at_the_change():
    values = speeds(40, step=0.06, at=25)
    late = {"versions": {"tensorflow": "2.22.0"}, "fingerprint": "another"}
    rows = [entry(number, speed, **(late if number >= 25 else {})) for number, speed in enumerate(values)]

    (change,) = series(rows).changes
    assert (change.since, change.until) == (commit(24), commit(25))
    assert change.also == ("tensorflow 2.21.0 → 2.22.0", "another network")
    assert np.exp(change.gain.mean) == pytest.approx(0.94, abs=0.01)


def test_a_loss_is_news_among_the_newest_entries_only():
    def losses(after):
        return of_speeds(speeds(30 + after, step=0.06, at=30)).recent_losses

    assert [len(losses(after)) for after in (5, NEWEST, NEWEST + 1)] == [1, 1, 0]
    assert of_speeds(speeds(40, step=-0.06, at=35)).recent_losses == []


def test_levels_are_between_changes():
    found = of_speeds(speeds(40, step=0.06, at=25)).levels

    assert [(start, end) for start, end, _ in found] == [(0, 24), (25, 39)]
    assert found[0][2] == pytest.approx(6000, rel=0.01)


def test_what_was_not_set_against_the_yardstick_is_counted_and_not_drawn():
    found = series([entry(0, None), entry(1, 6000.0), entry(2, None), entry(3, 5000.0)])

    assert (len(found.rows), len(found.measured)) == (4, 2)
    assert found.change == pytest.approx(-1 / 6)
    assert series([entry(0, None)]).levels == []


# -- chains


def chain(count=12, ratio=0.995):
    return [entry(number, ratio=ratio) for number in range(1, count + 1)]


def with_link(place, **changes):
    """A chain with one entry changed."""
    rows = chain()
    rows[place] = msgspec.structs.replace(rows[place], **changes)
    return rows


def test_gates_that_pass_one_by_one_are_warned_of_together():
    found = series(chain()).chain_loss

    assert (found.since, found.until, found.count) == (commit(0), commit(12), 12)
    assert np.exp(found.gain.mean) == pytest.approx(0.995**12)


@pytest.mark.parametrize("decision", ["regressed", "improved"])
def test_what_a_gate_told_of_is_not_counted_again(decision):
    told = {"decision": decision, "ratio": 0.9, "low": 0.89, "high": 0.91}

    assert series(with_link(8, **told)).chain_loss is None
    assert series(with_link(2, decision=decision)).chain_loss.since == commit(3)


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
    loss = series(with_link(8, **broken)).chain_loss
    assert loss is None or loss.count < 5


def test_only_what_leads_to_the_newest_entry_counts():
    side_branch = entry(13, ratio=0.999, base=commit(3), commit="side")
    assert series([*chain(), side_branch]).chain_loss is None


def test_a_commit_gated_twice_counts_once():
    rows = chain()
    again = msgspec.structs.replace(rows[5], time=rows[5].time.replace("T03", "T04"))

    assert series([*rows[:6], again, *rows[6:]]).chain_loss.count == 12


def test_the_same_code_on_both_sides_leads_nowhere():
    assert series([entry(1, ratio=0.9, base=commit(1))] * 2).chain_loss is None


def test_thresholds_are_the_gates():
    assert series(chain(), training=0.1).chain_loss is None
    assert series(chain(), training=None).chain_loss is None
    falling = [entry(number, 6000 * 0.998**number, ratio=1.0) for number in range(20)]
    assert series(falling, training=None).trend_loss is None


def test_a_trend_is_of_the_latest_level():
    values = np.array(speeds(60, deviation=0.02, seed=3)) * 0.9993 ** np.arange(60)
    found = of_speeds(values)

    assert found.changes == []
    assert (found.trend_loss.since, found.trend_loss.until) == (commit(0), commit(59))
    assert of_speeds(speeds(40, step=0.06, at=20)).trend_loss is None
    assert found.chain_loss is None
