"""A digest of a data set: of its images, their labels and their order.

The digest of a folder is kept in the user's cache folder, so that ImageNet is not read twice. The key is made
of the files' paths, sizes and times: it lasts as long as nobody touches them.
"""

import contextlib
import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from alexnet_bench.errors import DataError
from alexnet_bench.words import plain

if TYPE_CHECKING:
    from alexnet_bench.data.dataset import Split

LENGTH = 16


def digest_of(splits: Sequence["Split"]) -> str:
    """Sixteen hex digits of what some splits hold, in order; of files, their names and their bytes.

    Raises:
        DataError: a file cannot be read.
    """
    try:
        kept = _place(splits) if any(split.paths for split in splits) else None
        if kept and (known := _read(kept)):
            return known
        digest = _digest(splits)
        if kept:
            # A cache that cannot be written costs the next command time, and this one nothing.
            with contextlib.suppress(OSError):
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_text(digest, encoding="ascii")
        return digest
    except OSError as error:
        raise DataError(
            f"{plain(str(error.filename))} cannot be read ({error.strerror or error}); "
            "check the path and its permissions"
        ) from error


def _digest(splits: Sequence["Split"]) -> str:
    whole = hashlib.sha256()
    for split in splits:
        whole.update(split.labels.astype("<i8").tobytes())
        if split.images is not None:
            whole.update(f"{split.images.shape}".encode())
            whole.update(split.images.tobytes())
        for path in map(Path, split.paths):
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256")
            whole.update(os.fsencode(path.name) + content.digest())
    return whole.hexdigest()[:LENGTH]


def _place(splits: Sequence["Split"]) -> Path | None:
    """Where the digest of some files is kept for as long as nobody touches them; None: there is no home."""
    listing = hashlib.sha256()
    for split in splits:
        listing.update(split.labels.astype("<i8").tobytes())
        for path in map(Path, split.paths):
            status = path.stat()
            listing.update(os.fsencode(path) + f"\0{status.st_size} {status.st_mtime_ns}\n".encode())
    chosen = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # Where nothing says which home is the user's.
    with contextlib.suppress(RuntimeError):
        root = chosen if chosen.is_absolute() else Path.home() / ".cache"
        return root / "alexnet-bench" / "digests" / listing.hexdigest()
    return None


def _read(kept: Path) -> str | None:
    with contextlib.suppress(OSError, ValueError):
        found = kept.read_text(encoding="ascii")
        return found if re.fullmatch(f"[0-9a-f]{{{LENGTH}}}", found) else None
    return None
