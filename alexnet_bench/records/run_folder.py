"""A run's folder: its manifest and the records beside it."""

import contextlib
import os
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from alexnet_bench.errors import BenchWarning, RecordError, why_unwritable
from alexnet_bench.records.files import Damage, append_rows, is_there, read_rows, set_aside, sound_rows
from alexnet_bench.records.lock import LOCK, locked
from alexnet_bench.records.manifest import MANIFEST, Manifest, write_manifest
from alexnet_bench.records.schema import SCHEMA_VERSION, AnyRecord, to_frame

if TYPE_CHECKING:
    import pandas as pd

RECORDS, DAMAGED, RETRIED = "records.jsonl", "records.damaged.jsonl", "records.retried.jsonl"
LOG, PREDICTIONS, REPORT, CHECKPOINTS = "workers.log", "predictions", "report", "checkpoints"
# So much can be written where the disk is not full.
_PROBE = bytes(2**20)


@contextlib.contextmanager
def run_folder(out: str | os.PathLike[str] | None, root: Path = Path()) -> Iterator[Path]:
    """Where a run goes: the folder given, or a new one of its own under `results/runs`.

    The new one is made at once, so that no other run can get it, and removed if nothing is written into it.
    `root` is what holds `results`.
    """
    if out is not None:
        if not isinstance(out, str | os.PathLike) or not str(out):
            raise RecordError(f"out is {out!r}; it must be a folder")
        try:
            own = Path(out).expanduser()
        except RuntimeError:
            raise RecordError(f"{out}: there is no such home folder; give a folder without '~'") from None
        yield own
        return
    folder = new_folder(root / "results" / "runs")
    try:
        yield folder
    finally:
        with contextlib.suppress(OSError):
            for empty in (folder, *list(folder.parents)[:2]):
                empty.rmdir()


def new_folder(place: Path) -> Path:
    """Make a folder that is called after this moment, and that nobody else gets.

    Raises:
        RecordError: it cannot be made.
    """
    moment = datetime.now().strftime("%Y%m%d-%H%M%S")
    try:
        for suffix in ("", *(f"-{number}" for number in range(2, 1000))):
            folder = place / (moment + suffix)
            with contextlib.suppress(FileExistsError):
                folder.mkdir(parents=True)
                return folder
    except OSError as error:
        raise RecordError(f"{place} cannot be written ({error.strerror}); give another --out") from None
    raise RecordError(f"{place} cannot be written; give another --out")


def create_run(folder: Path, manifest: Manifest) -> None:
    """Make a run's folder, which must not be in use, and write its manifest; or else leave nothing behind."""
    in_use = RecordError(f"{folder} is in use; give an empty or new folder with --out")
    with contextlib.ExitStack() as undone:
        try:
            for made in [place for place in (*reversed(folder.parents), folder) if not place.exists()]:
                undone.callback(_remove_empty, made)
            folder.mkdir(parents=True, exist_ok=True)
            # Of two runs that begin at once in one folder, one is first.
            with locked(folder):
                if (folder / MANIFEST).exists():
                    raise RecordError(
                        f"{folder} holds a run already; give another --out, or go on with "
                        f"`bench run --resume {folder}`"
                    )
                if not all(map(_is_of_a_false_start, folder.iterdir())):
                    raise in_use
                _fill(folder)
                undone.callback((folder / RECORDS).unlink, missing_ok=True)
                (folder / RECORDS).touch()
                write_manifest(folder, manifest)
        except FileExistsError:
            raise in_use from None
        except OSError as error:
            raise RecordError(f"{folder} cannot be written ({error.strerror}); give another --out") from None
        except ValueError as error:
            raise RecordError(f"{str(folder)!r} cannot be written ({error}); give another --out") from None
        undone.pop_all()


def _is_of_a_false_start(entry: Path) -> bool:
    """Whether it is what a run that was ended as it began leaves behind."""
    if entry.name == RECORDS:
        return entry.stat().st_size == 0
    return entry.name in (LOCK, f"{MANIFEST}.new")


def _remove_empty(folder: Path) -> None:
    with contextlib.suppress(OSError, ValueError):
        folder.rmdir()


