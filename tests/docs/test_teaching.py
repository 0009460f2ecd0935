"""The teaching notebooks run from top to bottom, and are one notebook in two languages."""

import os
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="notebooks take nbformat, nbclient and ipykernel")
nbclient = pytest.importorskip("nbclient", reason="notebooks take nbformat, nbclient and ipykernel")

TEACHING = Path(__file__).parents[2] / "docs" / "teaching"
LANGUAGES = ("alexnet.ipynb", "alexnet.zh-Hant.ipynb")


def notebook(name):
    return nbformat.read(TEACHING / name, as_version=4)


def cells(name, kind):
    return [cell.source for cell in notebook(name).cells if cell.cell_type == kind]


def test_the_notebook_runs_from_top_to_bottom(tmp_path, monkeypatch):
    monkeypatch.setitem(os.environ, "TF_CPP_MIN_LOG_LEVEL", "3")
    ran = notebook(LANGUAGES[0])

    nbclient.NotebookClient(ran, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()

    shown = [output for cell in ran.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [output for output in shown if output.output_type == "error"] == []
    pictures = [output for output in shown if "image/png" in output.get("data", {})]
    assert len(pictures) == 2
    assert any("no-lrn" in str(output.get("data", {}).get("text/html", "")) for output in shown)


def test_both_languages_have_the_same_code_and_no_output():
    first, second = (cells(name, "code") for name in LANGUAGES)
    assert first == second
    assert len(cells(LANGUAGES[0], "markdown")) == len(cells(LANGUAGES[1], "markdown"))
    for name in LANGUAGES:
        assert not [cell for cell in notebook(name).cells if cell.get("outputs")]
