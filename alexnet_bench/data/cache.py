"""What took long to find out about a data set, in the user's cache folder: it may be deleted at any time."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from alexnet_bench.environment import cache_folder


def cached(place: str, find: Callable[[], str], is_whole: Callable[[str], bool]) -> str:
    """The text that is kept under a place such as `digests/<key>`; without one, what is found, and kept.

    Args:
        place: within the cache folder; it names everything that the text depends on.
        find: takes long.
        is_whole: whether a text that was kept is one; what is damaged is found anew.
    """
    kept = cache_place(place)
    if kept is None:
        return find()
    with contextlib.suppress(OSError, ValueError):
        text = kept.read_text(encoding="utf-8")
        if is_whole(text):
            return text
    text = find()
    # A cache that cannot be written costs the next command time, and this one nothing.
    with contextlib.suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        # Others may find it out, too, at the same time.
        fresh = kept.with_name(f"{kept.name}.{os.getpid()}")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(kept)
    return text


def as_listed(path: str | Path) -> bytes:
    """What a file has for as long as nobody touches it: its path, size and time.

    Raises:
        OSError: there is none.
    """
    status = Path(path).stat()
    return os.fsencode(path) + f"\0{status.st_size} {status.st_mtime_ns}\n".encode()


def cache_place(place: str) -> Path | None:
    """A path within the user's cache folder; None where nothing says which home is the user's."""
    folder = cache_folder()
    return folder and folder / place
