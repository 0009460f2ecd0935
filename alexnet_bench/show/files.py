"""The folders that are read, and that which is written into."""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from alexnet_bench.analysis.plans import Plans
from alexnet_bench.errors import RecordError, why_unwritable
from alexnet_bench.records.manifest import read_manifest
from alexnet_bench.records.run_folder import run_records
from alexnet_bench.records.schema import AnyRecord


def read_runs(runs: Iterable[Path]) -> tuple[list[AnyRecord], Plans]:
    """The records of runs, and their plans.

    Raises:
        RecordError: a folder holds no run.
    """
    folders = list(runs)
    manifests = [read_manifest(folder) for folder in folders]
    by_run = {manifest.run_id: folder for manifest, folder in zip(manifests, folders, strict=True)}
    return run_records(*folders), Plans(manifests, by_run)


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
