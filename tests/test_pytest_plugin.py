"""The fixture `variant_benchmark` in a user's own test-suite, with a stand-in for the engine."""

from xml.etree import ElementTree

import pytest
from users_suite import OURS, report_of_suite, run_suite

from alexnet_bench.records.schema import Draw, columns_of

# Two draws of three and of one slice; the second reached no steady state.
STAND_IN = """
    import pytest
    from whole_records import record

    from alexnet_bench.pytest_plugin import VariantBenchmark

    SLICES = [([2, 2, 1], [0.2, 0.4, 0.2]), ([4], [0.2])]
    asked = []


    def engine(schedule, effort):
        asked.append((schedule, effort))
        return [
            record(
                "draw", draw=draw, round_ids=[f"{draw}.{number}" for number, _ in enumerate(steps)],
                slice_steps=steps, slice_seconds=seconds, slice_started_at=seconds, steady=draw == 0,
            )
            for draw, (steps, seconds) in enumerate(SLICES)
        ]


    @pytest.fixture
    def variant_benchmark(benchmark):
        return VariantBenchmark(benchmark, engine)
"""


def test_every_slice_is_a_round_of_seconds_a_step(tmp_path):
    tests = """
    def test_it(variant_benchmark):
        timing = variant_benchmark("no-lrn", topology="alexnet-32", batch_size=32, draws=3)

        (schedule, effort), = asked
        (contender,) = schedule.timing.contenders
        assert contender.key == ("head", "no-lrn", "float32", 32)
        assert (schedule.time_topology.name, effort.modes, effort.draws) == ("alexnet-32", ("training",), 3)
        # 320, 160 and 160 images a second: of an odd number of slices, the median counts half.
        first = 160 * 2 ** (2 / 3)
        assert timing.images_per_second_by_draw == pytest.approx((first, 640))
        assert timing.images_per_second == pytest.approx((first * 640) ** 0.5)
        assert (timing.draws, timing.steady) == (2, False)
    """
    code, out, (found,) = report_of_suite(tmp_path, STAND_IN + tests)

    assert code == 0, out
    assert found["stats"]["data"] == pytest.approx([0.1, 0.2, 0.2, 0.05])
    assert found["stats"]["median"] == pytest.approx(0.15)
    assert found["stats"]["rounds"] == 4
    info = found["extra_info"]
    assert info.keys() >= {column.name for column in columns_of(Draw) if column.agrees}
    assert (info["steady"], info["fingerprint"], info["device"]) == (False, "0123456789ab", "a processor")


def test_a_disabled_benchmark_makes_the_least_effort(tmp_path):
    tests = """
    def test_it(variant_benchmark):
        variant_benchmark("no-lrn", draws=3)

        (_, effort), = asked
        assert (effort.draws, effort.rounds, effort.slice_seconds) == (1, 1, 0)
    """
    code, out = run_suite(tmp_path, STAND_IN + tests, "--benchmark-disable")

    assert code == 0, out


WRONG = {
    "'no-lnr'": "unknown variant 'no-lnr' (did you mean 'no-lrn'?); there are ",
    "'no-lrn', topology='alexnet-33'": "unknown topology 'alexnet-33' (did you mean 'alexnet-32'?)",
    "'no-lrn', mode='both'": "unknown mode 'both'",
    "'no-lrn', precision='float8'": "unknown precision 'float8'",
    "'no-lrn', batch_size=0": "time batch size is 0; it must be at least 1",
    "'no-lrn', draws=0": "draws is 0; it must be at least 1",
    "'no-lrn,tanh,gelu'": "one network in one mode, and this asks for 3; parametrize the test",
    "'no-lrn', mode=('training', 'inference'), batch_size=(16, 32)": "and this asks for 4",
    "'no-lrn', ablations='nowhere'": "nowhere",
}


def test_what_is_wrong_fails_a_test_with_one_line(tmp_path):
    tests = "\n\n".join(
        f"    def test_{number}(variant_benchmark):\n        variant_benchmark({arguments})"
        for number, arguments in enumerate(WRONG)
    )
    code, out, found = report_of_suite(
        tmp_path, f"{STAND_IN}\n\n{tests}\n", "--junit-xml", tmp_path / "junit.xml"
    )

    assert (code, found) == (1, []), out
    failures = [failure.text for failure in ElementTree.parse(tmp_path / "junit.xml").iter("failure")]
    for failure, words in zip(failures, WRONG.values(), strict=True):
        assert words in failure
        assert len(failure.splitlines()) == 1


def test_without_pytest_benchmark_the_fixture_says_what_to_install(tmp_path):
    tests = """
    import sys


    def test_other():
        assert "alexnet_bench.pytest_plugin" in sys.modules


    def test_speed(variant_benchmark):
        pass
    """
    code, out = run_suite(tmp_path, tests, plugins=[OURS])

    assert code == 1
    assert "1 passed, 1 error" in out
    assert "which is not loaded; pip install 'alexnet-bench[pytest]'" in out
    assert "pytest_plugin.py" not in out
