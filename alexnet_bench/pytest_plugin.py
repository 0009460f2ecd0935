"""A pytest fixture that times a variant through the engine and reports to pytest-benchmark.

pytest loads this file whenever it starts, wherever the package is installed: it must cost nothing until the
fixture is used, and work without pytest-benchmark.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from alexnet_bench.errors import BenchError

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

    from alexnet_bench.records.schema import Draw
    from alexnet_bench.run.effort import Effort
    from alexnet_bench.run.schedule import Schedule

Engine = Callable[["Schedule", "Effort"], "Sequence[Draw]"]


@dataclass(frozen=True, kw_only=True)
class VariantTiming:
    """How fast a variant is.

    Args:
        variant: its name.
        fingerprint: equal where network, training and placement are equal.
        topology: scale of the network.
        batch_size: images a step.
        precision: Keras dtype policy.
        mode: `training` or `inference`.
        draws: how often it was built anew.
        steady: whether every draw reached a steady state and stayed in it; else the figures say nothing.
        images_per_second: over the faster half of each draw's slices; geometric mean of the draws.
        images_per_second_by_draw: the same of each draw.
    """

    variant: str
    fingerprint: str
    topology: str
    batch_size: int
    precision: str
    mode: str
    draws: int
    steady: bool
    images_per_second: float
    images_per_second_by_draw: tuple[float, ...]


class VariantBenchmark:
    """What the fixture `variant_benchmark` is: called once in a test, it times a variant.

    `engine` times what a schedule asks for; pytest-benchmark's own fixture is given the figures.
    """

    def __init__(self, benchmark: "BenchmarkFixture", engine: Engine) -> None:
        self.benchmark, self.engine = benchmark, engine

    def __call__(
        self,
        variant: str,
        *,
        topology: str = "alexnet-227",
        batch_size: int = 16,
        mode: str = "training",
        precision: str = "float32",
        draws: int = 4,
        ablations: str | Path | Sequence[str | Path] = (),
    ) -> VariantTiming:
        """Time a variant, and report seconds a step to pytest-benchmark, one round a slice.

        Where benchmarks are disabled, the variant is built once and one step counts. What is wrong or cannot
        be built fails the test with one line.

        Args:
            variant: a name, or a sum such as `no-lrn+tanh`.
            topology: the scale it is timed at.
            batch_size: images a step.
            mode: `training` or `inference`.
            precision: Keras dtype policy.
            draws: how often it is built anew.
            ablations: further folders of ablation files.
        """
        asked = {
            "variants": variant,
            "measure": "throughput",
            "time_topology": topology,
            "time_batch_size": batch_size,
            "mode": mode,
            "precision": precision,
            "ablations": ablations,
        }
        try:
            # All of it in the target: of a test whose target fails, pytest-benchmark reports nothing.
            records = self.benchmark.pedantic(self._time, args=(asked, draws))
        except BenchError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        timing = _timing(records)
        self._report(records, timing)
        return timing

    def _time(self, asked: dict[str, Any], draws: int) -> "Sequence[Draw]":
        from alexnet_bench.run.effort import draws_effort, least_effort
        from alexnet_bench.run.schedule import Schedule
        from alexnet_bench.run.settings import Settings

        settings = Settings(**asked)
        effort = draws_effort(draws, settings.mode)
        schedule = Schedule(settings, alone=True)
        if (count := len(schedule.timing.contenders) * len(settings.mode)) > 1:
            raise BenchError(
                f"variant_benchmark times one network in one mode, and this asks for {count}; "
                "parametrize the test"
            )
        return self.engine(schedule, least_effort(settings.mode) if self.benchmark.disabled else effort)

    def _report(self, records: "Sequence[Draw]", timing: VariantTiming) -> None:
        from alexnet_bench.analysis.effect import step_milliseconds
        from alexnet_bench.records.schema import Draw, columns_of

        columns = [column.name for column in columns_of(Draw) if column.agrees]
        agreeing = {name: getattr(records[0], name) for name in columns}
        self.benchmark.extra_info |= agreeing | asdict(timing)
        if self.benchmark.stats is not None:
            # Of a target that is the whole measurement it has one duration; the slices are the rounds.
            seconds = [milliseconds / 1000 for milliseconds in step_milliseconds(records)]
            self.benchmark.stats.stats.data[:] = seconds


def _timing(records: "Sequence[Draw]") -> VariantTiming:
    import numpy as np

    from alexnet_bench.analysis.effect import log_speed

    rates = [log_speed(record) for record in records]
    same = ("variant", "fingerprint", "topology", "batch_size", "precision", "mode")
    return VariantTiming(
        **{name: getattr(records[0], name) for name in same},
        draws=len(records),
        steady=all(record.steady for record in records),
        images_per_second=float(np.exp(np.mean(rates))),
        images_per_second_by_draw=tuple(np.exp(rates).tolist()),
    )


@pytest.fixture(scope="session")
def _alexnet_bench_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    from alexnet_bench.run.compare import time_alone
    from alexnet_bench.run.local import Zygote

    log = tmp_path_factory.mktemp("alexnet-bench") / "workers.log"
    with contextlib.ExitStack() as stack:
        # Loading TensorFlow takes seconds: once for all tests, and not for a misspelt name.
        zygote = functools.cache(lambda: stack.enter_context(Zygote(log)))
        yield lambda schedule, effort: time_alone(schedule, effort, zygote(), log)


class WithBenchmark:
    """The fixture where pytest-benchmark is loaded."""

    @pytest.fixture
    def variant_benchmark(
        self, benchmark: "BenchmarkFixture", _alexnet_bench_engine: Engine
    ) -> VariantBenchmark:
        """Time a variant of AlexNet: variant_benchmark("no-lrn", topology="alexnet-32", batch_size=32)."""
        return VariantBenchmark(benchmark, _alexnet_bench_engine)


class WithoutBenchmark:
    """The fixture where it is not: pytest would only say that it knows no fixture `benchmark`."""

    @pytest.fixture
    def variant_benchmark(self) -> None:
        """Time a variant of AlexNet; this takes pytest-benchmark, which is not loaded."""
        pytest.fail(
            "variant_benchmark takes pytest-benchmark, which is not loaded; "
            "pip install 'alexnet-bench[pytest]'",
            pytrace=False,
        )


def pytest_configure(config: pytest.Config) -> None:
    """Give pytest the fixture that fits."""
    loaded = config.getoption("benchmark_only", default=None) is not None
    config.pluginmanager.register(WithBenchmark() if loaded else WithoutBenchmark(), "alexnet-bench-fixture")
