"""From records to tables, figures and a page; needs no TensorFlow and no ablation files."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from alexnet_bench.analysis.contrasts import contrasts
from alexnet_bench.analysis.effects import effects
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.analysis.specifications import specification_curves, specifications_table
from alexnet_bench.records.files import replacing
from alexnet_bench.records.parquet import write_parquet
from alexnet_bench.records.schema import AnyRecord
from alexnet_bench.show.content import make_content
from alexnet_bench.show.figures import FIGURES, style
from alexnet_bench.show.files import read_runs, writing_into
from alexnet_bench.show.page import render_html, render_latex, render_markdown


def write_report(runs: Sequence[Path], out: Path) -> Path:
    """Write the report of one or several runs into a folder, and return its page.

    Raises:
        RecordError: a folder holds no run, two hold the same one, or `out` cannot be written.
    """
    records, plans = read_runs(runs)
    with writing_into(out):
        figures = _draw_figures(records, plans, out)
        found = effects(records, plans.manifests, plans.folders)
        content = make_content(records, plans, found, figures)
        texts = ["; ".join(f"{value:.4g}" for value in values) for values in found["values"]]
        with replacing(out / "effects.csv") as fresh:
            found.assign(values=texts).to_csv(fresh, index=False)
        _write_or_remove(out / "factorial.csv", contrasts(records, plans))
        curves = specification_curves(records, plans)
        _write_or_remove(out / "specifications.csv", specifications_table(curves))
        with replacing(out / "records.parquet") as fresh:
            write_parquet(records, fresh)
        page = out / "index.html"
        for file, text in (
            (out / "table.tex", render_latex(content)),
            (out / "report.md", render_markdown(content)),
            (page, render_html(content)),
        ):
            with replacing(file) as fresh:
                fresh.write_text(text, encoding="utf-8")
    return page


def _write_or_remove(file: Path, rows: pd.DataFrame) -> None:
    """Write a table; where there are no rows, an older report's is removed."""
    if not len(rows):
        file.unlink(missing_ok=True)
        return
    with replacing(file) as fresh:
        rows.to_csv(fresh, index=False)


def _draw_figures(records: Sequence[AnyRecord], plans: Plans, out: Path) -> list[str]:
    """Draw what there are records for; an older report's figures that there are none for are removed."""
    drawn = []
    with style.styled():
        for name, shown in FIGURES.items():
            figure = shown.draw(records, plans)
            style.save(figure, out, name)
            if figure is not None:
                drawn.append(name)
    return drawn
