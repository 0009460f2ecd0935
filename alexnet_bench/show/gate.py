"""Decisions as others read them: Markdown, JUnit, github-action-benchmark, Bencher."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from xml.etree import ElementTree

from alexnet_bench.analysis.decision import Decision
from alexnet_bench.stats.gate import IMPROVED, NOT_COMPARABLE, PASS, REGRESSED
from alexnet_bench.stats.verdict import INCONCLUSIVE
from alexnet_bench.words import MISSING, plain

COLUMNS = ["Variant", "Quantity", "Base", "Head", "Change [95%]", "Tolerance", "Draws", "Decision"]
_MARKS = {PASS: "✅", IMPROVED: "🚀", REGRESSED: "❌", INCONCLUSIVE: "❔", NOT_COMPARABLE: "❔"}
# What Markdown, and GitHub's, makes more than text of: tags, links, code, emphasis, columns, and the names of
# people and issues. A space of no width breaks what no backslash does.
_MARKDOWN = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "@\u200b", "#": "#\u200b"}
    | {sign: f"\\{sign}" for sign in "\\`*[]|~"}
)


def cells(row: Decision) -> list[str]:
    """A decision as text, a cell a column."""
    return [
        row.network,
        row.label,
        _value(row.base, row.unit),
        _value(row.head, row.unit),
        _change(row),
        f"{row.threshold:.1%}",
        str(row.draws),
        f"{row.decision}: {row.note}" if row.note else row.decision,
    ]


def _readable(rows: Sequence[Decision]) -> list[Decision]:
    """The same, with names and notes that can be shown anywhere."""
    return [replace(row, variant=plain(row.variant), note=plain(row.note)) for row in rows]


def terminal(rows: Sequence[Decision]) -> tuple[list[str], list[list[str]]]:
    """Columns and cells of a narrow table, without the network's conditions where all have the same."""
    rows = _readable(rows)
    alike = len({(row.topology, row.batch_size, row.precision) for row in rows}) <= 1
    return ["variant", "quantity", "change [95%]", "tolerance", "draws", "decision"], [
        [
            row.variant if alike else row.network,
            row.label,
            _change(row),
            f"{row.threshold:.1%}",
            str(row.draws),
            row.decision,
        ]
        for row in rows
    ]


def standing(rows: Sequence[Decision]) -> str:
    """All decisions in a sentence, the gravest first."""
    order = (REGRESSED, NOT_COMPARABLE, INCONCLUSIVE, IMPROVED, PASS)
    counts = {kind: sum(row.decision == kind for row in rows) for kind in order}
    return ", ".join(f"{count} {kind}" for kind, count in counts.items() if count) or "nothing was gated"


def markdown(rows: Sequence[Decision], against: str) -> str:
    """A table for a comment on a pull request, or a job's summary."""
    lines = [COLUMNS, ["---"] * len(COLUMNS)]
    for row in _readable(rows):
        *others, last = cells(replace(row, variant=_escaped(row.variant), note=_escaped(row.note)))
        lines.append([*others, f"{_MARKS[row.decision]} {last}"])
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"### bench gate against {_escaped(plain(against))}: {standing(rows)}\n\n{table}\n"


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    return text.translate(_MARKDOWN).replace("://", ":\u200b//").replace("www.", "www\u200b.")


def junit(rows: Sequence[Decision]) -> str:
    """A test a decision: a regression fails, what cannot be told is skipped."""
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
            "extra": f"{row.decision}, base {_value(row.base, row.unit)}",
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


def _value(value: float, unit: str) -> str:
    if math.isnan(value):
        return MISSING
    return f"{value / 2**20:,.0f} MiB" if unit == "bytes" else f"{value:,.4g} {unit}"


def _change(row: Decision) -> str:
    if not row.compared:
        return MISSING
    interval = "" if math.isnan(row.low) else f" [{row.low - 1:+.1%}, {row.high - 1:+.1%}]"
    return f"{row.ratio - 1:+.1%}{interval}"
