"""Decisions as others read them: Markdown, JUnit, github-action-benchmark, Bencher."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from xml.etree import ElementTree

from alexnet_bench.analysis.decision import Decision
from alexnet_bench.show.numbers import change_text, value_text
from alexnet_bench.show.table import Cells, Table, escape_markdown
from alexnet_bench.stats.gate import IMPROVED, NOT_COMPARABLE, PASS, REGRESSED
from alexnet_bench.stats.verdict import INCONCLUSIVE
from alexnet_bench.words import MISSING, plain

_MARKS = {PASS: "✅", IMPROVED: "🚀", REGRESSED: "❌", INCONCLUSIVE: "❔", NOT_COMPARABLE: "❔"}


def decisions_table(rows: Sequence[Decision], short: bool = False) -> Table:
    """A row a decision.

    Args:
        rows: the decisions.
        short: for a narrow terminal; without conditions that all rows share.
    """
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
    return table.only(*(cells.keys() - {"Base", "Head"})) if short else table


def _explained(row: Decision) -> str:
    return f"{_MARKS[row.decision]} {': '.join(filter(None, (row.decision, row.note)))}"


def standing(rows: Sequence[Decision]) -> str:
    """All decisions in a sentence, the gravest first."""
    order = (REGRESSED, NOT_COMPARABLE, INCONCLUSIVE, IMPROVED, PASS)
    counts = {kind: sum(row.decision == kind for row in rows) for kind in order}
    return ", ".join(f"{count} {kind}" for kind, count in counts.items() if count) or "nothing was gated"


def markdown(rows: Sequence[Decision], against: str) -> str:
    """A table for a comment on a pull request, or a job's summary."""
    head = f"bench gate against {escape_markdown(against)}: {standing(rows)}"
    return f"### {head}\n\n{decisions_table(rows).markdown()}\n"


def junit(rows: Sequence[Decision]) -> str:
    """A test a decision: a regression fails, what cannot be decided is skipped."""
    rows = _readable(rows)
    failed, skipped = (
        [row for row in rows if row.decision in kinds]
        for kinds in ((REGRESSED,), (INCONCLUSIVE, NOT_COMPARABLE))
    )
    counts = {
        "tests": str(len(rows)),
        "failures": str(len(failed)),
        "skipped": str(len(skipped)),
        "errors": "0",
    }
    root = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(root, "testsuite", {"name": "bench gate", **counts})
    for row in rows:
        case = ElementTree.SubElement(
            suite, "testcase", {"classname": f"gate.{row.network}", "name": row.quantity}
        )
        message = " ".join(filter(None, (row.decision, _change(row), row.note)))
        if row in failed:
            ElementTree.SubElement(case, "failure", {"type": REGRESSED, "message": message})
        elif row in skipped:
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
            ends = (
                {}
                if math.isnan(row.low)
                else {
                    "lower_value": row.head / row.ratio * row.low,
                    "upper_value": row.head / row.ratio * row.high,
                }
            )
            measure = row.label.replace(" ", "-")
            found.setdefault(row.network, {})[measure] = {"value": row.head, **ends}
    return json.dumps(found, indent=2) + "\n"


def _readable(rows: Sequence[Decision]) -> list[Decision]:
    """The same, with names and notes that can be shown anywhere."""
    return [replace(row, variant=plain(row.variant), note=plain(row.note)) for row in rows]


def _change(row: Decision) -> str:
    return change_text(row.ratio, row.low, row.high) if row.compared else MISSING


FORMATS: dict[str, Callable[[Sequence[Decision], str], str]] = {
    "markdown": markdown,
    "junit": lambda rows, against: junit(rows),
    "github_benchmark": lambda rows, against: github_benchmark(rows),
    "bencher": lambda rows, against: bencher(rows),
}
