"""The Parquet files of several runs are read together, by whatever reads Parquet."""

import os

import duckdb
import pandas as pd
import polars as pl
import pytest
from whole_records import record

from alexnet_bench.records.parquet import write_parquet

YARDSTICK = {"flops_per_second": [1e11, 2e11], "bytes_per_second": [1e10]}
EPOCH = {"epoch": 1, "learning_rate": 0.01, "loss": None, "train_error": 0.5, "validation_top1_error": 0.25}
# Of accuracy alone, of throughput alone, with failures, and without a record.
RUNS = {
    "trials": [record(seed=seed, loss=0.5, curve=[EPOCH], error=None) for seed in range(3)],
    "draws": [
        record(
            "draw", draw=1, yardstick=YARDSTICK, steady=True, round_ids=["gate-0", 1], build={"driver": 5}
        ),
        record("draw", draw=2, load={"others_share": 0.1}, compile_seconds=2.0),
    ],
    "bare": [record(versions={"another": "1"}, error="no", status="crashed"), record("draw", threads=4)],
    "empty": [],
}


def by_pandas(files):
    # pandas has pyarrow read a list of files as one data set.
    frame = pd.read_parquet(list(map(str, files)))
    seconds = frame["slice_seconds"].dropna().map(sum).sum()
    return len(frame), frame["threads"].sum(), frame["loss"].sum(), seconds


def by_polars(files):
    frame = pl.scan_parquet(list(files)).collect()
    seconds = frame["slice_seconds"].list.sum().sum()
    return len(frame), frame["threads"].sum(), frame["loss"].sum(), seconds


def by_duckdb(files):
    names = list(map(str, files))
    return duckdb.execute(
        "select count(*), sum(threads), sum(loss), sum(list_sum(slice_seconds)) from read_parquet(?)", [names]
    ).fetchone()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The file of each run."""
    folder = tmp_path_factory.mktemp("parquet")
    for name, records in RUNS.items():
        write_parquet(records, folder / f"{name}.parquet")
    return [folder / f"{name}.parquet" for name in RUNS]


@pytest.mark.parametrize("name", [os.fsdecode(b"a\xff"), "s3:", "file:x"])
def test_a_folder_may_have_any_name(tmp_path, name):
    (tmp_path / name).mkdir()

    write_parquet(RUNS["trials"], tmp_path / name / "x.parquet")

    assert pd.read_parquet((tmp_path / name / "x.parquet").open("rb")).shape[0] == 3


@pytest.mark.parametrize("read", [by_pandas, by_polars, by_duckdb])
def test_all_readers_agree_on_several_runs_in_any_order(files, read):
    for some in (files, files[::-1]):
        assert read(some) == pytest.approx((7, 16, 1.5, 2.25))


def test_values_survive(files):
    row = duckdb.execute(
        """
        select curve[1].train_error, curve[1].loss, versions->>'python', recipe_settings->>'learning_rate'
        from read_parquet(?) limit 1
        """,
        [str(files[0])],
    ).fetchone()
    assert row == (0.5, None, "3.12.1", "0.01")

    first, second = pl.read_parquet(files[1]).iter_rows(named=True)
    assert first["yardstick"] == YARDSTICK
    assert (first["round_ids"], second["round_ids"]) == (["gate-0", "1"], ["0", "1"])
    assert (first["build"], second["build"]) == ('{"driver": 5}', "{}")
    assert (first["steady"], second["steady"], first["seed"]) == (True, None, None)
