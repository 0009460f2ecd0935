"""What other tools get of a run: every record once, with parameters, metrics by step, and tags."""

import importlib.util
import json
import subprocess
import sys

import msgspec
import pytest
from report_runs import CRASHED, changed, draw, failed_trial, manifest, timing, trial, trials, write_run

import alexnet_bench
from alexnet_bench.cli.renewal import RenewedReport
from alexnet_bench.errors import BenchError, UnknownNameError
from alexnet_bench.records.manifest import read_manifest
from alexnet_bench.records.run_folder import add_record
from alexnet_bench.run import run as running
from alexnet_bench.show import export as exporting
from alexnet_bench.show.export.rows import row_of

RECORDS = [*trials("alexnet", 0.03, 0.04), failed_trial("no-lrn", 0), *timing(draws=1)]


def needs(tool):
    return pytest.mark.skipif(importlib.util.find_spec(tool) is None, reason=f"{tool} is not installed")


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / "run", RECORDS)


# -- what they get


def test_a_trial_has_its_parameters_its_metrics_by_epoch_and_its_tags():
    (row,) = [row_of(item, manifest()) for item in trials("alexnet", 0.03)]

    assert (row.name, row.kind, row.group, row.succeeded) == ("alexnet-seed0", "trial", "run-a", True)
    assert row.parameters["recipe/learning_rate"] == 0.01
    assert (row.parameters["dataset"], row.parameters["seed"]) == ("digits", 0)
    assert [point.step for point in row.points] == [1, 2]
    assert [point.metrics["validation_top1_error"] for point in row.points] == [0.5, 0.03]
    assert [point.at - row.started for point in row.points] == [1.0, 2.0]
    assert (row.outcome["final/test_top1_error"], row.ended - row.started) == (0.03, 1.5)
    assert (row.tags["run_id"], row.tags["status"]) == ("run-a", "ok")


def test_a_draw_has_the_speed_of_each_slice():
    row = row_of(draw("no-lrn", 3, [10.0, 20.0], precision="tf32"), manifest())

    assert row.name == "no-lrn@tf32-training-batch16-draw3"
    assert [point.metrics["images_per_second"] for point in row.points] == pytest.approx([10.0, 20.0])
    assert row_of(draw("no-lrn", 3, [], **CRASHED, mode="inference"), manifest()).points == ()


def test_what_is_not_finite_or_missing_is_left_out():
    row = row_of(failed_trial("no-lrn", 0), manifest())

    assert not row.succeeded
    assert row.tags["error"] == "the loss is not a number"
    assert set(row.points[0].metrics) == {"learning_rate", "train_error", "validation_top1_error"}
    assert "final/test_top1_error" not in row.outcome


@pytest.mark.parametrize("name", ["../../etc", "a/b", "x" * 500, "\x1b[31m", "中文", ".", ""])
def test_a_record_is_called_what_a_folder_can_be_whatever_its_variant_is(name):
    called = row_of(trial(name, 0), manifest()).name

    assert "/" not in called and "\x1b" not in called and len(called.encode()) < 255
    assert called not in (".", "..")


def test_records_that_differ_have_keys_and_names_that_do():
    rows = [row_of(item, manifest()) for item in RECORDS]
    rows += [row_of(item, manifest()) for item in changed(trials("alexnet", 0.03), purpose="tuning")]

    assert len({row.key for row in rows}) == len({row.name for row in rows}) == len(rows)
    assert row_of(trial("a/b", 0), manifest()).name != row_of(trial("a_b", 0), manifest()).name


def test_settings_of_a_recipe_that_no_tool_takes_become_text():
    strange = {"learning_rate": 0.01, "big": 10**40, "list": [1, 2], "none": None, "text": "a\nb"}
    row = row_of(trial("alexnet", 0, recipe_settings=strange), manifest())

    assert row.parameters["recipe/big"] == "1" + 40 * "0"
    assert row.parameters["recipe/list"] == "[1,2]"
    assert "recipe/none" not in row.parameters or row.parameters["recipe/none"] == "null"


# -- whom


def test_an_unknown_tool_and_one_that_is_not_installed(run, bench, monkeypatch):
    with pytest.raises(UnknownNameError, match="did you mean 'mlflow'"):
        alexnet_bench.export(run, "mlfow")
    monkeypatch.setattr(exporting, "find_spec", lambda name: None)

    code, _, err = bench("export", run, "--to", "wandb")
    assert (code, err) == (2, 'Error: wandb is not installed: `pip install "alexnet-bench[wandb]"`\n')
    code, _, err = bench("run", "--tensorboard", "--out", run.parent / "new")
    assert (code, "alexnet-bench[tensorboard]" in err) == (2, True)
    assert not (run.parent / "new").exists()


