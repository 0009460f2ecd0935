"""From records to tables, figures and a page; needs no TensorFlow and no ablation files."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from alexnet_bench.analysis.contrasts import contrasts
from alexnet_bench.analysis.effects import effects
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.analysis.summary import summarize
from alexnet_bench.errors import RecordError
from alexnet_bench.records.manifest import Manifest, read_manifest
from alexnet_bench.records.parquet import write_parquet
from alexnet_bench.records.run_folder import run_records
from alexnet_bench.records.schema import AnyRecord
from alexnet_bench.show.content import make_content
from alexnet_bench.show.figures import FIGURES, style
from alexnet_bench.show.files import writing_into
from alexnet_bench.show.page import render_html, render_latex, render_markdown

__all__ = ["effects", "summarize", "write_report"]


def write_report(runs: Sequence[Path], out: Path) -> Path:
    """Write the report of one or several runs into a folder, and return its page.

    Raises:
        RecordError: a folder holds no run, two hold the same one, or `out` cannot be written.
    """
    folders = list(dict.fromkeys(Path(run).resolve() for run in runs))
    manifests = [read_manifest(folder) for folder in folders]
    _check_distinct(folders, manifests)
    records = run_records(*folders)
    with writing_into(out):
        plans = Plans(manifests, folders_by_run(folders, manifests))
        figures = _draw_figures(records, plans, out)
        found = effects(records, manifests, plans.folders)
        content = make_content(records, manifests, found, figures)
        _as_text(found).to_csv(out / "effects.csv", index=False)
        _write_factorials(contrasts(records, plans), out)
        write_parquet(records, out / "records.parquet")
        (out / "table.tex").write_text(render_latex(content), encoding="utf-8")
        (out / "report.md").write_text(render_markdown(content), encoding="utf-8")
        page = out / "index.html"
        page.write_text(render_html(content), encoding="utf-8")
    return page


def _write_factorials(found: pd.DataFrame, out: Path) -> None:
    if len(found):
        found.to_csv(out / "factorial.csv", index=False)
    else:
        (out / "factorial.csv").unlink(missing_ok=True)


def folders_by_run(folders: Sequence[Path], manifests: Sequence[Manifest]) -> dict[str, Path]:
    """The folders of runs by their ids."""
    return {manifest.run_id: folder for folder, manifest in zip(folders, manifests, strict=True)}


def _as_text(found: pd.DataFrame) -> pd.DataFrame:
    """The effects with the values of each pair as one text a row."""
    return found.assign(values=["; ".join(f"{value:.4g}" for value in values) for values in found["values"]])


def _check_distinct(folders: list[Path], manifests: list[Manifest]) -> None:
    if not folders:
        raise RecordError("there is nothing to report; give at least one folder that `bench run` wrote")
    seen: dict[str, Path] = {}
    for folder, manifest in zip(folders, manifests, strict=True):
        other = seen.setdefault(manifest.run_id, folder)
        if other != folder:
            raise RecordError(f"{other} and {folder} hold the same run; give one of them")


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
