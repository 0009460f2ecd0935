"""`bench profile`: what it refuses before anything is started, and what it says."""

import json

import pytest

from alexnet_bench.analysis.profile import Operation, taken_apart
from alexnet_bench.run import profile as profiling
from alexnet_bench.run.profile import Profiled


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["no-lnr"], "did you mean 'no-lrn'"),
        (["alexnet,no-lrn"], "2 networks; name one variant"),
        (["@lrn"], "networks; name one variant"),
        (["alexnet", "--topology", "alexnet-33"], "alexnet-32"),
        (["alexnet", "--precision", "float32,mixed_bfloat16"], "2 networks"),
        (["alexnet", "--batch-size", "0"], "at least 1"),
        (["alexnet", "--steps", "0"], "between 1 and 1,000"),
        (["alexnet", "--mode", "both"], "--mode"),
        (["alexnet", "--out", "FILE"], "cannot be written"),
    ],
)
def test_bad_input_is_told_of_before_anything_is_started(
    bench, no_workers, tmp_path, monkeypatch, arguments, told
):
    (tmp_path / "file").touch()
    code, out, err = bench(
        "profile", *[str(tmp_path / "file") if item == "FILE" else item for item in arguments]
    )

    assert (code, out) == (2, "")
    assert told in err


@pytest.fixture
def made_up(monkeypatch, tmp_path):
    """A profile that nobody took."""

    def profile(settings, steps, out):
        operations = [Operation("net/fc6/MatMul", "MatMul", 0.0, 0.003)]
        return Profiled(
            variant=settings.variants,
            topology=settings.time_topology,
            batch_size=settings.time_batch_size[0],
            mode=settings.mode[0],
            precision="float32",
            device="a processor",
            steps=steps,
            profile=taken_apart(operations, [(0.0, 0.004)], [0.002], ["fc6"]),
            trace=out,
        )

    monkeypatch.setattr(profiling, "profile_variant", profile)
    return tmp_path / "trace"


def test_the_tables_add_up_and_the_profilers_own_cost_is_told(bench, made_up):
    asked = ("profile", "alexnet", "--batch-size", 8, "--steps", 1, "--out", made_up)
    code, out, err = bench(*asked)

    lines = [line.split() for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert ["fc6", "1", "3.00", "0.00", "3.00", "75.0%"] in lines
    assert ["no", "operation", "running", "–", "–", "–", "1.00", "25.0%"] in lines
    assert ["the", "step", "1", "4.00", "0.00", "4.00", "100.0%"] in lines
    assert "With the profiler it took 4.00 ms, without 2.00 ms (means of 1 step)" in out
    assert f"tensorboard --logdir {made_up}" in out
    data = json.loads(bench(*asked, "--json").out)
    assert data["profile"]["layers"][0]["share"] == 0.75
    assert data["trace"] == str(made_up)
