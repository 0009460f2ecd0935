"""Worker processes on this machine, forked from a server that has imported TensorFlow once."""

import contextlib
import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from multiprocessing import forkserver
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from alexnet_bench import protocol
from alexnet_bench.errors import BenchError, WorkerError
from alexnet_bench.worker import main

_STARTING = threading.Lock()

PRELOADED = ["alexnet_bench.worker", "tensorflow", "keras", "sklearn.datasets"]


def start_server(log: Path) -> None:
    """Start the process that workers are forked from; what TensorFlow prints while loading goes to `log`."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    forkserver.set_forkserver_preload(PRELOADED)
    with _standard_error_to(log):
        forkserver.ensure_running()


class Worker:
    """A worker process and the line to it.

    Args:
        log: file for what it prints.
        threads: CPU threads.
        devices: `auto`, `cpu` or `gpu`.
        device_count: how many its variant needs.
        deterministic: whether repeated trials must give the same numbers.
    """

    def __init__(
        self, log: Path, *, threads: int, devices: str, device_count: int, deterministic: bool
    ) -> None:
        self._log = log
        ours, theirs = socket.socketpair()
        self._process = multiprocessing.get_context("forkserver").Process(
            target=main, args=(theirs, str(log)), daemon=True
        )
        with _without_main_module():
            self._process.start()
        theirs.close()
        self._socket, self._stream = ours, ours.makefile("rwb")
        settle = {
            "do": "settle",
            "protocol": protocol.VERSION,
            "threads": threads,
            "devices": devices,
            "device_count": device_count,
            "deterministic": deterministic,
        }
        try:
            self.device = self._settle(settle)
        except BaseException:
            self.close()
            raise

    def ask(
        self, request: dict[str, Any], on_progress: Callable[[dict[str, Any]], None] = lambda reply: None
    ) -> dict[str, Any]:
        """Send a request and wait for its answer.

        Returns:
            The answer; `{"is": "failed", "status", "error"}` where it did not come to an end.

        Raises:
            BenchError: the worker refused the request as wrong.
        """
        with contextlib.suppress(OSError):
            protocol.send(self._stream, request)
            while (reply := protocol.receive(self._stream)) is not None:
                if reply["is"] == "refused":
                    raise BenchError(reply["error"])
                if reply["is"] != "epoch":
                    return reply
                on_progress(reply)
        return self._obituary()

    def kill(self) -> None:
        """End the process, whatever it is doing; whoever waits for its answer gets to know."""
        self._process.kill()

    def close(self) -> None:
        """End the process and the line to it."""
        self.kill()
        self._process.join()
        with contextlib.suppress(OSError):
            self._stream.close()
        self._socket.close()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _settle(self, request: dict[str, Any]) -> str:
        settled = self.ask(request)
        if settled["is"] == "failed":
            raise WorkerError(f"a worker could not start: {settled['error']}")
        device: str = settled["device"]
        return device

    def _obituary(self) -> dict[str, Any]:
        self._process.join()
        code = self._process.exitcode
        # Linux ends the largest process with this signal when memory runs out.
        status = "out-of-memory" if code == -signal.SIGKILL else "crashed"
        return {
            "is": "failed",
            "status": status,
            "error": f"the worker ended with exit code {code}; see {self._log}",
        }


@contextlib.contextmanager
def _without_main_module() -> Iterator[None]:
    """Hide the program's main module, which a new process would otherwise execute once more.

    A script that calls `alexnet_bench.run` would start itself again in every worker.
    """
    with _STARTING:
        kept = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = kept


@contextlib.contextmanager
def _standard_error_to(log: Path) -> Iterator[None]:
    log.parent.mkdir(parents=True, exist_ok=True)
    kept = os.dup(2)
    try:
        with log.open("ab") as file:
            os.dup2(file.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