@contextlib.contextmanager
def open_run(folder: Path) -> Iterator[Callable[[AnyRecord], None]]:
    """Hold a run that goes on, and give what appends a record to it, durably.

    Lines that hold no record are moved into `records.damaged.jsonl` first, with a warning.

    Raises:
        RecordError: another process holds it, or what a run writes cannot be written; from an append also
            where the folder was moved or removed meanwhile.
    """
    with locked(folder) as lock:
        if damage := sound_rows(folder / RECORDS, AnyRecord, SCHEMA_VERSION)[1]:
            _warn_of(folder, damage)
            set_aside(folder / RECORDS, {line.number for line in damage}, folder / DAMAGED)
        _check_writable(folder)

        def add(record: AnyRecord) -> None:
            lock.check()
            add_record(folder, record)

        yield add


def set_records_aside(folder: Path, is_unwanted: Callable[[AnyRecord], bool]) -> list[AnyRecord]:
    """Move the records of what is to be done again into `records.retried.jsonl`, and return them.

    For who holds the run: its records have no damaged line.
    """
    unwanted = {number: row for number, row in enumerate(run_records(folder), 1) if is_unwanted(row)}
    if unwanted:
        with writing(folder / RETRIED):
            set_aside(folder / RECORDS, unwanted.keys(), folder / RETRIED)
    return list(unwanted.values())


def add_record(folder: Path, record: AnyRecord) -> None:
    """Append a record to a run, durably."""
    remedy = "what was finished before is kept: make room, and go on with --resume"
    append_rows(folder / RECORDS, [record], AnyRecord, remedy)


def run_records(*folders: Path) -> list[AnyRecord]:
    """The records of runs, oldest first; a last line that was cut short by a crash is passed over.

    Raises:
        RecordError: a folder holds no records, or a damaged line.
    """
    found: list[AnyRecord] = []
    for folder in folders:
        remedy = f"`bench run --resume {folder}` sets it aside, and does again what it held"
        found += read_rows(_records_file(folder), AnyRecord, SCHEMA_VERSION, remedy)
    return found


def sound_records(folder: Path) -> list[AnyRecord]:
    """The records of a run that is to go on; a warning tells of damaged lines, which stay as they are."""
    records, damage = sound_rows(_records_file(folder), AnyRecord, SCHEMA_VERSION)
    if damage:
        _warn_of(folder, damage)
    return records


def _records_file(folder: Path) -> Path:
    file = folder / RECORDS
    if not is_there(file):
        raise RecordError(f"{file} does not exist; give a folder that `bench run` wrote")
    return file


def _warn_of(folder: Path, damage: Sequence[Damage]) -> None:
    first, others = damage[0], f" (and {len(damage) - 1} more)" if len(damage) > 1 else ""
    warnings.warn(
        f"{folder / RECORDS}, line {first.number}: {first.why}{others}; what it held is done again, and "
        f"going on keeps the line in {DAMAGED}",
        BenchWarning,
        stacklevel=3,
    )


def _check_writable(folder: Path) -> None:
    """See that all can be written before anything is measured.

    Raises:
        RecordError: something cannot.
    """
    folders = [folder / name for name in (PREDICTIONS, REPORT)]
    for place in (folder, *(place for place in folders if place.is_symlink() or place.exists())):
        with writing(place):
            _fill(place)
    for name, flags in ((RECORDS, 0), (LOG, os.O_CREAT)):
        with writing(folder / name):
            # A pipe without a reader would be waited for.
            os.close(os.open(folder / name, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | flags, 0o644))


def _fill(folder: Path) -> None:
    """See that there is room in a folder."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(_PROBE)


@contextlib.contextmanager
def writing(place: Path) -> Iterator[None]:
    """Write something of a run.

    Raises:
        RecordError: it cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise RecordError(
            f"{place} cannot be written ({why_unwritable(error)}); make room or make it writable, and go on "
            "with --resume"
        ) from None


def each_once(folders: Iterable[Path]) -> list[Path]:
    """Folders without those that were given before, however they are spelled."""
    found: dict[str, Path] = {}
    for folder in folders:
        found.setdefault(os.path.realpath(folder), folder)
    return list(found.values())


def read(*folders: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> "pd.DataFrame":
    """The records of one or several run folders, each once, as one DataFrame: a row a record.

    Raises:
        RecordError: a folder holds no run, or its records are damaged or of a newer schema.
    """
    listed = [[item] if isinstance(item, str | os.PathLike) else item for item in folders]
    return to_frame(run_records(*each_once(Path(folder) for some in listed for folder in some)))
