"""From records to tables, figures and a page; needs no TensorFlow and no ablation files."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from alexnet_bench.analysis.by_epoch import effects_by_epoch
from alexnet_bench.analysis.by_rate import effects_by_rate, errors_by_rate
from alexnet_bench.analysis.contrasts import contrasts
from alexnet_bench.analysis.effects import effects
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.analysis.specifications import specification_curves, specifications_table
from alexnet_bench.records.files import replacing
from alexnet_bench.records.parquet import write_parquet
from alexnet_bench.records.schema import AnyRecord
from alexnet_bench.show.content import make_content
from alexnet_bench.show.figures import FIGURES, style
from alexnet_bench.show.files import read_runs, write_csv, writing_into
from alexnet_bench.show.page import render_html, render_markdown
from alexnet_bench.show.paper import write_tables


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
        _write_table(found, out / "effects.csv")
        for name, rows in (
            ("factorial.csv", contrasts(records, plans)),
            ("effect_by_epoch.csv", effects_by_epoch(records, plans)),
            ("error_by_rate.csv", errors_by_rate(records, plans)),
            ("effect_by_rate.csv", effects_by_rate(records, plans)),
            ("specifications.csv", specifications_table(specification_curves(records, plans))),
        ):
            if len(rows):
                _write_table(rows, out / name)
            else:
                (out / name).unlink(missing_ok=True)
        with replacing(out / "records.parquet") as fresh:
            write_parquet(records, fresh)
        write_tables(records, plans, found, out)
        page = out / "index.html"
        for file, text in (
            (out / "report.md", render_markdown(content)),
            (page, render_html(content)),
        ):
            with replacing(file) as fresh:
                fresh.write_text(text, encoding="utf-8")
    return page


def _write_table(rows: pd.DataFrame, file: Path) -> None:
    """A table as CSV; where a cell holds several numbers, with semicolons between them."""
    lists = {
        name: ["; ".join(f"{value:.4g}" for value in values) for values in rows[name]]
        for name in ("values", "arm_rates", "control_rates")
        if name in rows
    }
    write_csv(rows.assign(**lists), file)


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
