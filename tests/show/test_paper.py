"""Tables and figures that fit a paper."""

import re
import shutil
import subprocess

import pandas as pd
import pytest
from report_runs import accuracy, draws, failed_trial, manifest, timing, trials, write_run

from alexnet_bench.analysis.effects import effects
from alexnet_bench.show.files import read_runs
from alexnet_bench.show.latex import breakable, escape_latex
from alexnet_bench.show.paper import paper_table, write_for_paper, write_tables
from alexnet_bench.show.table import Table

pytestmark = pytest.mark.filterwarnings("error")

POINTS_AN_INCH = 72
NASTY = ["<b>&a|b_$x^y~`*{}\\%#", "[5pt] & \\\\ ~", "\\input{/etc/passwd} %", "--- '' ,,", "x" * 90, "é-ß÷ðþ"]
MANY = [f"a-variant-of-some-length-{number}" for number in range(28)]


def run_of(folder, names):
    """A run of the control and these, all trained and timed."""
    variants = {"alexnet": [], **{name: ["dropout"] for name in names}}
    records = []
    for place, name in enumerate(variants):
        records += trials(name, *(0.03 + 0.01 * place + 0.001 * (seed * 7 % 5) for seed in range(5)))
        records += draws(name, *(10 + place + 0.1 * (number * 3 % 4) for number in range(4)))
    return write_run(folder, records, manifest(variants=variants, ablations=[]))


def write(out, run):
    """The tables of a run, without its figures."""
    records, plans = read_runs([run])
    write_tables(records, plans, effects(records, plans.manifests), out)


@pytest.fixture(scope="module")
def paper(tmp_path_factory):
    folder = tmp_path_factory.mktemp("paper")
    run = write_run(folder / "run", accuracy(seeds=4) + timing())
    return write_for_paper([run], folder / "out")


def test_every_figure_is_there_in_three_formats_with_a_caption_and_no_page(paper):
    names = {"curves", "error", "throughput", "tradeoff"}
    pictures = {f"{name}.{ending}" for name in names for ending in ("png", "svg", "pdf")}
    texts = {"captions.tex", "captions.txt", "table.csv", "table.md", "table.tex"}
    assert pictures | texts <= {file.name for file in paper.iterdir()}
    assert not (paper / "index.html").exists()
    latex = (paper / "captions.tex").read_text("utf-8")
    assert names <= set(re.findall(r"\\includegraphics\{(\w+)\}", latex))
    assert "Test top-1 error by variant: digits, alexnet-8, 2 epochs" in latex
    assert "error (3.3 inches across): Test top-1 error" in (paper / "captions.txt").read_text("utf-8")


@pytest.mark.parametrize(("name", "inches"), [("error", 3.3), ("throughput", 6.8), ("curves", 6.8)])
def test_a_pdf_has_a_papers_width_and_its_fonts(paper, name, inches):
    content = (paper / f"{name}.pdf").read_bytes()
    (width,) = re.findall(rb"/MediaBox \[ ?0 0 ([\d.]+) ", content)
    assert float(width) == pytest.approx(inches * POINTS_AN_INCH)
    assert b"/FontFile2" in content
    assert b"/Type3" not in content


def test_titles_and_conditions_stand_in_captions_alone(paper):
    """The comments of an SVG file hold its texts."""
    for name, title in (("error", "Test top-1 error by variant"), ("throughput", "Throughput by variant")):
        written = (paper / f"{name}.svg").read_text("utf-8")
        assert title not in written and "2 epochs" not in written
        assert title in (paper / "captions.tex").read_text("utf-8")
    assert "<!-- one seed -->" in (paper / "error.svg").read_text("utf-8")


def test_several_panels_have_letters_that_the_caption_names(tmp_path):
    records = [*accuracy(), *(trials("alexnet", 0.1, 0.2, topology="alexnet-32"))]
    out = write_for_paper([write_run(tmp_path / "run", records)], tmp_path / "out")
    assert re.findall(r"<!-- (\(\w\)) -->", (out / "error.svg").read_text("utf-8")) == ["(a)", "(b)"]
    caption = (out / "captions.txt").read_text("utf-8")
    assert re.search(r"\(a\) Test top-1 error.*alexnet-8.*\(b\) Test top-1 error.*alexnet-32", caption)


def test_the_command_writes_beside_the_report(tmp_path, bench):
    run = write_run(tmp_path / "run", [failed_trial("alexnet", 0)])
    code, out, _ = bench("report", run, "--style", "paper")
    assert code == 0
    assert str(run / "report" / "paper") in out
    assert (run / "report" / "paper" / "table.tex").exists()


