"""How a worker is spoken to: lines of JSON, one message a line. Standard library only.

A request is {"do": …}, a reply {"is": …}. A worker answers `settle` first, which carries the version; then
`build`, `slice`, `profile`, `peak` and `train`, in any order; `stop` or the end of the stream ends it.
"""

import json
from typing import Any, Protocol

VERSION = 2
MOST_BYTES = 2**26
# What is replied to a request, and what the reply carries; `peak_memory_bytes` comes on top.
REPLIES: dict[str, dict[str, tuple[str, ...]]] = {
    "settle": {"settled": ("device", "versions", "build")},
    "build": {"built": ("compile_seconds", "fingerprint", "parameters", "macs", "flops")},
    "slice": {"slice": ("seconds", "started_at", "joules")},
    "profile": {"profile": ("untraced", "steps", "operations")},
    "peak": {"peak": ("flops_per_second", "bytes_per_second")},
    "train": {"epoch": ("row",), "trained": ("outcome", "can_go_on")},
}
# Of a log, what a failure carries.
LAST_CHARACTERS = 2000
FAILURES = {"failed": ("status", "error"), "refused": ("error",)}


class MessageError(Exception):
    """What came is no message, or not one that can be made sense of."""


class Stream(Protocol):
    """What messages are written to and read from."""

    def readline(self, size: int, /) -> bytes:
        """The next line with its end; less at the end of the stream, or where it is longer than `size`."""

    def write(self, data: bytes) -> object:
        """Take bytes."""

    def flush(self) -> None:
        """Pass on what was taken."""


def send(stream: Stream, message: dict[str, Any]) -> None:
    """Write a message and flush it."""
    stream.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")
    stream.flush()


def receive(stream: Stream, most_bytes: int = MOST_BYTES) -> dict[str, Any] | None:
    """The next message; None where the other side is gone.

    Raises:
        MessageError: it is longer than `most_bytes`, or no JSON object.
    """
    line = stream.readline(most_bytes)
    if not line.endswith(b"\n"):
        if len(line) >= most_bytes:
            raise MessageError(f"more than {most_bytes} bytes in one message")
        return None
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise MessageError(f"what is no message: {line[:80]!r}")
    return message


def check_reply(reply: dict[str, Any], what: str) -> None:
    """Hold a reply against what may be replied to a request to do `what`.

    Raises:
        MessageError: it is something else, or lacks what it must carry.
    """
    possible, kind = REPLIES[what] | FAILURES, reply.get("is")
    if not isinstance(kind, str) or kind not in possible:
        raise MessageError(f"what is no reply to '{what}': {str(reply)[:80]!r}")
    if missing := [name for name in possible[kind] if name not in reply]:
        raise MessageError(f"'{kind}' without {', '.join(missing)}")
