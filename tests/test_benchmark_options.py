"""Which options have the benchmarks in `tests/benchmarks` timed: what `tests/conftest.py` decides."""

import pytest
from users_suite import BENCHMARK, run_suite

SUITE = """
    def test_benchmark(benchmark):
        calls = []
        benchmark.pedantic(lambda: calls.append(1), rounds=3)
        print(len(calls), "calls")


    def test_other():
        pass
"""


@pytest.mark.parametrize(
    ("options", "calls", "others"),
    [
        ([], 1, "2 passed"),
        (["--benchmark-only"], 3, "1 passed, 1 skipped"),
        (["--benchmark-enable"], 3, "2 passed"),
        (["--benchmark-enable", "--benchmark-only"], 3, "1 passed, 1 skipped"),
        (["--benchmark-skip"], None, "1 passed, 1 skipped"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_benchmarks_are_timed_where_that_is_asked_for(tmp_path, options, calls, others):
    code, out = run_suite(tmp_path, SUITE, "-rP", *options, plugins=(BENCHMARK, "conftest"))

    assert code == 0, out
    assert others in out
    assert (f"{calls} calls" in out) == (calls is not None)
    assert ("Rounds" in out) == (calls == 3)


def test_the_suite_runs_where_pytest_benchmark_is_not_loaded(tmp_path):
    code, out = run_suite(tmp_path, "def test_other():\n    pass\n", plugins=("conftest",))

    assert (code, "1 passed" in out) == (0, True), out