@pytest.mark.parametrize("tool", [pytest.param(tool, marks=needs(tool)) for tool in exporting.TOOLS])
def test_what_is_no_run_is_an_error(bench, tmp_path, tool):
    code, _, err = bench("export", tmp_path, "--to", tool)

    assert (code, err) == (2, f"Error: {tmp_path} holds no run.json; give a folder that `bench run` wrote\n")


# -- TensorBoard


def events(folder):
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    (file,) = folder.glob("events.out.tfevents.*")
    return list(EventFileLoader(str(file)).Load())


def scalars(folder):
    """(step, value) by tag, as TensorBoard reads them."""
    from tensorboard.util import tensor_util

    found = {}
    for event in events(folder):
        for value in event.summary.value:
            if value.metadata.plugin_data.plugin_name == "scalars":
                number = float(tensor_util.make_ndarray(value.tensor))
                found.setdefault(value.tag, []).append((event.step, pytest.approx(number)))
    return found


@needs("tensorboard")
def test_tensorboard_reads_scalars_and_hyperparameters(run, bench):
    from tensorboard.plugins.hparams import metadata

    code, out, _ = bench("export", run, "--to", "tensorboard")

    assert (code, out.splitlines()[0]) == (0, f"Exported {len(RECORDS)} records.")
    folder = run / "tensorboard" / "alexnet-seed0"
    found = scalars(folder)
    assert found["validation_top1_error"] == [(1, 0.5), (2, 0.03)]
    assert found["final/test_top1_error"] == [(2, 0.03)]
    plugin = {
        value.tag: value.metadata.plugin_data.content
        for event in events(folder)
        for value in event.summary.value
        if value.metadata.plugin_data.plugin_name == "hparams"
    }
    start = metadata.parse_session_start_info_plugin_data(plugin[metadata.SESSION_START_INFO_TAG])
    assert start.hparams["variant"].string_value == "alexnet"
    assert start.hparams["recipe/learning_rate"].number_value == 0.01
    end = metadata.parse_session_end_info_plugin_data(plugin[metadata.SESSION_END_INFO_TAG])
    assert end.end_time_secs - start.start_time_secs == 1.5


@needs("tensorboard")
def test_exporting_again_writes_what_is_new_and_what_changed_alone(run):
    first = alexnet_bench.export(run, "tensorboard")
    before = {path: path.stat().st_mtime_ns for path in (run / "tensorboard").rglob("*")}
    again = alexnet_bench.export(run, "tensorboard")

    assert (first.added, first.known, again.added, again.known) == (len(RECORDS), 0, 0, len(RECORDS))
    assert {path: path.stat().st_mtime_ns for path in (run / "tensorboard").rglob("*")} == before
    # What was ended as it wrote lacks its mark.
    (run / "tensorboard" / "alexnet-seed1" / "exported").unlink()
    add_record(run, msgspec.structs.replace(trial("no-lrn", 1), run_id="run-a"))
    assert alexnet_bench.export(run, "tensorboard").added == 2
    assert len(events(run / "tensorboard" / "alexnet-seed1")) > 3


@needs("tensorboard")
def test_a_run_writes_records_for_tensorboard_as_they_come(run):
    with RenewedReport(run, quiet=True, tensorboard=True) as progress:
        progress.recorded(msgspec.structs.replace(draw("alexnet", 7, [10.0]), run_id="run-a"))

    (folder,) = (run / "tensorboard").iterdir()
    assert scalars(folder)["images_per_second"] == [(1, 10.0)]


