"""What a gate does where nothing else is asked: the defaults, and a project's own in its `pyproject.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from alexnet_bench.analysis.gate_pytest_benchmark import PROCESS_SPREAD
from alexnet_bench.analysis.quantities import Thresholds, as_share, as_table, read_thresholds
from alexnet_bench.errors import BenchError, UnknownNameError
from alexnet_bench.records.files import is_there, reading
from alexnet_bench.stats.gate import FALSE_ALARMS

FILE, MOST_BYTES = "pyproject.toml", 2**24
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
# Of these: what is a path, and relative to the file; what may be a number; what may be a list.
_PATHS = ("ablations", "baseline", "history")
_NUMBERS = ("time-batch-size", "budget")
_LISTS = ("variants", "time-batch-size", "mode", "precision", "ablations")
_SHARES = ("false-alarms", "process-spread")


@dataclass(frozen=True, kw_only=True)
class Project:
    """What a project asks of its gates.

    Args:
        root: the folder that the project's results are kept in.
        options: values for the command's options, as they would be typed.
        thresholds: the tolerances.
        false_alarms: how often code that is as fast as before may be called regressed, for all decisions of a
            gate together.
        process_spread: of pytest-benchmark's files, standard deviation from one process to the next, as a
            share, where there are too few files to tell.
    """

    root: Path = Path()
    options: Mapping[str, Any] = field(default_factory=dict)
    thresholds: Thresholds = field(default_factory=Thresholds)
    false_alarms: float = FALSE_ALARMS
    process_spread: float = PROCESS_SPREAD

    def by_default(self, **thresholds: float | None) -> "Project":
        """The same with other thresholds where the project has none of its own."""
        return replace(self, thresholds=self.thresholds.by_default(**thresholds))


def find_project(folder: Path) -> Project:
    """What holds for a folder: what is in the nearest `pyproject.toml` that has a section for gates.

    It is looked for upward, as far as the root of the repository that the folder lies in; the defaults where
    there is none.

    Raises:
        BenchError: a file on the way is no TOML, or holds what cannot be used.
    """
    own = [folder, *folder.resolve().parents]
    top = next((index for index, place in enumerate(own) if (place / ".git").exists()), 0)
    for place in own[: top + 1]:
        if (found := _read(place)) is not None:
            return found
    return Project(root=own[top])


def _read(root: Path) -> Project | None:
    """What a folder's file says; None where it has no section for gates."""
    file = root / FILE
    if not is_there(file):
        return None
    with reading(file, MOST_BYTES) as opened:
        text = opened.read()
    try:
        # Some editors of Windows begin a file with a byte order mark.
        table: Any = tomllib.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise BenchError(f"{file} cannot be read: {error}") from None
    try:
        for name in SECTION:
            if name != SECTION[0] and (misspelt := [other for other in table if _is_like(other, name)]):
                raise UnknownNameError("section", misspelt, [name])
            if name not in table:
                return None
            table = as_table(name, table[name])
        return _project(root, table)
    except BenchError as error:
        raise unusable(root, error) from None


def unusable(root: Path, what: object) -> BenchError:
    """What is wrong with the section for gates in a folder's file."""
    return BenchError(f"{root / FILE}, [{'.'.join(SECTION)}]: {what}")


def _is_like(other: str, name: str) -> bool:
    """Whether a name of a section is ours, misspelt; what others keep in the file is no business of ours."""
    return other != name and bool(get_close_matches(other, [name], cutoff=0.8))


def _project(root: Path, table: Mapping[str, Any]) -> Project:
    known = (*OPTIONS, "thresholds", *_SHARES)
    if unknown := [name for name in table if name not in known]:
        raise UnknownNameError("key", unknown, known)
    return Project(
        root=root,
        options={
            name.replace("-", "_"): _typed(name, table[name], root) for name in table if name in OPTIONS
        },
        thresholds=read_thresholds(as_table("thresholds", table.get("thresholds", {}))),
        **{name.replace("-", "_"): as_share(name, table[name]) for name in _SHARES if name in table},
    )


def _typed(name: str, value: Any, root: Path) -> Any:
    """A value as it would be typed: a list as text with commas, but for what is given again and again.

    A path is one from the folder of the file on.
    """
    if name == "strict":
        if not isinstance(value, bool):
            raise BenchError(f"strict is {value!r}; it must be true or false")
        return value
    items = value if isinstance(value, list) and name in _LISTS else [value]
    kinds = str | int | float if name in _NUMBERS else str
    unfit = any(isinstance(item, bool) or not isinstance(item, kinds) for item in items)
    is_empty = not "".join(map(str, items)).strip(" ,") and (name, value) != ("ablations", [])
    if unfit or is_empty:
        text = "" if name in _NUMBERS else ", as text"
        raise BenchError(f"{name} is {value!r}; it must be what would be typed after --{name}{text}")
    if name in _PATHS:
        paths = [str(root / str(item)) for item in items]
        return paths if name == "ablations" else ",".join(paths)
    return ",".join(map(str, items))
