"""Records for other tools: a run of theirs for each trial and draw, once."""

import importlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from alexnet_bench.errors import BenchError, UnknownNameError
from alexnet_bench.records.manifest import read_manifest
from alexnet_bench.records.run_folder import run_records
from alexnet_bench.records.schema import AnyRecord
from alexnet_bench.show.export.rows import row_of

# Each with the module that writes for it, which is also the name of what it needs, and of the extra.
TOOLS = ("mlflow", "tensorboard", "wandb")


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What an export did.

    Args:
        where: it can be looked at, in words.
        added: records that were written.
        known: records that were there before.
    """

    where: str
    added: int
    known: int


def export(folder: Path, to: str) -> Exported:
    """Give the records of a run to another tool; what it has already is left as it is.

    Args:
        folder: of the run.
        to: `mlflow`, `tensorboard` or `wandb`. Where its data go is told by its own environment variables;
            those of TensorBoard go into the run's folder.

    Raises:
        BenchError: the tool is unknown or not installed, or does not take the records.
    """
    check_tool(to)
    manifest, records = read_manifest(folder), run_records(folder)
    writer = importlib.import_module(f"alexnet_bench.show.export.to_{to}")
    where, added = writer.write(folder, [row_of(record, manifest) for record in records])
    return Exported(where=where, added=added, known=len(records) - added)


def export_for_tensorboard(folder: Path, record: AnyRecord) -> None:
    """Give a record of a run to TensorBoard as soon as it is there.

    Raises:
        BenchError: it cannot be written.
    """
    from alexnet_bench.show.export.to_tensorboard import write_row

    write_row(folder, row_of(record, read_manifest(folder)))


def check_tool(to: str) -> None:
    """See that a tool is known and installed.

    Raises:
        BenchError: it is not.
    """
    if to not in TOOLS:
        raise UnknownNameError("tool", [to], TOOLS)
    if find_spec(to) is None:
        raise BenchError(f'{to} is not installed: `pip install "alexnet-bench[{to}]"`')
