"""The folder that something is written into."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from alexnet_bench.errors import RecordError, why_unwritable


@contextlib.contextmanager
def writing_into(out: Path) -> Iterator[None]:
    """Make a folder that what is done in this context writes into.

    Raises:
        RecordError: it cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise RecordError(f"{out} cannot be written ({why_unwritable(error)}); give another --out") from None
