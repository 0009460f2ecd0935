"""What a gate decides from files of pytest-benchmark: each is a session, of a process of its own.

Rounds within a process say nothing of how the next process would have run. Several files a side tell it;
of one file a side it has to be assumed.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np

from alexnet_bench.analysis.decision import Decision, decided, of_quantity
from alexnet_bench.analysis.effect import geometric_mean
from alexnet_bench.analysis.quantities import TIME, Thresholds
from alexnet_bench.errors import RecordError
from alexnet_bench.records.files import UNDECODABLE, reading
from alexnet_bench.records.schema import AGREEING, differences
from alexnet_bench.stats.evidence import Apart, Evidence
from alexnet_bench.stats.gate import FALSE_ALARMS

MOST_BYTES = 2**28
# Of seconds, and of the standard error of their logarithm, what can be meant.
_TIMES, _MOST_ERROR = (1e-30, 1e30), 10.0
# From one process to the next, as a share; see docs/gate.md.
PROCESS_SPREAD = 0.03
# Of what `variant_benchmark` writes beside its times; libraries may differ, as on two sides of a gate.
_CONDITIONS = tuple(name for name in AGREEING if name not in ("versions", "build", "side"))
_CPU = ("brand_raw", "count")
# Of a median of normal values, over that of their mean; quartiles lie so many deviations apart.
_MEDIAN_ERROR, _QUARTILES = 1.2533, 1.349


@dataclass(frozen=True, kw_only=True)
class Timing:
    """One benchmark in one file.

    Args:
        seconds: the median over its rounds.
        error: standard error of the logarithm of that.
        conditions: the machine that it ran on, as pytest-benchmark describes it, and those of a variant.
        steady: whether a variant reached a steady state; true of what does not say.
    """

    seconds: float
    error: float
    conditions: Mapping[str, Any]
    steady: bool


class _Stats(msgspec.Struct, frozen=True):
    median: Annotated[float, msgspec.Meta(gt=0)]
    iqr: Annotated[float, msgspec.Meta(ge=0)]
    rounds: Annotated[int, msgspec.Meta(ge=1, lt=2**53)]


class _Benchmark(msgspec.Struct, frozen=True):
    fullname: str
    stats: _Stats
    extra_info: dict[str, Any] | None = None


class _File(msgspec.Struct, frozen=True):
    machine_info: dict[str, Any] | None
    benchmarks: list[_Benchmark]


def read_timings(file: Path) -> dict[str, Timing]:
    """The benchmarks of a file that `pytest --benchmark-json` or `--benchmark-save` wrote, by full name.

    Raises:
        RecordError: it is no such file, or holds no benchmark.
    """
    with reading(file, MOST_BYTES) as opened:
        text = opened.read()
    try:
        content = msgspec.convert(json.loads(text.decode("utf-8-sig")), _File)
    except UNDECODABLE as error:
        raise RecordError(
            f"{file} is no result of pytest-benchmark ({error}); write one with --benchmark-json"
        ) from None
    info = content.machine_info or {}
    described = info["cpu"] if isinstance(info.get("cpu"), dict) else {}
    cpu = {name: described.get(name) for name in _CPU}
    machine = {"cpu": cpu, "machine": info.get("machine"), "system": info.get("system")}
    found: dict[str, Timing] = {}
    for item in content.benchmarks:
        if item.fullname in found:
            raise RecordError(f"{file} holds {item.fullname!r} twice; give a file a measurement")
        stats, said = item.stats, item.extra_info or {}
        timing = Timing(
            seconds=stats.median,
            error=_MEDIAN_ERROR * stats.iqr / _QUARTILES / stats.median / math.sqrt(stats.rounds),
            conditions=machine | {name: said[name] for name in _CONDITIONS if name in said},
            steady=said.get("steady") is not False,
        )
        if not (_TIMES[0] < timing.seconds < _TIMES[1] and timing.error < _MOST_ERROR):
            raise RecordError(
                f"{file}: the times of {item.fullname!r} are not finite, or absurd; measure it again"
            )
        found[item.fullname] = timing
    if not found:
        raise RecordError(f"{file} holds no benchmark; was it written with --benchmark-disable?")
    return found


def benchmark_decisions(
    new: Sequence[Mapping[str, Timing]],
    old: Sequence[Mapping[str, Timing]],
    thresholds: Thresholds,
    false_alarms: float = FALSE_ALARMS,
    process_spread: float = PROCESS_SPREAD,
) -> list[Decision]:
    """The decision on the time of every benchmark, the level of false alarms shared by all.

    Args:
        new, old: the files of this code, and those that they are held against.
        process_spread: standard deviation from one process to the next, as a share, where there are too few
            files to tell.
    """
    rows = []
    for name in dict.fromkeys(name for file in (*new, *old) for name in file):
        threshold = thresholds.of(name, TIME.name)
        if threshold is not None:
            one, other = ([file[name] for file in files if name in file] for files in (new, old))
            rows.append(_gated(name, one, other, threshold, process_spread))
    return decided(rows, false_alarms)


def _gated(
    name: str, new: Sequence[Timing], old: Sequence[Timing], threshold: float, process_spread: float
) -> tuple[Decision, Evidence | None]:
    typical = geometric_mean([math.log(timing.seconds) for timing in new])
    row = replace(of_quantity(TIME, threshold, variant=name), head=typical)
    if not (new and old):
        return row.noted(f"it is only in the {'new' if new else 'old'} files"), None
    if differing := dict.fromkeys(_differ([*new, *old])):
        return row.noted("they differ in " + " and in ".join(differing)), None
    if not all(timing.steady for timing in (*new, *old)):
        return row.noted("one of them reached no steady state, which gives no verdict"), None
    within = float(np.mean([timing.error**2 for timing in (*new, *old)]))
    evidence = Apart(
        head=[-math.log(timing.seconds) for timing in new],
        base=[-math.log(timing.seconds) for timing in old],
        tolerance=TIME.loss(threshold),
        deviation=math.sqrt(process_spread**2 + within),
    )
    return row.on(evidence, head=row.head), evidence


def _differ(timings: Iterable[Timing]) -> Iterator[str]:
    first, *others = (timing.conditions for timing in timings)
    for other in others:
        for name in dict.fromkeys([*first, *other]):
            for column, one, another in differences(name, first.get(name), other.get(name)):
                yield f"{column} ({one} and {another})"
