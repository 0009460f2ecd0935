"""Times this code against other code, with progress, for the commands that judge it."""

import shlex
import sys
from pathlib import Path
from typing import Any


def time_sides(
    options: dict[str, Any],
    *,
    base: str | None,
    base_python: Path | None,
    out: Path | None,
    quiet: bool,
    **how: Any,
) -> tuple[list[dict[str, Any]], str, Path]:
    """Time what a command's options ask for, in the code of base and head.

    Args:
        options: fields of `Settings`, as typed.
        base: a revision.
        base_python: another interpreter.
        out: the run folder to make.
        quiet: show no progress.
        how: what `compare` takes besides.

    Returns:
        The records, what head is held against, and the run folder.
    """
    from alexnet_bench.api import new_run_folder
    from alexnet_bench.cli.progress import Progress
    from alexnet_bench.runner.compare import compare, compared_sides
    from alexnet_bench.runner.settings import Settings

    folder = out or new_run_folder()
    with (
        compared_sides(Settings(**options), base=base, base_python=base_python) as (settings, sides),
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
        against = " with ".join(filter(None, (sides["base"].revision, str(base_python or ""))))
    return records, against, folder
