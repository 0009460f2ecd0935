"""What a script or a notebook calls: signatures, a run and its figures, progress."""

import importlib.util
import inspect
import json
import sys
import types

import msgspec
import numpy as np
import pytest
from history_rows import row, write
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from report_runs import CRASHED, accuracy, draw, failed_trial, manifest, timing, trial, trials, write_run

import alexnet_bench
from alexnet_bench.cli.group import bench as program
from alexnet_bench.errors import BenchError, RecordError, UnknownNameError
from alexnet_bench.records.history import COLUMNS
from alexnet_bench.run.settings import Settings
from alexnet_bench.show import progress
from alexnet_bench.show.figures import FIGURES

NOT_SETTINGS = {"out", "progress", "base", "base_python", "thresholds"}
SETTINGS = list(Settings.__dataclass_fields__)


def parameters(function):
    return inspect.signature(function).parameters


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A run with verdicts on error and throughput."""
    records = [*trials("alexnet", 0.030, 0.031, 0.029, 0.030), *trials("no-lrn", 0.05, 0.051, 0.049, 0.05)]
    records += timing(draws=4)
    folder = write_run(tmp_path_factory.mktemp("runs") / "run", records, manifest(seeds=[0, 1, 2, 3]))
    return alexnet_bench.open_run(folder)


# -- signatures


def test_run_has_a_parameter_for_each_setting_with_its_default():
    found = {name: item.default for name, item in parameters(alexnet_bench.run).items()}

    assert [name for name in found if name not in NOT_SETTINGS] == SETTINGS
    given = {name: value for name, value in found.items() if name in SETTINGS and value is not None}
    assert Settings(**given) == Settings()


@pytest.mark.parametrize("name", ["run", "compare", "gate"])
def test_a_function_and_its_command_take_the_same_settings(name):
    function = set(parameters(getattr(alexnet_bench, name)))
    command = {item.name for item in program.get_command(None, name).params}

    assert function & set(SETTINGS) == command & set(SETTINGS)
    assert function - set(SETTINGS) <= NOT_SETTINGS


@pytest.mark.parametrize("function", [alexnet_bench.run, alexnet_bench.compare, alexnet_bench.gate])
def test_a_misspelt_parameter_is_pythons_own_error(function, no_workers):
    with pytest.raises(TypeError, match="unexpected keyword argument 'sedes'"):
        function(sedes=5)


def test_every_parameter_is_explained():
    for name in ("run", "compare", "gate", "claims", "history", "write_report", "open_run"):
        function = getattr(alexnet_bench, name)
        assert [item for item in parameters(function) if item not in function.__doc__] == []


# -- a run


def test_a_run_stands_for_its_folder(measured):
    assert alexnet_bench.read(measured).equals(measured.records)
    assert alexnet_bench.write_report(measured).parent == measured.folder / "report"
    with pytest.raises(RecordError, match=r"holds no run\.json"):
        alexnet_bench.open_run(measured.folder / "report")


def test_its_effects_are_those_of_the_report(measured, bench):
    typed = json.loads(bench("report", measured.folder, "--json").out)

    assert measured.effects["verdict"].tolist() == [item["verdict"] for item in typed]
    (error,) = measured.verdicts.query("label == 'test top-1 error'").to_dict("records")
    assert (error["control"], error["arm"], error["verdict"]) == ("alexnet", "no-lrn", "worse")
    assert error["effect"] == pytest.approx(2.0)
    assert len(measured.verdicts) < len(measured.effects)


def test_a_notebook_shows_its_answers_with_whatever_names_escaped(tmp_path, measured):
    shown = measured._repr_html_()
    assert all(sentence.split("[")[0] in shown for sentence in measured.answers)
    assert "<table>" in shown and "no-lrn" in shown

    name = "<script>alert(1)</script>"
    run = manifest(variants={"alexnet": [], name: ["normalization"]})
    folder = write_run(tmp_path / "<b>", accuracy(("alexnet", name), seeds=4), run)
    shown = alexnet_bench.open_run(folder)._repr_html_()
    assert "<script" not in shown and "&lt;script" in shown
    assert "<b>" not in shown.replace("<p><b>", "")


def test_a_run_without_a_record_says_so_little(tmp_path):
    empty = alexnet_bench.open_run(write_run(tmp_path / "run", []))

    assert (len(empty.records), len(empty.effects), len(empty.verdicts), empty.answers) == (0, 0, 0, [])
    assert str(tmp_path) in empty._repr_html_()
    with pytest.raises(BenchError, match="nothing that 'error' shows"):
        empty.plot.error()


# -- its figures


@pytest.fixture(autouse=True)
def no_figure_is_left():
    yield
    plt.close("all")


def test_each_figure_of_a_report_has_a_method(measured):
    assert [name for name in FIGURES if callable(getattr(measured.plot, name))] == list(FIGURES)
    assert isinstance(measured.plot.throughput(), Figure)
    assert isinstance(measured.plot.figure("error"), Figure)
    with pytest.raises(UnknownNameError, match="unknown figure 'eror'"):
        measured.plot.figure("eror")


@pytest.mark.parametrize("name", ["error", "tradeoff"])
def test_one_plot_is_drawn_onto_the_axes_given_or_onto_its_own(measured, name):
    _, (ours, other) = plt.subplots(1, 2)
    method = getattr(measured.plot, name)

    assert method(ax=ours) is ours
    assert ours.collections and ours.get_xlabel() and ours.get_legend()
    assert not other.has_data()
    own = method()
    assert (
        own.figure.number if hasattr(own.figure, "number") else own.get_figure(root=True) is not ours.figure
    )
    assert np.array_equal(own.collections[0].get_offsets(), ours.collections[0].get_offsets())
    ours.figure.canvas.draw()


def test_plots_under_several_conditions_are_one_figure(tmp_path):
    records = [
        trial(name, 0, precision=precision)
        for name in ("alexnet", "no-lrn")
        for precision in ("float32", "mixed_bfloat16")
    ]
    plot = alexnet_bench.open_run(write_run(tmp_path / "run", records)).plot

    with pytest.raises(BenchError, match=r"2 plots.*plot\.figure\('error'\)"):
        plot.error()
    assert isinstance(plot.figure("error"), Figure)


def test_figures_take_over_and_leave_behind_no_settings(measured):
    with plt.rc_context({"font.size": 31.0, "axes.facecolor": "black"}):
        axes = measured.plot.error()
        assert plt.rcParams["font.size"] == 31.0
    assert axes.get_facecolor()[:3] == (1, 1, 1)


# -- claims and history


def test_the_ledger_of_claims(measured, bench):
    typed = json.loads(bench("claims", measured.folder, "--json").out)
    found = alexnet_bench.claims(measured)

    assert found["claim"].tolist() == [item["claim"] for item in typed]
    assert found["verdict"].tolist() == [item["verdict"] for item in typed]
    assert set(alexnet_bench.claims()["verdict"]) == {"not tested at this scale"}


def test_a_history(tmp_path):
    file = write(tmp_path / "h.jsonl", [row(number, 100.0 + number) for number in range(3)])
    found = alexnet_bench.history(file)

    assert list(found.columns) == [column.name for column in COLUMNS]
    assert len(found) == 3 and found["time"].is_monotonic_increasing
    with pytest.raises(RecordError, match="does not exist"):
        alexnet_bench.history(tmp_path / "none.jsonl")


# -- progress

NAMED = types.SimpleNamespace(variant=types.SimpleNamespace(name="no-lrn"), recipe=None)
TASK = types.SimpleNamespace(network=NAMED, seed=0, most_epochs=4)


def watch(observer):
    observer.begun(manifest().plan)
    observer.planned(0, 3, 1)
    observer.timing(types.SimpleNamespace(draw=0, contenders=(1, 2)), "round 1 of 2")
    observer.recorded(draw("alexnet", 0, [10.0, 10.0]))
    observer.recorded(draw("no-lrn", 0, [11.0, 11.0]))
    observer.epoch(TASK, {"epoch": 3})
    observer.recorded(trial("alexnet", 0))
    observer.recorded(failed_trial("no-lrn", 0, error="the \x1b[31mloss\nis not a number"))


def test_a_script_gets_a_line_a_record_on_standard_error(capsys):
    watch(progress.make_progress())

    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "Variants: alexnet and no-lrn. Starting workers.",
        "alexnet draw 0: 10.0 images/s training",
        "no-lrn draw 0: 11.0 images/s training",
        "alexnet seed 0: 3.00% test top-1 error, 1.5 s",
        "no-lrn diverged: the \\x1b[31mloss\\nis not a number",
    ]


def test_a_draw_that_crashed_has_a_line_too():
    crashed = msgspec.structs.replace(draw("no-lrn", 1, [], **CRASHED), images_per_second=None)
    assert progress.line_of(crashed) == "no-lrn crashed: no"


@pytest.fixture
def shown(monkeypatch):
    """What a notebook would show in place of one another; IPython need not be installed."""
    lines = []
    handle = types.SimpleNamespace(
        display=lambda data, raw: lines.append(data["text/plain"]),
        update=lambda data, raw: lines.append(data["text/plain"]),
    )
    kernel = types.SimpleNamespace(get_ipython=lambda: types.SimpleNamespace(kernel="there"))
    monkeypatch.setitem(sys.modules, "IPython", kernel)
    monkeypatch.setitem(sys.modules, "IPython.display", types.SimpleNamespace(DisplayHandle=lambda: handle))
    return lines


def test_a_notebook_gets_one_line_and_below_it_what_failed(shown, capsys):
    watch(progress.make_progress())

    assert capsys.readouterr() == ("", "")
    assert "3 trials and 1 draw left; draw 0, 2 networks: round 1 of 2" in shown
    assert "3 trials left; no-lrn seed 0, epoch 3 of 4" in shown
    failure = "no-lrn diverged: the \\x1b[31mloss\\nis not a number"
    assert shown[-1] == f"1 trial left; no-lrn diverged\n{failure}"
    assert all("\n" not in line for line in shown[:-1])


@pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("ipykernel", "nbclient")),
    reason="executing a notebook takes ipykernel and nbclient",
)
def test_a_real_notebook_shows_a_run_and_its_figures(measured):
    import nbformat
    from nbclient import NotebookClient

    cells = [
        f"import alexnet_bench\nrun = alexnet_bench.open_run({str(measured.folder)!r})",
        "run",
        "axes = run.plot.error()",
        "run.plot.throughput()",
        "from alexnet_bench.show.progress import in_notebook, make_progress\n"
        "in_notebook(), type(make_progress()).__name__",
    ]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(book, timeout=300).execute()

    _, html, axes, figure, where = (
        [output.get("data", {}) for output in cell.outputs] for cell in book.cells
    )
    assert "no-lrn" in html[0]["text/html"]
    assert [len([1 for data in shown if "image/png" in data]) for shown in (axes, figure)] == [1, 1]
    assert where[0]["text/plain"] == "Starting."
    assert where[1]["text/plain"] == "(True, 'OneLine')"
