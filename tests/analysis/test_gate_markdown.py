"""What a comment on a pull request says, from records that are made up."""

import pytest
from report_runs import CRASHED, draw

from alexnet_bench.analysis.gate import decisions
from alexnet_bench.analysis.quantities import read_thresholds
from alexnet_bench.git import Commit
from alexnet_bench.show.gate import gravest, markdown
from alexnet_bench.stats.gate import NOT_COMPARABLE

ALIKE = {"peak_memory_bytes": 2**28, "compile_seconds": 1.5}
THRESHOLDS = read_thresholds({"training": "2%", "memory": False, "start-up": False})


def decided(head, draws=8, spread=0.001, **of_head):
    rows = [
        draw("alexnet", number, [rate, rate * (1 + spread * (number % slow))], side=side, **ALIKE | how)
        for number in range(draws)
        for side, rate, slow, how in (("base", 100.0, 3, {}), ("head", head, 2, of_head))
    ]
    return decisions(rows, THRESHOLDS)


def commits(count):
    return [Commit(name=f"{number:07}", subject=f"change {number}") for number in range(count)]


def cells(text):
    """The cells of the table's only row, by column."""
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return dict(zip(lines[0], lines[2], strict=True))


def test_base_head_and_change_are_of_one_estimate():
    row = cells(markdown(decided(90.0), "abc"))

    base, head = (float(row[name].partition(" ")[0]) for name in ("Base", "Head"))
    change, interval = row["Change \\[95%\\]"].split(" ", 1)
    assert float(change.replace("−", "-").rstrip("%")) == pytest.approx(100 * (head / base - 1), abs=0.1)
    assert interval.startswith("\\[−")
    assert row["Decision"] == "❌ regressed"


def test_why_something_could_not_be_told_is_said():
    unsure = markdown(decided(99.0, spread=0.05), "abc")
    assert cells(unsure)["Decision"] == (
        "❔ inconclusive: a loss of 2.0% is neither ruled out nor certain; a larger budget may tell"
    )
    few = markdown(decided(90.0, draws=3), "abc")
    assert cells(few)["Decision"] == "❔ inconclusive: a decision takes 4 draws; give a larger budget"


def test_what_was_not_compared_has_no_words_on_the_estimate():
    assert "one estimate" in markdown(decided(90.0), "abc")
    assert "one estimate" not in markdown(decided(90.0, **CRASHED), "abc")


@pytest.mark.parametrize(("count", "shown", "more"), [(1, 1, 0), (10, 10, 0), (12, 10, 2)])
def test_commits_between_are_listed_the_newest_ones(count, shown, more):
    text = markdown(decided(100.0), "abc", commits(count))

    assert f"{count} commit{'s' * (count > 1)} between base and head" in text
    assert [line for line in text.splitlines() if line.startswith("- `")] == [
        f"- `{item.name}` {item.subject}" for item in commits(shown)
    ]
    assert f"- and {more} more" in text or not more
    assert "<details>" not in markdown(decided(100.0), "abc")


def test_a_subject_is_shown_and_does_nothing():
    text = markdown(
        decided(100.0), "abc", [Commit(name="0123abc", subject="</details> @me fixes #1 ![x](y)")]
    )

    (line,) = (line for line in text.splitlines() if "0123abc" in line)
    assert not any(sign in line for sign in ("</details>", "@me", "#1", "![x]"))


def test_the_gravest_decision_is_the_gates():
    assert gravest([*decided(100.0), *decided(90.0), *decided(110.0)]) == "regressed"
    assert gravest([*decided(100.0), *decided(110.0)]) == "improved"
    assert gravest([]) == NOT_COMPARABLE
