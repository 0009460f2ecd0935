"""What workers print, kept in a file up to a limit: one that prints without end must not fill the disk."""

import contextlib
import os
import select
import threading
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
            if chunk:
                self._last = (self._last + chunk)[-LAST_BYTES:]
                self._keep(chunk)
            return chunk != b""

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
