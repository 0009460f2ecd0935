"""`write_report`, from run folders to files."""

import contextlib
import csv
import json

import pandas as pd
import pytest
from PIL import Image
from report_runs import (
    VERSIONS,
    accuracy,
    changed,
    curve_point,
    draw,
    failed_trial,
    manifest,
    timing,
    trial,
    write_run,
)

from alexnet_bench import BenchError, read, write_report
from alexnet_bench.records.run_folder import add_record
from alexnet_bench.show.inlined import picture_address

pytestmark = pytest.mark.filterwarnings("error")

FIGURES = ("forest", "error", "throughput", "tradeoff", "curves")
TRIALS = ("test_top1_error", "validation_top1_error", "train_error", "test_gap", "early_validation_error")
MEASURES = (
    *TRIALS,
    "loss",
    "epochs_to_25_percent",
    "training_images_per_second",
    "inference_images_per_second",
)


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """The report of a run with both measures."""
    folder = tmp_path_factory.mktemp("full")
    run = write_run(folder / "run", accuracy() + timing())
    return write_report(run, out=folder / "new" / "report").parent


def drawn(*runs):
    """The figures of a report beside the first of some runs."""
    folder = write_report(*runs).parent
    names = [sorted(file.stem for file in folder.glob(f"*.{ending}")) for ending in ("png", "svg", "pdf")]
    assert names[0] == names[1] == names[2]
    return names[0]


def test_a_report_has_all_its_files_and_its_figures_are_pictures_of_something(full):
    pictures = [f"{name}.{ending}" for name in FIGURES for ending in ("png", "svg", "pdf", "csv")]
    others = ["index.html", "report.md", "effects.csv", "records.parquet"]
    others += ["table.csv", "table.md", "table.tex"]
    assert sorted(file.name for file in full.iterdir()) == sorted(pictures + others)
    page = (full / "index.html").read_text()
    for name in FIGURES:
        assert picture_address((full / f"{name}.svg").read_bytes()) in page
        with Image.open(full / f"{name}.png") as picture:
            assert len(picture.convert("L").getcolors()) > 50
        assert "<path" in (full / f"{name}.svg").read_text()


def test_effects_are_written_as_data(full):
    with (full / "effects.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["arm"], row["measure"], row["kind"], row["low"]) for row in rows] == [
        ("no-lrn", measure, "descriptive", "") for measure in MEASURES
    ]


def test_what_depends_on_epochs_and_rates_is_written_as_data_and_goes_with_its_records(tmp_path):
    curve = [curve_point(epoch, 0.5 / epoch) for epoch in (1, 2, 3)]
    trials = [trial(name, seed, epochs=3, curve=curve) for name in ("alexnet", "no-lrn") for seed in range(4)]
    tuning = [
        trial(
            name,
            1_000_000,
            epochs=3,
            curve=curve,
            purpose="tuning",
            fingerprint=f"{name} at {rate}",
            recipe_settings={"learning_rate": rate},
        )
        for name in ("alexnet", "no-lrn")
        for rate in (0.01, 0.03)
    ]
    out = tmp_path / "report"
    write_report(write_run(tmp_path / "tuned", [*trials, *tuning]), out=out)

    by_epoch, by_rate, compared = (
        pd.read_csv(out / f"{name}.csv") for name in ("effect_by_epoch", "error_by_rate", "effect_by_rate")
    )
    assert list(by_epoch["epoch"]) == [1, 2, 3]
    assert list(by_rate["learning_rate"]) == [0.01, 0.03, 0.01, 0.03]
    assert list(compared["arm_rates"]) == ["0.01", "0.01", "0.01; 0.03"]
    drawn_now = {file.name for file in out.glob("*_by_*")}
    assert {"effect_by_epoch.png", "error_by_rate.svg"} <= drawn_now
    assert "Errors are those after" not in (out / "report.md").read_text()

    early = changed(tuning, curve=tuple(curve[:2]))
    write_report(write_run(tmp_path / "early", [*trials, *early]), out=out)
    assert "Errors are those after 2 of 3 epochs" in (out / "report.md").read_text()

    write_report(write_run(tmp_path / "other", accuracy(), manifest("run-b")), out=out)
    assert list(out.glob("*_by_*")) == []


