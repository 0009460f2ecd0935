"""The folders that are read, and that which is written into."""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from alexnet_bench.analysis.plans import Plans
from alexnet_bench.errors import RecordError, why_unwritable
from alexnet_bench.records.manifest import read_manifest
from alexnet_bench.records.run_folder import each_once, run_records
from alexnet_bench.records.schema import AnyRecord


def read_runs(runs: Iterable[Path]) -> tuple[list[AnyRecord], Plans]:
    """The records of runs, and their plans; a folder that is given twice counts once.

    Raises:
        RecordError: a folder holds no run, or two hold the same one.
    """
    by_run: dict[str, Path] = {}
    manifests = []
    for folder in each_once(runs):
        manifest = read_manifest(folder)
        if other := by_run.get(manifest.run_id):
            raise RecordError(f"{other} and {folder} hold the same run; give one of them")
        by_run[manifest.run_id] = folder
        manifests.append(manifest)
    return run_records(*by_run.values()), Plans(manifests, by_run)


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
