"""A digest of a data set: of its images, their labels and their order.

The digest of a folder is kept in the user's cache folder, so that ImageNet is not read twice. The key is made
of the files' paths, sizes and times: it lasts as long as nobody touches them.
"""

import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from alexnet_bench.data.cache import as_listed, cached
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
        if not any(split.paths for split in splits):
            return _digest(splits)
        return cached(f"digests/{_untouched(splits)}", lambda: _digest(splits), _is_digest)
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


def _untouched(splits: Sequence["Split"]) -> str:
    """A key that some files have for as long as nobody touches them."""
    listing = hashlib.sha256()
    for split in splits:
        listing.update(split.labels.astype("<i8").tobytes())
        for path in split.paths:
            listing.update(as_listed(path))
    return listing.hexdigest()


def _is_digest(text: str) -> bool:
    return bool(re.fullmatch(f"[0-9a-f]{{{LENGTH}}}", text))
