"""Times this code against other code, with progress, for the commands that judge it."""

import shlex
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any


def time_sides(
    options: dict[str, Any],
    *,
    base: str | None = None,
    base_python: Path | None = None,
    alone: bool = False,
    out: Path | None,
    quiet: bool,
    **how: Any,
) -> tuple[list[dict[str, Any]], str, Path]:
    """Time what a command's options ask for, in the code of base and head, or of head alone.

    Args:
        options: fields of `Settings`, as typed.
        base: a revision.
        base_python: another interpreter.
        alone: time this code by itself.
        out: the run folder to make.
        quiet: show no progress.
        how: what `compare` takes besides.

    Returns:
        The records, what head is held against (nothing where it is alone), and the run folder.
    """
    from alexnet_bench.cli import faults
    from alexnet_bench.cli.progress import Progress
    from alexnet_bench.records.run_folder import run_folder
    from alexnet_bench.records.schema import BASE
    from alexnet_bench.run.compare import compare, compared_sides, own_side
    from alexnet_bench.run.settings import Settings

    asked = Settings(**options)
    opened = (
        nullcontext(own_side(asked)) if alone else compared_sides(asked, base=base, base_python=base_python)
    )
    with (
        run_folder(out) as folder,
        faults.kept_in(folder),
        opened as (settings, sides),
        Progress(quiet=quiet) as progress,
    ):
        records = compare(
            settings,
            sides,
            folder,
            shlex.join(["bench", *sys.argv[1:]]),
            on_planned=lambda sessions: progress.planned(0, 0, sessions),
            on_record=progress.recorded,
            on_event=progress.timing,
            **how,
        )
        revision = sides[BASE].revision if BASE in sides else None
        against = " with ".join(filter(None, (revision, str(base_python or ""))))
    return records, against, folder
