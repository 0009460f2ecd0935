"""Which folders of ablation files a user has asked to execute: a run's manifest alone may not say so."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from alexnet_bench.environment import cache_folder


def remember(folders: Iterable[str]) -> None:
    """Keep in mind that a command or call of the user's was given these folders."""
    for mark in filter(None, map(_mark, folders)):
        try:
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.touch()
        except OSError:
            # The next --resume will ask for them.
            return


def is_known(folder: str) -> bool:
    """Whether the user gave a folder before, on this machine."""
    mark = _mark(folder)
    return mark is not None and mark.is_file()


def _mark(folder: str) -> Path | None:
    """The empty file that stands for a folder, where no run folder can bring it; None without a home."""
    cache = cache_folder()
    name = hashlib.sha256(os.fsencode(Path(folder).resolve())).hexdigest()
    return cache / "ablations" / name if cache else None
