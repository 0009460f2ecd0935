"""Tables and figures that fit a paper."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from markupsafe import Markup

from alexnet_bench.analysis.effects import effects
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.files import replacing
from alexnet_bench.records.schema import AnyRecord
from alexnet_bench.show.content import make_overviews
from alexnet_bench.show.figures import FIGURES, style
from alexnet_bench.show.files import read_runs, write_csv, writing_into
from alexnet_bench.show.latex import fits, render
from alexnet_bench.show.sentences import validity
from alexnet_bench.show.table import Table, escape_markdown, on_one_line
from alexnet_bench.stats.verdict import BETTER, EQUIVALENT, WORSE
from alexnet_bench.words import MISSING, joined

_MOST_COLUMNS = 6
_ERROR = "Error, %"
# Where a change starts, if that is not what the control's row has.
_ELSEWHERE = re.compile(r" from [\d.]+$")
# By the ends of the overview's titles, in the order in which columns are taken up until there are enough.
_COLUMNS = (
    *("Variant", "Precision", "Batch", _ERROR, "Change, points", "Training, images/s", "Training ratio"),
    *("Inference, images/s", "Inference ratio", "Seeds", "MACs, million"),
)
_VERDICTS = {"Change, points": "Verdict on error", "Training ratio": "Verdict on training"}
_SIGNS = {BETTER: "*", WORSE: "*", EQUIVALENT: "≈"}
_ABOUT_SIGNS = {
    "*": "* The difference is significant.",
    "†": "† Against the control's error over the seeds that both have, which is not that of its row.",
    "≈": "≈ Any difference is too small to matter.",
    MISSING: f"{MISSING} Not measured, or the control itself.",
}


class _Figure(NamedTuple):
    """A figure as a paper takes it in."""

    name: str
    title: str
    caption: str
    environment: Markup
    inches: float


class _Part(NamedTuple):
    """A table with its title, and what stands below it, in sentences."""

    title: str
    table: Table
    about: list[str]


def write_for_paper(runs: Sequence[Path], out: Path) -> Path:
    """Write the figures of one or several runs at a paper's widths, their captions, and the tables.

    Returns:
        The folder.

    Raises:
        RecordError: a folder holds no run, two hold the same one, or `out` cannot be written.
    """
    records, plans = read_runs(runs)
    with writing_into(out):
        figures = list(_draw(records, plans, out))
        told = (f"{one.name} ({one.inches:g} inches across): {one.caption}\n" for one in figures)
        _write(out / "captions.txt", "\n".join(told))
        _write(out / "captions.tex", render("captions.tex.j2", figures=figures))
        write_tables(records, plans, effects(records, plans.manifests, plans.folders), out)
    return out


def _draw(records: Sequence[AnyRecord], plans: Plans, out: Path) -> Iterator[_Figure]:
    """Draw what there are records for; an older report's figures that there are none for are removed."""
    with style.styled(style.PAPER):
        for name, shown in FIGURES.items():
            figure = shown.draw(records, plans)
            style.save(figure, out, name)
            if figure is not None:
                yield _figure(name, shown, [str(panel.get_label()) for panel in figure.subfigs])


def _figure(name: str, shown: style.ReportFigure, panels: Sequence[str]) -> _Figure:
    letters = [f"({letter}) " if len(panels) > 1 else "" for letter in style.letters(len(panels))]
    parts = [f"{letter}{panel}." for letter, panel in zip(letters, panels, strict=True)]
    return _Figure(
        name=name,
        title=panels[0].partition(":")[0],
        caption=on_one_line(" ".join([*parts, shown.caption])),
        environment=Markup("figure*" if shown.is_wide else "figure"),
        inches=style.PAPER.wide if shown.is_wide else style.PAPER.narrow,
    )


def write_tables(records: Sequence[AnyRecord], plans: Plans, found: pd.DataFrame, out: Path) -> None:
    """Write the variants with the effects that were found, as `table.tex`, `table.md` and `table.csv`."""
    overviews = make_overviews(records, plans, found)
    said = validity(records, found, plans)
    parts = [
        _Part(_title(table), table, [*_about(part.table, table), *part.about, *said])
        for part, table in ((part, paper_table(part.table)) for part in overviews)
    ]
    _write(out / "table.tex", render("table.tex.j2", parts=parts))
    texts = (f"{part.table.markdown()}\n\n{escape_markdown(' '.join(part.about))}\n" for part in parts)
    _write(out / "table.md", "\n".join(texts))
    rows = [pd.DataFrame(part.table.rows, columns=part.table.columns) for part in parts]
    if len(parts) > 1:
        places = (" ".join(part.about) for part in overviews)
        rows = [own.assign(Where=place) for own, place in zip(rows, places, strict=True)]
    write_csv(pd.concat(rows) if rows else pd.DataFrame(), out / "table.csv")


def paper_table(overview: Table) -> Table:
    """At most six columns of an overview, and no more than fit a column of text; verdicts as signs."""
    marked = _with_signs(overview)
    names = [name for ending in _COLUMNS for name in marked.columns if name.endswith(ending)]
    table = marked.only(*names[:_MOST_COLUMNS])
    while not fits(table) and len(table.columns) > 2:
        table = table.only(*table.columns[:-1])
    return table


def _with_signs(overview: Table) -> Table:
    """The same, a ratio without the sign of one, and what has a verdict with the sign of that."""
    lines = [dict(zip(overview.columns, row, strict=True)) for row in overview.rows]
    for line in lines:
        for name in ("Training ratio", "Inference ratio"):
            if name in line:
                line[name] = line[name].replace("×", "").replace("same step as", "=")
        for name, verdict in _VERDICTS.items():
            if name in line:
                line[name] = _ELSEWHERE.sub("†", line[name]) + _SIGNS.get(line.get(verdict, ""), "")
    columns = [_ERROR if _is_error(name) else name for name in overview.columns]
    return Table(columns, [list(line.values()) for line in lines])


def _is_error(column: str) -> bool:
    return column.endswith(_ERROR.lower())


def _title(table: Table) -> str:
    measures = {_ERROR: "error", "images/s": "throughput"}
    shown = [
        word for ending, word in measures.items() if any(name.endswith(ending) for name in table.columns)
    ]
    return f"{joined(shown).capitalize() or 'Variants'} by variant." if shown else "Variants."


def _about(overview: Table, table: Table) -> Iterator[str]:
    """Which error it is, and what the signs in a table mean."""
    if _ERROR in table.columns:
        yield next(f"Error is the {name[:-3].lower()}." for name in overview.columns if _is_error(name))
    cells = [cell for row in table.rows for cell in row[1:]]
    for sign, meaning in _ABOUT_SIGNS.items():
        if any(cell.rstrip("*≈").endswith(sign) or cell.endswith(sign) for cell in cells):
            yield meaning
    if any(cell.startswith("= ") for cell in cells):
        yield "= The same network as the one named or, in throughput, the same step."


def _write(file: Path, text: str) -> None:
    with replacing(file) as fresh:
        fresh.write_text(text, encoding="utf-8")
