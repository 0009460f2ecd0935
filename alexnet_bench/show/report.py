"""From records to tables, figures and a page; needs no TensorFlow and no ablation files."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from alexnet_bench.analysis.by_rate import effects_by_rate
from alexnet_bench.analysis.effects import effects
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.files import replacing
from alexnet_bench.records.parquet import write_parquet
from alexnet_bench.records.schema import AnyRecord
from alexnet_bench.show.classes import confusions_data
from alexnet_bench.show.content import Content, make_content
from alexnet_bench.show.figure_data import Shown, file_of
from alexnet_bench.show.figures import FIGURES, style
from alexnet_bench.show.files import read_runs, write_csv, writing_into
from alexnet_bench.show.page import render_html, render_markdown
from alexnet_bench.show.paper import write_tables

# What is told by its numbers where there are too few of them for a figure, too.
_ANALYSES = ("effect_by_epoch", "error_by_rate", "interaction", "specification")


def write_report(runs: Sequence[Path], out: Path) -> Path:
    """Write the report of one or several runs into a folder, and return its page.

    Raises:
        RecordError: a folder holds no run, two hold the same one, or `out` cannot be written.
    """
    records, plans = read_runs(runs)
    with writing_into(out):
        shown = Shown(records, plans, effects(records, plans.manifests, plans.folders))
        content = make_content(shown, _draw_figures(records, plans, out))
        write_csv(shown.effects, out / "effects.csv")
        for name, rows in _tables(shown, content):
            if len(rows):
                write_csv(rows, out / name)
            else:
                (out / name).unlink(missing_ok=True)
        with replacing(out / "records.parquet") as fresh:
            write_parquet(records, fresh)
        write_tables(records, plans, shown.effects, out)
        page = out / "index.html"
        for file, text in (
            (out / "report.md", render_markdown(content)),
            (page, render_html(content)),
        ):
            with replacing(file) as fresh:
                fresh.write_text(text, encoding="utf-8")
    return page


def _tables(shown: Shown, content: Content) -> Iterator[tuple[str, pd.DataFrame]]:
    """The files of numbers, each with what belongs in it: those of every figure, and what none shows."""
    for name in FIGURES:
        is_wanted = name in content.pictures or name in _ANALYSES
        yield file_of(name), shown.table(name) if is_wanted else pd.DataFrame()
    yield "effect_by_rate.csv", effects_by_rate(shown.records, shown.plans)
    yield "confusion.csv", confusions_data(shown.classes, shown.plans)


def _draw_figures(records: Sequence[AnyRecord], plans: Plans, out: Path) -> dict[str, bytes]:
    """Draw what there are records for; an older report's figures that there are none for are removed.

    Returns:
        Each as SVG, by its name.
    """
    drawn = {}
    with style.styled():
        for name, figure in FIGURES.items():
            made = figure.draw(records, plans)
            style.save(made, out, name)
            if made is not None:
                drawn[name] = (out / f"{name}.svg").read_bytes()
    return drawn
