"""A run's folder: its manifest and the records beside it."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from alexnet_bench.errors import RecordError
from alexnet_bench.records.files import append_rows, mend_file, read_rows
from alexnet_bench.records.manifest import MANIFEST, Manifest, read_manifest, write_manifest
from alexnet_bench.records.schema import SCHEMA_VERSION, AnyRecord, to_frame

if TYPE_CHECKING:
    import pandas as pd

RECORDS = "records.jsonl"


@contextlib.contextmanager
def run_folder(out: str | Path | None, root: Path = Path()) -> Iterator[Path]:
    """Where a run goes: the folder given, or a new one of its own under `results/runs`.

    The new one is made at once, so that no other run can get it, and removed if nothing is written into it.
    `root` is what holds `results`.
    """
    if out is not None:
        if not isinstance(out, str | Path) or not str(out):
            raise RecordError(f"out is {out!r}; it must be a folder")
        try:
            own = Path(out).expanduser()
        except RuntimeError:
            raise RecordError(f"{out}: there is no such home folder; give a folder without '~'") from None
        yield own
        return
    folder = _new_folder(root)
    try:
        yield folder
    finally:
        with contextlib.suppress(OSError):
            for empty in (folder, *list(folder.parents)[:2]):
                empty.rmdir()


def _new_folder(root: Path) -> Path:
    runs, moment = root / "results" / "runs", datetime.now().strftime("%Y%m%d-%H%M%S")
    try:
        for suffix in ("", *(f"-{number}" for number in range(2, 1000))):
            folder = runs / (moment + suffix)
            with contextlib.suppress(FileExistsError):
                folder.mkdir(parents=True)
                return folder
    except OSError as error:
        raise RecordError(f"{runs} cannot be written ({error.strerror}); give another --out") from None
    raise RecordError(f"{runs} cannot be written; give another --out")


def create_run(folder: Path, manifest: Manifest) -> None:
    """Make a run's folder, which must not be in use, and write its manifest."""
    try:
        if (folder / MANIFEST).exists():
            raise RecordError(
                f"{folder} holds a run already; give another --out, or go on with "
                f"`bench run --resume {folder}`"
            )
        if folder.is_dir() and any(folder.iterdir()):
            raise FileExistsError
        folder.mkdir(parents=True, exist_ok=True)
        # Of two runs that begin at once in one folder, one is first.
        (folder / RECORDS).touch(exist_ok=False)
        write_manifest(folder, manifest)
    except FileExistsError:
        raise RecordError(f"{folder} is in use; give an empty or new folder with --out") from None
    except OSError as error:
        raise RecordError(f"{folder} cannot be written ({error.strerror}); give another --out") from None
    except ValueError as error:
        raise RecordError(f"{str(folder)!r} cannot be written ({error}); give another --out") from None


def reopen_run(folder: Path) -> Manifest:
    """The manifest of a run that is to go on, its records mended if a crash cut the last one short."""
    manifest = read_manifest(folder)
    mend_file(folder / RECORDS)
    return manifest


def add_record(folder: Path, record: AnyRecord) -> None:
    """Append a record to a run, durably."""
    remedy = "what was finished before is kept: make room, and go on with --resume"
    append_rows(folder / RECORDS, [record], AnyRecord, remedy)


def run_records(*folders: Path) -> list[AnyRecord]:
    """The records of runs, oldest first; a last line that was cut short by a crash is passed over."""
    found: list[AnyRecord] = []
    for file in (folder / RECORDS for folder in folders):
        if not file.is_file():
            raise RecordError(f"{file} does not exist; give a folder that `bench run` wrote")
        found += read_rows(file, AnyRecord, SCHEMA_VERSION)
    return found


def each_once(folders: Iterable[Path]) -> list[Path]:
    """Folders without those that were given before, however they are spelled."""
    found: dict[Path, Path] = {}
    for folder in folders:
        found.setdefault(folder.resolve(), folder)
    return list(found.values())


def read(*folders: str | Path | Sequence[str | Path]) -> "pd.DataFrame":
    """The records of one or several run folders, each once, as one DataFrame: a row a record.

    Raises:
        RecordError: a folder holds no run, or its records are damaged or of a newer schema.
    """
    listed = [[item] if isinstance(item, str | Path) else item for item in folders]
    return to_frame(run_records(*each_once(Path(folder) for some in listed for folder in some)))
