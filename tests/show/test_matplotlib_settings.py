"""What a user has set matplotlib to changes no figure, and no figure changes what a user has set it to."""

import os
import subprocess
import sys

import matplotlib as mpl
import pytest
import seaborn as sns
from report_runs import accuracy, manifest, write_run

from alexnet_bench import write_report

OWN = {
    "text.usetex": True,
    "font.family": ["cursive"],
    "figure.dpi": 37.0,
    "savefig.bbox": "tight",
    "savefig.transparent": True,
    "svg.fonttype": "none",
    "axes.formatter.use_mathtext": True,
    "lines.linewidth": 9.0,
    "axes.grid": False,
    "path.sketch": (1.0, 100.0, 2.0),
    "figure.constrained_layout.h_pad": 1.0,
    "legend.loc": "center",
    "axes.xmargin": 0.4,
}
DRAWN = ("error.png", "error.svg", "curves.svg")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_run(
        tmp_path_factory.mktemp("runs") / "run", accuracy(seeds=1), manifest(measures=["accuracy"])
    )


@pytest.fixture(scope="module")
def expected(run):
    with mpl.rc_context():
        mpl.rcdefaults()
        folder = write_report(run, out=run.parent / "expected").parent
    return {name: (folder / name).read_bytes() for name in DRAWN}


def settings():
    """Of matplotlib; to ask for the backend by its key would choose one."""
    others = {name: mpl.rcParams[name] for name in mpl.rcParams if name != "backend"}
    return others | {"backend": mpl.get_backend(auto_select=False)}


@pytest.mark.filterwarnings("ignore")
def test_a_notebooks_settings_neither_change_a_figure_nor_are_changed(run, expected, tmp_path):
    with mpl.rc_context():
        sns.set_theme("poster", style="darkgrid", palette="dark")
        mpl.rcParams.update(OWN)
        before = settings()

        folder = write_report(run, out=tmp_path).parent

        assert settings() == before
    assert {name: (folder / name).read_bytes() for name in DRAWN} == expected


@pytest.mark.parametrize(
    ("rc", "environment"),
    [
        (b"text.usetex: True\nno line\naxes.formatter.use_locale: True\n", {"LC_ALL": "xx_XX.nonsense"}),
        (b"font.family: \xff\n", {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}),
        (None, {"MPLBACKEND": "nonsense", "PYTHONWARNINGS": "error"}),
    ],
    ids=["locale", "no-text", "backend"],
)
def test_settings_that_matplotlib_itself_fails_at(run, expected, tmp_path, rc, environment):
    if rc is not None:
        (tmp_path / "matplotlibrc").write_bytes(rc)
    code = "from alexnet_bench.cli import main; main()"
    command = [sys.executable, "-c", code, "report", str(run), "--out", "report"]

    done = subprocess.run(command, cwd=tmp_path, env=os.environ | environment, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert {name: (tmp_path / "report" / name).read_bytes() for name in DRAWN} == expected


@pytest.mark.parametrize("module", ["claims", "history"])
def test_other_figures_are_loaded_as_carefully(module):
    command = [sys.executable, "-c", f"import alexnet_bench.show.{module}"]
    assert subprocess.run(command, env=os.environ | {"MPLBACKEND": "nonsense"}).returncode == 0