# -- tables


def test_a_table_has_a_row_a_variant_under_rules(paper):
    lines = (paper / "table.tex").read_text("utf-8").splitlines()
    rows = [line.strip() for line in lines if line.endswith(r"\\")]
    assert len(rows) == 3
    assert len({row.replace(r"\&", "").count("&") for row in rows}) == 1
    assert rows[2].startswith("no-lrn & 3.60 & +1.30 [")
    assert [line.strip() for line in lines if "rule" in line] == [r"\toprule", r"\midrule", r"\bottomrule"]


def test_one_table_has_three_formats(paper):
    frame = pd.read_csv(paper / "table.csv", dtype=str)
    assert list(frame.columns)[:3] == ["Variant", "Error, %", "Change, points"]
    lines = (paper / "table.md").read_text("utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("|")]
    assert [cell.replace("\\", "") for row in rows[2:] for cell in row] == [
        cell for row in frame.to_numpy() for cell in row
    ]
    latex = (paper / "table.tex").read_text("utf-8")
    for row in frame.to_numpy():
        assert " & ".join(map(escape_latex, row)) in latex


def test_a_verdict_is_a_sign_and_its_meaning_stands_below(tmp_path):
    arm = trials("no-lrn", 0.101, 0.102, 0.1, 0.101, 0.102)
    write(tmp_path, write_run(tmp_path, [*trials("alexnet", 0.02, 0.021, 0.02, 0.021, 0.022), *arm]))

    (cell,) = pd.read_csv(tmp_path / "table.csv")["Change, points"][1:]
    assert cell.startswith("+8.0") and cell.endswith("]*")
    latex = (tmp_path / "table.tex").read_text("utf-8")
    assert "* The difference is significant." in latex
    assert r"\approx" not in latex


@pytest.mark.parametrize("long", ["1.23", "+10.23 [+10.11, +10.35]"])
def test_there_are_at_most_six_columns_and_fewer_where_they_are_wide(long):
    columns = ["Variant", "Test top-1 error, %", "Change, points", "Training, images/s", "Training ratio"]
    columns += ["Inference, images/s", "Inference ratio", "MACs, million"]
    table = paper_table(Table(columns, [["alexnet", *[long] * (len(columns) - 1)]]))
    assert table.columns[:2] == ["Variant", "Error, %"]
    assert len(table.columns) == (6 if len(long) < 9 else 4)


def compiled(folder, body, packages, *, options=""):
    """The log of pdfLaTeX, and by how many points each line or page is too large."""
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed (on Debian: texlive-latex-base)")
    document = f"\\documentclass{options}{{article}}\n\\usepackage{{{packages}}}\n"
    document += f"\\begin{{document}}\n\\input{{{body}}}\n\\end{{document}}\n"
    (folder / "document.tex").write_text(document, "utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "document.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=300)
    log = (folder / "document.log").read_text("utf-8", errors="replace")
    assert done.returncode == 0, log[-3000:]
    return log, [float(points) for points in re.findall(r"Overfull \\[hv]box \(([\d.]+)pt", log)]


@pytest.mark.parametrize(
    "names",
    [MANY, [*MANY, *(f"{name}-again" for name in MANY)], NASTY, ["無-lrn", "失败的网络", "สวัสดี"]],
    ids=["a page", "two pages", "nasty", "other scripts"],
)
def test_a_table_compiles_and_fits_the_text(tmp_path, names):
    write(tmp_path, run_of(tmp_path, names))

    log, beyond = compiled(tmp_path, "table.tex", "booktabs,array,longtable")

    assert not [points for points in beyond if points > 1]
    assert ("longtable" in (tmp_path / "table.tex").read_text("utf-8")) == (len(names) > 40)
    assert "Float too large" not in log


def test_captions_compile_with_their_figures(paper):
    packages = "graphicx}\n\\usepackage[textwidth=7.1in,columnsep=0.3in]{geometry"
    _, beyond = compiled(paper, "captions.tex", packages, options="[twocolumn]")
    assert not [points for points in beyond if points > 1]


def test_other_scripts_are_kept_for_what_has_their_letters():
    assert escape_latex("無-lrn") == r"\otherscript{無}{U+7121}-lrn"
    assert escape_latex("é") == "é"
    assert escape_latex("--") == "-{}-"


def test_a_line_may_end_within_a_long_word():
    assert breakable("x" * 20) == "x" * 18 + r"\hspace{0pt}xx"
    assert breakable("a-word and another") == "a-word and another"
