"""What workers print, kept in a file up to a limit: one that prints without end must not fill the disk."""

import contextlib
import os
import select
import threading
from collections.abc import Callable
from pathlib import Path

from alexnet_bench.errors import RecordError, why_unwritable

# Of what does not fit any more, the end is kept: it tells why a worker ended.
MOST_BYTES, LAST_BYTES = 2**26, 2**16
# More than a pipe holds.
_AT_ONCE = 2**20
_LEFT_OUT = b"\n(more than %d bytes: what follows is left out, but for its end)\n"
# What is in a pipe is read within moments, once those that print are gone.
_LONGEST_END = 5.0


class Log:
    """A file that gets what processes print into a pipe.

    Args:
        file: is added to; its folder must be there.
        most_bytes: that it may grow to, but for the end of what does not fit.

    Attributes:
        end: descriptor of the pipe's end that processes print into; whoever starts them closes it.
    """

    def __init__(self, file: Path, most_bytes: int = MOST_BYTES) -> None:
        self.file, self._most_bytes = file, most_bytes
        try:
            # A named pipe without a reader would be waited for.
            kept = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK, 0o644)
        except OSError as error:
            raise RecordError(
                f"{file} cannot be written ({why_unwritable(error)}); make it writable"
            ) from None
        pipe, self.end = os.pipe()
        os.set_blocking(pipe, False)
        self._kept, self._pipe = (os.fdopen(kept, "ab", buffering=0), os.fdopen(pipe, "rb", buffering=0))
        self._last, self._left_out, self._lock = b"", 0, threading.Lock()
        self._reader = threading.Thread(target=self._read, name=f"reader of {file.name}", daemon=True)
        self._reader.start()

    def add(self, chunk: bytes) -> None:
        """Keep what was printed elsewhere."""
        with self._lock:
            self._add(chunk)

    def last(self) -> str:
        """The end of what was printed."""
        # What the processes have printed may still be in the pipe.
        self._take()
        with self._lock:
            return self._last.decode(errors="replace")

    def close(self) -> None:
        """Keep what was printed, once the processes are gone."""
        self._reader.join(_LONGEST_END)

    def _read(self) -> None:
        while self._take():
            select.select([self._pipe], [], [])
        with self._lock, self._pipe, self._kept:
            if self._left_out:
                self._write(self._last[-self._left_out :])

    def _take(self) -> bool:
        """Take what is in the pipe, and return whether more may come."""
        with self._lock:
            chunk = b"" if self._pipe.closed else self._pipe.read(_AT_ONCE)
            self._add(chunk or b"")
            return chunk != b""

    def _add(self, chunk: bytes) -> None:
        self._last = (self._last + chunk)[-LAST_BYTES:]
        if not self._kept.closed:
            self._keep(chunk)

    def _keep(self, chunk: bytes) -> None:
        room = 0 if self._left_out else self._most_bytes - os.fstat(self._kept.fileno()).st_size
        left_out = len(chunk) - self._write(chunk[: max(0, room)])
        if left_out and not self._left_out:
            self._write(_LEFT_OUT % self._most_bytes)
        self._left_out += left_out

    def _write(self, text: bytes) -> int:
        """Add to the file, and return how many bytes; a full disk is no reason to stop what is measured."""
        with contextlib.suppress(OSError):
            return self._kept.write(text)
        return 0


class Watch:
    """Takes in what a process prints, and notices its end, whoever else holds the line to it.

    Args:
        pid: of the process; it is not waited for.
        output: descriptor of a pipe's end, to read what it prints; it is closed here.
        log: gets what it prints.
        on_end: is called when it has ended, by a thread of its own.
    """

    def __init__(self, pid: int, output: int, log: Log, on_end: Callable[[], None]) -> None:
        self._output, self._log, self._on_end, self._last = output, log, on_end, b""
        os.set_blocking(output, False)
        # Where the system has no such thing, its end is noticed when all that it left behind have ended, too.
        self._process = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
        self._thread = threading.Thread(target=self._read, name=f"watch of {pid}", daemon=True)
        self._thread.start()

    def last(self) -> str:
        """The end of what was printed, by a process that has ended."""
        self._thread.join(_LONGEST_END)
        return self._last.decode(errors="replace")

    def _read(self) -> None:
        watched = [self._output] if self._process is None else [self._output, self._process]
        is_open = True
        while is_open and self._process not in select.select(watched, [], [])[0]:
            is_open = self._take()
        while is_open and select.select([self._output], [], [], 0)[0]:
            is_open = self._take()
        if self._process is not None:
            select.select([self._process], [], [])
            os.close(self._process)
        os.close(self._output)
        self._on_end()

    def _take(self) -> bool:
        """Take what is in the pipe, and return whether more may come."""
        chunk = os.read(self._output, _AT_ONCE)
        self._last = (self._last + chunk)[-LAST_BYTES:]
        self._log.add(chunk)
        return chunk != b""
