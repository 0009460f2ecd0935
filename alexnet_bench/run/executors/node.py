"""What another machine does with a trial that is sent to it: it checks that it may, and carries it out.

A trial takes along what its numbers follow from, but for the data and the installed code: those must be
there already, and be the sender's.
"""

import contextlib
import hashlib
import os
import platform
import shutil
import tempfile
from functools import cache
from pathlib import Path

import msgspec

from alexnet_bench.data import open_dataset
from alexnet_bench.environment import versions
from alexnet_bench.errors import BenchError, DataError, WorkerError
from alexnet_bench.network.ablation_files import shipped_folder
from alexnet_bench.records.run_folder import LOG
from alexnet_bench.records.schema import Trial, differences
from alexnet_bench.run.code import ROOT, Code
from alexnet_bench.run.local import Host, Zygote
from alexnet_bench.run.log import LAST_BYTES
from alexnet_bench.run.task import CHECKPOINT, FILES, Task, carry_out
from alexnet_bench.run.trainers import Trainers
from alexnet_bench.worker.build_info import settings


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """A task, with what it takes along.

    Args:
        versions: of Python and the libraries where it comes from.
        code: digest of alexnet-bench there.
        variables: of the environment there that change what TensorFlow computes.
        ablations: of each of the user's folders, in the order of the request, its files by name.
    """

    task: Task
    versions: dict[str, str]
    code: str
    variables: dict[str, str]
    ablations: tuple[dict[str, bytes], ...] = ()


class Delivered(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a parcel: a record, or why there is none.

    Args:
        files: by their paths within the run folder, unless they were put there.
        log: the end of what the worker printed.
        refused: what is wrong with the task, or with this machine.
        lost: why the worker could not be asked, which another try may put right.
    """

    record: Trial | None = None
    files: dict[str, bytes] = {}
    log: bytes = b""
    refused: str = ""
    lost: str = ""


def pack(task: Task) -> bytes:
    """A task as JSON, with what it takes along from here."""
    folders = map(Path, task.request["ablations"])
    parcel = Parcel(
        task=task,
        versions=versions(),
        code=_code_at_first(),
        variables=settings(os.environ),
        ablations=tuple({file.name: file.read_bytes() for file in folder.glob("*.py")} for folder in folders),
    )
    return msgspec.json.encode(parcel)


def carry_out_parcel(parcel: bytes, run_folder: str | None = None, host: Host | None = None) -> Delivered:
    """Carry out what was packed elsewhere.

    Args:
        run_folder: where its files go, if this machine sees it; else they are delivered.
        host: where several carry it out together, which of them this is; the first alone leaves files.
    """
    given = msgspec.json.decode(parcel, type=Parcel)
    with tempfile.TemporaryDirectory(prefix="bench-trial-") as scratch:
        log, place = Path(scratch, LOG), Path(run_folder or scratch)
        if run_folder and host and host.index:
            place = Path(scratch)
            _copy_checkpoint(given.task, Path(run_folder), place)
        try:
            _check_code(given)
            _check_data(given.task)
            task = _unpacked(given, Path(scratch, "ablations"))
            # What ends with it is sent once more, here or elsewhere.
            with Zygote(log, Code(variables=variables(given)), restarts=0) as zygote:
                record = carry_out(task, place, Trainers(zygote, host=host), lambda row: None)
        except (WorkerError, OSError) as error:
            # Memory or disk that ran out; another try may find more.
            return Delivered(lost=_here(error), log=_end_of(log))
        except BenchError as error:
            return Delivered(refused=_here(error), log=_end_of(log))
        names = [task.request[kind] for kind in FILES if task.request[kind]]
        made = {} if run_folder else {name: place / name for name in names if (place / name).is_file()}
        files = {name: file.read_bytes() for name, file in made.items()}
        return Delivered(record=record, files=files, log=_end_of(log))


def _copy_checkpoint(task: Task, source: Path, target: Path) -> None:
    """Where a trial goes on, every host of it does."""
    name = task.request[CHECKPOINT]
    (target / name).parent.mkdir()
    with contextlib.suppress(FileNotFoundError):
        shutil.copyfile(source / name, target / name)


def _check_code(given: Parcel) -> None:
    """Refuse where other code would compute other numbers, or some that are not compared."""
    here, there = versions(), given.versions
    if differ := list(differences("version", there, here)):
        raise BenchError(f"{_listed(differ)}; install the same there")
    if given.code != _code():
        raise BenchError("alexnet-bench there is of another revision than here; install the same there")


def _check_data(task: Task) -> None:
    """Refuse other data than the sender's, which of a folder takes reading it whole once."""
    asked, digest = task.request["dataset"], task.columns["data_digest"]
    if (found := open_dataset(asked).digest) != digest:
        raise DataError(f"{asked} holds other images or labels there (digest {found}, here {digest})")


def _code() -> str:
    """A digest of the code that is here now, the shipped ablation files included."""
    package, shipped = ROOT / "alexnet_bench", shipped_folder()
    own = [file for file in sorted(package.rglob("*.py")) if not file.is_relative_to(shipped)]
    files = {file.relative_to(package).as_posix(): file for file in own}
    files |= {f"ablations/{file.name}": file for file in sorted(shipped.glob("*.py"))}
    whole = hashlib.sha256()
    for name, file in files.items():
        whole.update(name.encode() + hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()


@cache
def _code_at_first() -> str:
    """The same as it was when this process first asked: later trials must be of the code of the earlier."""
    return _code()


def _listed(found: list[tuple[str, object, object]]) -> str:
    return ", ".join(f"{name} is {here} here and {there} there" for name, here, there in found)


def _unpacked(given: Parcel, scratch: Path) -> Task:
    """The task with the user's ablation files as they were sent, wherever this machine keeps them."""
    folders = []
    for number, files in enumerate(given.ablations):
        folder = scratch / str(number)
        folder.mkdir(parents=True)
        for name, content in files.items():
            (folder / Path(name).name).write_bytes(content)
        folders.append(str(folder))
    return msgspec.structs.replace(given.task, request=given.task.request | {"ablations": folders})


def variables(given: Parcel) -> dict[str, str]:
    """This machine's environment, with the sender's settings of TensorFlow and no others.

    A cluster has its own, such as a number of OpenMP threads, which would make other conditions of it.
    """
    own = settings(os.environ)
    return {name: value for name, value in os.environ.items() if name not in own} | given.variables


def _here(error: Exception) -> str:
    return f"on {platform.node()}: {error}"


def _end_of(log: Path) -> bytes:
    return log.read_bytes()[-LAST_BYTES:] if log.is_file() else b""
