"""What a gate does where nothing else is asked: the defaults, and a project's own in its `pyproject.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from alexnet_bench.analysis.gate_pytest_benchmark import PROCESS_SPREAD
from alexnet_bench.analysis.quantities import Thresholds, as_share, as_table, read_thresholds
from alexnet_bench.errors import BenchError, UnknownNameError
from alexnet_bench.stats.gate import FALSE_ALARMS

SECTION = ("tool", "alexnet-bench", "gate")
# As the command's options are called.
OPTIONS = (
    "variants",
    "time-topology",
    "time-batch-size",
    "time-threads",
    "mode",
    "precision",
    "devices",
    "ablations",
    "budget",
    "base",
    "baseline",
    "history",
    "strict",
)
_SHARES = ("false-alarms", "process-spread")


@dataclass(frozen=True, kw_only=True)
class GateSettings:
    """A project's own gate.

    Args:
        options: values for the command's options, as they would be typed.
        thresholds: the losses that must not pass.
        false_alarms: how often code that is as fast as before may be called regressed, for all decisions of a
            gate together.
        process_spread: of pytest-benchmark's files, standard deviation from one process to the next, as a
            share, where there are too few files to tell.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    thresholds: Thresholds = field(default_factory=Thresholds)
    false_alarms: float = FALSE_ALARMS
    process_spread: float = PROCESS_SPREAD

    def by_default(self, **thresholds: float | None) -> "GateSettings":
        """The same with other thresholds where the project has none of its own."""
        return replace(self, thresholds=self.thresholds.by_default(**thresholds))


def read_settings(file: Path) -> GateSettings:
    """The settings in a `pyproject.toml`; the defaults where there is no file, or no section in it.

    Raises:
        BenchError: the file is no TOML, or holds what cannot be used.
    """
    try:
        table: Any = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return GateSettings()
    except (OSError, ValueError) as error:
        raise BenchError(f"{file} cannot be read: {error}") from None
    try:
        for name in SECTION:
            table = as_table(name, table.get(name, {}))
        return _settings(table)
    except BenchError as error:
        raise BenchError(f"{file}, [{'.'.join(SECTION)}]: {error}") from None


def _settings(table: Mapping[str, Any]) -> GateSettings:
    known = (*OPTIONS, "thresholds", *_SHARES)
    if unknown := [name for name in table if name not in known]:
        raise UnknownNameError("key", unknown, known)
    return GateSettings(
        options={
            name.replace("-", "_"): _typed(name, value) for name, value in table.items() if name in OPTIONS
        },
        thresholds=read_thresholds(as_table("thresholds", table.get("thresholds", {}))),
        **{name.replace("-", "_"): as_share(name, table[name]) for name in _SHARES if name in table},
    )


def _typed(name: str, value: Any) -> Any:
    """A value as it would be typed: a list as text with commas, but for what is given again and again."""
    if name == "strict" and isinstance(value, bool):
        return value
    items = value if isinstance(value, list) else [value]
    if any(isinstance(item, bool) or not isinstance(item, str | int | float) for item in items):
        raise BenchError(f"{name} is {value!r}; it must be what would be typed after --{name}")
    return list(map(str, items)) if name == "ablations" else ",".join(map(str, items))
