"""Times this code against other code, with progress, for the commands that judge it."""

import shlex
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alexnet_bench.analysis.gate import Asked
from alexnet_bench.cli import faults
from alexnet_bench.cli.progress import Progress
from alexnet_bench.records.run_folder import run_folder
from alexnet_bench.records.schema import BASE, Draw
from alexnet_bench.run import compare as comparison
from alexnet_bench.run.settings import Settings
from alexnet_bench.run.sides import compared_sides, own_side


@dataclass(frozen=True, kw_only=True)
class Timed:
    """All draws, what head is held against if anything, the run folder, and what was to be timed."""

    records: list[Draw]
    against: str
    run: Path
    asked: list[Asked]


def time_sides(
    options: dict[str, Any],
    *,
    base: str | None = None,
    base_python: Path | None = None,
    alone: bool = False,
    out: Path | None,
    quiet: bool,
    root: Path = Path(),
    **how: Any,
) -> Timed:
    """Time what a command's options ask for, in the code of base and head, or of head `alone`.

    The results lie below `root` unless `out` is given; `how` is what `comparison.compare` takes besides.
    """
    typed = Settings(**options)
    asked: list[Asked] = []
    opened = (
        nullcontext(own_side(typed)) if alone else compared_sides(typed, base=base, base_python=base_python)
    )
    with (
        run_folder(out, root) as folder,
        faults.kept_in(folder),
        opened as (settings, sides),
        Progress(quiet=quiet) as progress,
    ):
        records = comparison.compare(
            settings,
            sides,
            folder,
            shlex.join(["bench", *sys.argv[1:]]),
            on_planned=lambda draws: progress.planned(0, 0, draws),
            on_record=progress.recorded,
            on_event=progress.timing,
            on_asked=asked.extend,
            **how,
        )
        revision = sides[BASE].revision if BASE in sides else None
        against = " with ".join(filter(None, (revision, str(base_python or ""))))
    return Timed(records=records, against=against, run=folder, asked=asked)
