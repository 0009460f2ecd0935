"""Decisions as others read them: Markdown, JUnit, github-action-benchmark, Bencher."""

import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from xml.etree import ElementTree

from alexnet_bench.analysis.decision import Decision
from alexnet_bench.git import Commit
from alexnet_bench.show.numbers import change_text, value_text
from alexnet_bench.show.table import Cells, Table, escape_markdown
from alexnet_bench.stats.gate import IMPROVED, NOT_COMPARABLE, PASS, REGRESSED, UNDECIDED
from alexnet_bench.stats.verdict import INCONCLUSIVE
from alexnet_bench.words import MISSING, counted, plain

_GRAVEST = (REGRESSED, NOT_COMPARABLE, INCONCLUSIVE, IMPROVED, PASS)
_MOST_COMMITS = 10
_ONE_ESTIMATE = (
    "Base, head and change are of the same measurements, by one estimate: head over base is the change."
)
_MARKS = {PASS: "✅", IMPROVED: "🚀", REGRESSED: "❌", INCONCLUSIVE: "❔", NOT_COMPARABLE: "❔"}


def decisions_table(rows: Sequence[Decision], short: bool = False) -> Table:
    """A row a decision; in `short`, for a narrow terminal, without conditions that all rows share."""
    alike = short and len({(row.topology, row.batch_size, row.precision) for row in rows}) <= 1
    cells: Cells = {
        "Variant": lambda row: row.variant if alike else row.network,
        "Quantity": lambda row: row.label,
        "Base": lambda row: value_text(row.base, row.unit),
        "Head": lambda row: value_text(row.head, row.unit),
        "Change [95%]": lambda row: _change(row).replace(" [", "\n[") if short else _change(row),
        "Tolerance": lambda row: f"{row.threshold:.1%}",
        "Draws": lambda row: str(row.draws),
        "Decision": lambda row: row.decision if short else _explained(row),
    }
    table = Table.of(rows, cells)
    return table.without("Base", "Head") if short else table


def _explained(row: Decision) -> str:
    return f"{_MARKS[row.decision]} {explained(row)}"


def explained(row: Decision) -> str:
    """A decision with what must be known of it; of one that could not be told, why."""
    note = row.note
    if row.decision == INCONCLUSIVE and not note:
        note = f"a loss of {row.threshold:.1%} is neither ruled out nor certain; a larger budget may tell"
    return ": ".join(filter(None, (row.decision, note)))


def standing(rows: Sequence[Decision]) -> str:
    """All decisions in a sentence, the gravest first."""
    counts = Counter(row.decision for row in rows)
    return ", ".join(f"{counts[kind]} {kind}" for kind in _GRAVEST if kind in counts) or "nothing was gated"


def gravest(rows: Sequence[Decision]) -> str:
    """The decision that counts most; *not comparable* where there is none."""
    found = {row.decision for row in rows}
    return next((kind for kind in _GRAVEST if kind in found), NOT_COMPARABLE)


def markdown(rows: Sequence[Decision], against: str, commits: Sequence[Commit] = ()) -> str:
    """A table for a comment on a pull request, or a job's summary, and the commits between base and head."""
    head = f"bench gate against {escape_markdown(against)}: {standing(rows)}"
    parts = [f"### {head}", decisions_table(rows).markdown()]
    if any(row.compared for row in rows):
        parts.append(_ONE_ESTIMATE)
    if commits:
        parts.append(_listed(commits))
    return "\n\n".join(parts) + "\n"


def _listed(commits: Sequence[Commit]) -> str:
    """Commits that unfold."""
    shown = [f"- `{commit.name}` {escape_markdown(commit.subject)}" for commit in commits[:_MOST_COMMITS]]
    if more := len(commits) - len(shown):
        shown.append(f"- and {more} more")
    title = f"<summary>{counted(len(commits), 'commit')} between base and head</summary>"
    return "\n".join(["<details>", title, "", *shown, "", "</details>"])


def junit(rows: Sequence[Decision]) -> str:
    """A test a decision: a regression fails, what cannot be decided is skipped."""
    rows = _readable(rows)
    decided = Counter(row.decision for row in rows)
    counts = {
        "tests": str(len(rows)),
        "failures": str(decided[REGRESSED]),
        "skipped": str(sum(decided[kind] for kind in UNDECIDED)),
        "errors": "0",
    }
    root = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(root, "testsuite", {"name": "bench gate", **counts})
    for row in rows:
        case = ElementTree.SubElement(
            suite, "testcase", {"classname": f"gate.{row.network}", "name": row.quantity}
        )
        message = " ".join(filter(None, (row.decision, _change(row), row.note)))
        if row.decision == REGRESSED:
            ElementTree.SubElement(case, "failure", {"type": REGRESSED, "message": message})
        elif row.decision in UNDECIDED:
            ElementTree.SubElement(case, "skipped", {"message": message})
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def github_benchmark(rows: Sequence[Decision]) -> str:
    """Head's throughputs, in the `customBiggerIsBetter` form of github-action-benchmark."""
    entries = [
        {
            "name": f"{row.network}: {row.label}",
            "unit": row.unit,
            "value": row.head,
            "range": _change(row),
            "extra": f"{row.decision}, base {value_text(row.base, row.unit)}",
        }
        for row in _readable(rows)
        if row.measured and row.higher_is_better
    ]
    return json.dumps(entries, indent=2) + "\n"


def bencher(rows: Sequence[Decision]) -> str:
    """Head's figures in Bencher's metric format: by benchmark and measure."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for row in _readable(rows):
        if row.measured:
            metric = {"value": row.head}
            if not math.isnan(row.low):
                base = row.head / row.ratio
                metric |= {"lower_value": base * row.low, "upper_value": base * row.high}
            found.setdefault(row.network, {})[row.label.replace(" ", "-")] = metric
    return json.dumps(found, indent=2) + "\n"


def _readable(rows: Sequence[Decision]) -> list[Decision]:
    """The same, with names and notes that can be shown anywhere."""
    return [replace(row, variant=plain(row.variant), note=plain(row.note)) for row in rows]


def _change(row: Decision) -> str:
    return change_text(row.ratio, row.low, row.high) if row.compared else MISSING


FORMATS: dict[str, Callable[[Sequence[Decision], str, Sequence[Commit]], str]] = {
    "markdown": markdown,
    "junit": lambda rows, against, commits: junit(rows),
    "github_benchmark": lambda rows, against, commits: github_benchmark(rows),
    "bencher": lambda rows, against, commits: bencher(rows),
}
