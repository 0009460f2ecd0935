"""`write_report`, from run folders to files."""

import csv
import json

import pandas as pd
import pytest
from PIL import Image
from report_runs import VERSIONS, accuracy, draw, failed_trial, manifest, timing, write_run

from alexnet_bench.errors import RecordError
from alexnet_bench.show.report import write_report

pytestmark = pytest.mark.filterwarnings("error")

FIGURES = ("error", "throughput", "tradeoff", "curves")


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """The report of a run with both measures."""
    folder = tmp_path_factory.mktemp("full")
    return write_report([write_run(folder / "run", accuracy() + timing())], folder / "new" / "report").parent


def drawn(folder):
    return [
        name for name in FIGURES if (folder / f"{name}.png").exists() and (folder / f"{name}.svg").exists()
    ]


def test_a_report_has_all_its_files(full):
    pictures = [f"{name}.{ending}" for name in FIGURES for ending in ("png", "svg")]
    others = ["index.html", "report.md", "effects.csv", "records.parquet", "table.tex"]
    assert sorted(file.name for file in full.iterdir()) == sorted(pictures + others)
    page = (full / "index.html").read_text()
    assert all(f'<img src="{name}.png"' in page for name in FIGURES)


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_pictures_of_something(full, name):
    with Image.open(full / f"{name}.png") as picture:
        assert len(picture.convert("L").getcolors()) > 50
    assert "<path" in (full / f"{name}.svg").read_text()


def test_effects_are_written_as_data(full):
    with (full / "effects.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["arm"], row["measure"], row["kind"], row["low"]) for row in rows] == [
        ("no-lrn", measure, "descriptive", "")
        for measure in (
            "test_top1_error",
            "validation_top1_error",
            "train_error",
            "test_gap",
            "early_validation_error",
            "loss",
            "epochs_to_25_percent",
            "training_images_per_second",
            "inference_images_per_second",
        )
    ]


def test_records_survive_in_parquet(full):
    read = pd.read_parquet(full / "records.parquet")
    assert len(read) == 12
    assert json.loads(read["versions"].iloc[0]) == VERSIONS
    assert [point["epoch"] for point in read["curve"].iloc[0]] == [1, 2]
    assert list(read["round_ids"].iloc[-1]) == ["2", "3"]


def test_a_report_written_again_is_the_same_and_drops_figures_it_no_longer_has(tmp_path):
    folder = tmp_path / "report"
    run = write_run(tmp_path / "a", accuracy(seeds=1), manifest(measures=["accuracy"]))
    write_report([run], folder)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert drawn(folder) == ["error", "curves"]
    (folder / "throughput.png").touch()
    (folder / "mine.txt").touch()
    write_report([run], folder)
    after = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert after.pop("mine.txt") == b""
    assert after == before


def test_several_runs_of_throughput_with_a_variant_that_failed(tmp_path):
    crashed = draw("no-lrn", 0, [], status="crashed")
    runs = [
        write_run(tmp_path / "a", timing(), manifest("run-a")),
        write_run(tmp_path / "b", [*timing(("alexnet",), draws=1), crashed], manifest("run-b")),
    ]
    assert drawn(write_report(runs, tmp_path / "report").parent) == ["throughput"]


def test_trials_that_all_failed_leave_no_figures(tmp_path):
    run = write_run(tmp_path / "a", [failed_trial("alexnet", 0), failed_trial("no-lrn", 0)])
    assert drawn(write_report([run], tmp_path / "report").parent) == []


def test_a_run_without_records_has_a_page(tmp_path):
    assert write_report([write_run(tmp_path / "a", [])], tmp_path / "report").is_file()


def test_records_that_lack_a_newer_column_are_read(tmp_path):
    run = write_run(tmp_path / "a", timing())
    path = run / "records.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        del line["compile_seconds"], line["git_commit"], line["peak_memory_bytes"]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert drawn(write_report([run], tmp_path / "report").parent) == ["throughput"]


def test_a_folder_named_twice_counts_once_and_a_copied_run_is_refused(tmp_path):
    run = write_run(tmp_path / "a", [failed_trial("alexnet", 0)])
    write_report([run, run], tmp_path / "report")
    assert len(pd.read_parquet(tmp_path / "report" / "records.parquet")) == 1
    with pytest.raises(RecordError, match="hold the same run"):
        write_report([run, write_run(tmp_path / "b", [])], tmp_path / "report")


def test_bad_folders_are_refused(tmp_path):
    with pytest.raises(RecordError, match="at least one folder"):
        write_report([], tmp_path)
    with pytest.raises(RecordError, match=r"run\.json"):
        write_report([tmp_path], tmp_path / "report")
    (tmp_path / "file").touch()
    with pytest.raises(RecordError, match="cannot be written"):
        write_report([write_run(tmp_path / "a", [])], tmp_path / "file")
