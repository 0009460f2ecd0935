"""The lock on a folder: one process at a time writes into it, and the lock ends with it, however it ends."""

import contextlib
import errno
import fcntl
import os
import socket
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

from alexnet_bench.errors import BenchWarning, RecordError, why_unwritable

LOCK = "run.lock"
LONGEST_MOMENT, LOOK_SECONDS = 30.0, 0.01
# Some file systems of networks have no locks, or none that are switched on.
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)


class Lock:
    """A folder that this process holds."""

    def __init__(self, folder: Path, descriptor: int) -> None:
        self._folder, self._descriptor = folder, descriptor

    def check(self) -> None:
        """See that what goes by the folder's name still is the folder that is held.

        Raises:
            RecordError: it was moved or removed.
        """
        check_is_still(self._folder, os.fstat(self._descriptor))


def check_is_still(folder: Path, held: os.stat_result) -> None:
    """See that what goes by a folder's name still is the one that was looked at.

    Raises:
        RecordError: it was moved or removed.
    """
    try:
        is_same = os.path.samestat(folder.stat(), held)
    except OSError:
        is_same = False
    if not is_same:
        raise RecordError(
            f"{folder} was moved or removed while it was written into; what was finished before "
            "is where the folder is now: go on there with `bench run --resume`"
        )


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[Lock]:
    """Hold a folder, which must be there; no process that is started meanwhile inherits the lock.

    Raises:
        RecordError: another process holds it, or nothing can be written into it.
    """
    with contextlib.ExitStack() as stack:
        try:
            # As long as it is open, no other folder gets its number.
            place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            stack.callback(os.close, place)
            file = _own_file(folder, place)
            stack.callback(os.close, file)
            # Before the file is closed: whoever has opened it meanwhile finds that it is gone.
            stack.callback(_remove, place)
            os.truncate(file, 0)
            os.write(file, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
        except OSError as error:
            raise RecordError(
                f"{folder} cannot be written ({why_unwritable(error)}); make it writable, or give another"
            ) from None
        yield Lock(folder, place)


@contextlib.contextmanager
def to_itself(folder: Path) -> Iterator[None]:
    """Hold a folder for a moment, after others that do so; unlike `locked`, it leaves a trace in none.

    Raises:
        RecordError: another process holds it for longer than a moment, or it cannot be opened.
    """
    try:
        place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise RecordError(f"{folder} cannot be read ({error.strerror}); make it readable") from None
    try:
        _wait_for(folder, place)
        yield
    finally:
        os.close(place)


def _wait_for(folder: Path, place: int) -> None:
    until = time.monotonic() + LONGEST_MOMENT
    while True:
        try:
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > until:
                raise RecordError(
                    f"another process has held {folder} for {LONGEST_MOMENT:.0f} s; end it, and try again"
                ) from None
            time.sleep(LOOK_SECONDS)
        except OSError as error:
            # Of a folder, some can only be asked to share it.
            if error.errno not in (*_NO_LOCKS, errno.EBADF):
                raise RecordError(f"{folder} cannot be locked ({error.strerror}); give another") from None
            _warn_of_no_locks(folder, error)
            return


def _warn_of_no_locks(folder: Path, error: OSError) -> None:
    warnings.warn(
        f"the file system of {folder} has no locks ({error.strerror}); see to it that no other "
        "process writes into it",
        BenchWarning,
        stacklevel=2,
    )


def _own_file(folder: Path, place: int) -> int:
    """The descriptor of the lock's file, locked."""
    while True:
        file = os.open(LOCK, os.O_RDWR | os.O_CREAT, 0o644, dir_fd=place)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.stat(LOCK, dir_fd=place), os.fstat(file)):
                return file
        except BlockingIOError:
            holder = os.read(file, 200).decode(errors="replace").strip() or "another process"
            os.close(file)
            raise RecordError(
                f"{folder} is in use by {holder}; wait until that has ended, or give another folder"
            ) from None
        except FileNotFoundError:
            pass
        except OSError as error:
            if error.errno in _NO_LOCKS:
                _warn_of_no_locks(folder, error)
                return file
            os.close(file)
            raise
        # It was removed by whoever held it before.
        os.close(file)


def _remove(place: int) -> None:
    with contextlib.suppress(OSError):
        os.unlink(LOCK, dir_fd=place)
