"""How a worker is spoken to: lines of JSON, one message a line. Standard library only.

A request is {"do": …}, a reply {"is": …}. A worker answers `settle` first, which carries the version; then
`build`, `slice`, `peak` and `train`, in any order; `stop` or the end of the stream ends it.
"""

import json
from typing import Any, Protocol

VERSION = 2


class Stream(Protocol):
    """What messages are written to and read from."""

    def readline(self) -> bytes:
        """The next line with its end; less at the end of the stream."""

    def write(self, data: bytes) -> object:
        """Take bytes."""

    def flush(self) -> None:
        """Pass on what was taken."""


def send(stream: Stream, message: dict[str, Any]) -> None:
    """Write a message and flush it."""
    stream.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")
    stream.flush()


def receive(stream: Stream) -> dict[str, Any] | None:
    """The next message; None where the other side is gone."""
    line = stream.readline()
    if not line.endswith(b"\n"):
        return None
    message: dict[str, Any] = json.loads(line)
    return message
