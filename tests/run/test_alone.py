"""Variants timed alone, by real workers and on the smallest network, from a user's own test-suite."""

import pytest
from users_suite import report_of_suite, run_suite

REAL = """
    from pathlib import Path

    import pytest

    SMALLEST = {"topology": "alexnet-8", "batch_size": 4, "mode": "inference"}


    @pytest.mark.benchmark(group="mine")
    def test_speed(variant_benchmark):
        timing = variant_benchmark("half", draws=2, ablations=Path(__file__).parent / "mine", **SMALLEST)

        assert timing.images_per_second > 0
        print(timing.draws, "draws")


    def test_crash(variant_benchmark):
        variant_benchmark("no-layer", ablations=[Path(__file__).parent / "mine"], **SMALLEST)


    def test_misspelt(variant_benchmark):
        variant_benchmark("no-lnr", **SMALLEST)
"""
ABLATIONS = """
from alexnet_bench import ALEXNET, Ablation, block


@block()
def no_layer(**layer):
    raise ValueError("no layer today")


ARMS = [ALEXNET.but("half", dropout=0.25), ALEXNET.but("no-layer", activation=no_layer)]
MINE = Ablation(name="mine", factor="dropout", control=ALEXNET, arms=ARMS[:1])
BROKEN = Ablation(name="broken", factor="activation", control=ALEXNET, arms=ARMS[1:])
"""


@pytest.fixture
def users_ablations(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "mine.py").write_text(ABLATIONS, encoding="utf-8")


def test_a_variant_is_timed_and_what_cannot_be_is_one_line(tmp_path, users_ablations):
    code, out, (found,) = report_of_suite(tmp_path, REAL, "--benchmark-only")

    assert code == 1
    assert "1 passed" in out
    assert "2 failed" in out
    assert "2 draws" in out
    assert (found["fullname"], found["group"]) == ("test_mine.py::test_speed", "mine")
    assert found["stats"]["rounds"] == len(found["stats"]["data"]) == 24
    info = found["extra_info"]
    assert {name: info[name] for name in ("variant", "topology", "batch_size", "mode", "draws")} == {
        "variant": "half",
        "topology": "alexnet-8",
        "batch_size": 4,
        "mode": "inference",
        "draws": 2,
    }
    quickest, slowest = (4 / found["stats"][name] for name in ("min", "max"))
    assert slowest <= min(info["images_per_second_by_draw"]) <= info["images_per_second"] <= quickest
    assert "no-layer cannot be timed (crashed): " in out
    assert "no layer today" in out
    assert "unknown variant 'no-lnr' (did you mean 'no-lrn'?)" in out
    assert "another exception" not in out
    assert "pytest_plugin.py" not in out
    assert "warning" not in out


def test_a_misspelt_name_starts_no_workers(tmp_path):
    code, out = run_suite(tmp_path, REAL, "-k", "misspelt", "--basetemp", tmp_path / "made")

    assert code == 1
    assert "unknown variant 'no-lnr'" in out
    assert not list((tmp_path / "made").rglob("workers.log"))