def test_records_survive_in_parquet(full):
    read = pd.read_parquet(full / "records.parquet")
    assert len(read) == 12
    assert json.loads(read["versions"].iloc[0]) == VERSIONS
    assert [point["epoch"] for point in read["curve"].iloc[0]] == [1, 2]
    assert list(read["round_ids"].iloc[-1]) == ["2", "3"]


def test_a_report_written_again_is_the_same_and_drops_figures_it_no_longer_has(tmp_path):
    run = write_run(tmp_path / "a", accuracy(seeds=1), manifest(measures=["accuracy"]))
    assert drawn(run) == ["curves", "error", "forest"]
    before = {file.name: file.read_bytes() for file in (run / "report").iterdir()}
    (run / "report" / "throughput.png").touch()
    (run / "report" / "mine.txt").touch()
    write_report(run)
    after = {file.name: file.read_bytes() for file in (run / "report").iterdir()}
    assert after == before | {"mine.txt": b""}


def test_what_failed_or_was_not_recorded_is_not_drawn(tmp_path):
    crashed = draw("no-lrn", 0, [], status="crashed")
    timed = write_run(tmp_path / "a", timing(), manifest("run-a"))
    beside = write_run(tmp_path / "b", [*timing(("alexnet",), draws=1), crashed], manifest("run-b"))
    failed = write_run(tmp_path / "c", [failed_trial("alexnet", 0), failed_trial("no-lrn", 0)])
    nothing = write_run(tmp_path / "d", [])

    assert [drawn(timed, beside), drawn(failed), drawn(nothing)] == [["forest", "throughput"], [], []]


def test_every_way_of_asking_is_written_as_data_and_removed_with_its_records(tmp_path):
    runs = [
        write_run(tmp_path / name, accuracy_at(name), manifest(name, topology=name))
        for name in ("alexnet-8", "alexnet-32")
    ]
    assert drawn(*runs) == ["curves", "error", "forest", "specification"]
    table = pd.read_csv(runs[0] / "report" / "specifications.csv")
    assert set(table["network"]) == {"alexnet-8", "alexnet-32"}
    assert len(table) == table[["network", "length", "metric"]].drop_duplicates().shape[0] == 8
    assert list(table["effect"]) == sorted(table["effect"])

    assert drawn(runs[0]) == ["curves", "error", "forest"]
    assert not (runs[0] / "report" / "specifications.csv").exists()


def accuracy_at(topology):
    return changed(accuracy(), topology=topology)


def test_who_has_a_file_open_reads_all_of_it_while_it_is_written_again(tmp_path):
    folder = write_run(tmp_path / "run", accuracy())
    files = sorted(write_report(folder).parent.iterdir())
    before = [file.read_bytes() for file in files]
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(file.open("rb")) for file in files]
        for name in ("alexnet", "no-lrn"):
            add_record(folder, trial(name, 2, 0.5, run_id="run-a"))

        write_report(folder)

        assert [file.read() for file in opened] == before
    assert sorted(files[0].parent.iterdir()) == files
    assert all(file.read_bytes() != text for file, text in zip(files, before, strict=True))


def test_a_run_given_twice_counts_once_as_data_too(tmp_path, bench):
    folder = write_run(tmp_path / "run", accuracy(seeds=4))
    same = tmp_path / "elsewhere" / ".." / "run"
    (tmp_path / "elsewhere").mkdir()

    code, out, _ = bench("report", folder, same, "--out", tmp_path / "report", "--json")

    assert code == 0
    assert json.loads(out) == json.loads(bench("report", folder, "--json").out)
    assert len(read(folder, same)) == len(read(folder)) == 8


def test_a_folder_named_twice_counts_once_and_a_copied_run_is_refused(tmp_path):
    run = write_run(tmp_path / "a", [failed_trial("alexnet", 0)])
    write_report(run, run, out=tmp_path / "report")
    assert len(pd.read_parquet(tmp_path / "report" / "records.parquet")) == 1
    with pytest.raises(BenchError, match="hold the same run"):
        write_report(run, write_run(tmp_path / "b", []), out=tmp_path / "report")


def test_bad_folders_are_refused(tmp_path):
    with pytest.raises(BenchError, match="at least one folder"):
        write_report()
    with pytest.raises(BenchError, match=r"run\.json"):
        write_report(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(BenchError, match="cannot be written"):
        write_report(write_run(tmp_path / "a", []), out=tmp_path / "file")