@needs("tensorboard")
def test_writing_for_tensorboard_loads_no_tensorflow(run):
    code = (
        "import sys, alexnet_bench\n"
        f"alexnet_bench.export({str(run)!r}, 'tensorboard')\n"
        "assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@needs("tensorboard")
def test_a_folder_that_cannot_be_written(run, bench):
    (run / "tensorboard").write_text("a file")
    code, _, err = bench("export", run, "--to", "tensorboard")

    assert code == 2
    assert "cannot be written" in err and err.count("\n") == 1


@needs("tensorboard")
def test_a_finding_is_told_where_nothing_can_be_written_for_tensorboard(tmp_path, bench, monkeypatch):
    def fails(schedule, folder, *_, **__):
        failed = msgspec.structs.replace(failed_trial("no-lrn", 0), run_id=read_manifest(folder).run_id)
        add_record(folder, failed)
        (folder / "tensorboard").write_text("a file")
        return [failed]

    monkeypatch.setattr(running, "continue_run", fails)
    asked = ("--variants", "no-lrn", "--measure", "accuracy", "--out", tmp_path / "new")
    code, _, err = bench("run", "--tensorboard", *asked)

    assert code == 1
    assert "cannot be written" in err


# -- MLflow


@pytest.fixture
def mlflow_at(tmp_path, monkeypatch):
    from mlflow.tracking import MlflowClient

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    return MlflowClient


def runs_of_mlflow(client, name="alexnet-bench"):
    experiment = client.get_experiment_by_name(name)
    return {item.info.run_name: item for item in client.search_runs([experiment.experiment_id])}


@needs("mlflow")
@needs("sqlalchemy")
def test_mlflow_has_a_run_a_record_and_no_doubles(run, bench, mlflow_at):
    code, out, _ = bench("export", run, "--to", "mlflow", "--json")
    assert (code, json.loads(out)["added"]) == (0, len(RECORDS))

    client = mlflow_at()
    found = runs_of_mlflow(client)
    assert len(found) == len(RECORDS)
    one = found["alexnet-seed0"]
    assert one.data.params["recipe/learning_rate"] == "0.01"
    assert one.data.metrics["final/test_top1_error"] == 0.03
    history = client.get_metric_history(one.info.run_id, "validation_top1_error")
    assert [(item.step, item.value) for item in history] == [(1, 0.5), (2, 0.03)]
    assert (one.info.status, one.info.end_time - one.info.start_time) == ("FINISHED", 1500)
    assert found["no-lrn-seed0"].info.status == "FAILED"
    assert one.data.tags["status"] == "ok"

    # As an export that was ended leaves it.
    client.create_run(one.info.experiment_id, tags={"alexnet_bench.record": "half"}, run_name="half")
    code, out, _ = bench("export", run, "--to", "mlflow")
    assert out.startswith(f"Exported 0 records; {len(RECORDS)} were there before.\n")
    assert runs_of_mlflow(client).keys() == found.keys()


@needs("mlflow")
@needs("sqlalchemy")
def test_an_mlflow_that_does_not_take_them_is_told_of(run, bench, mlflow_at, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nonsense://place")
    code, _, err = bench("export", run, "--to", "mlflow")

    assert (code, err.count("\n")) == (2, 1)
    assert "set MLFLOW_TRACKING_URI" in err


# -- Weights & Biases


@needs("wandb")
def test_wandb_offline_has_a_run_a_record_and_no_doubles(tmp_path, bench, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    folder = write_run(tmp_path / "run", [trial("alexnet", 0), failed_trial("no-lrn", 0)])

    code, out, err = bench("export", folder, "--to", "wandb")
    assert (code, err) == (0, "")
    assert out.startswith("Exported 2 records.\n")
    runs = sorted((tmp_path / "wandb").glob("offline-run-*"))
    assert len(runs) == 2
    (file,) = runs[0].glob("*.wandb")
    steps, errors = zip(*_history_of_wandb(file.read_bytes()), strict=True)
    assert (steps, errors) == ((1, 2), ("0.5", "0.03"))

    (runs[1] / "exported").unlink()
    assert alexnet_bench.export(folder, "wandb").added == 1
    assert alexnet_bench.export(folder, "wandb").added == 0
    assert len(list((tmp_path / "wandb").glob("offline-run-*"))) == 2


def _history_of_wandb(data):
    """(step, validation error) of each step in a file of W&B: a head of 7 bytes, then records of LevelDB."""
    from wandb.proto.wandb_internal_pb2 import Record

    at = 7
    while at < len(data):
        length, kind = int.from_bytes(data[at + 4 : at + 6], "little"), data[at + 6]
        # Whole in one piece, as all of a file below 32 KiB are.
        assert kind == 1
        record = Record.FromString(data[at + 7 : at + 7 + length])
        at += 7 + length
        if record.WhichOneof("record_type") == "history":
            values = {"/".join(item.nested_key) or item.key: item.value_json for item in record.history.item}
            yield record.history.step.num, values["validation_top1_error"]


@needs("wandb")
def test_a_wandb_that_does_not_take_them_is_told_of(run, bench, monkeypatch, tmp_path):
    import wandb

    def refuse(**options):
        raise wandb.Error("no API key\nis configured")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(wandb, "init", refuse)
    code, _, err = bench("export", run, "--to", "wandb")

    assert (code, err.count("\n")) == (2, 1)
    assert "no API key" in err and "`wandb login`" in err


def test_a_run_without_a_record_has_nothing_to_give(tmp_path):
    if importlib.util.find_spec("tensorboard") is None:
        pytest.skip("tensorboard is not installed")
    assert alexnet_bench.export(write_run(tmp_path / "run", []), "tensorboard").added == 0
    assert issubclass(UnknownNameError, BenchError)
