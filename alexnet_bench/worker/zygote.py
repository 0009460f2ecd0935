"""The process that workers are forked from: it has imported TensorFlow once. Run by path.

    python zygote.py ROOT CONTROL

ROOT is the folder that holds the `alexnet_bench` under test; CONTROL is the descriptor of a socket. On it
come `f` for a fork, with the descriptors of the new worker's own socket and of what it prints to, and `w`
with the id of a worker to wait for. The end of the stream ends the zygote, and with it its workers and what
they started, whatever they are doing: so nothing is left of a command that was killed.
"""

import contextlib
import faulthandler
import gc
import importlib.util
import os
import select
import signal
import socket
import sys
import tempfile
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

# With the code under test, so that what is edited later does not get into a later draw.
PRELOADED = (
    "tensorflow",
    "alexnet_bench.network.plan",
    "alexnet_bench.network.registry",
    "alexnet_bench.environment",
    "alexnet_bench.model.tensorflow_devices",
    "alexnet_bench.model.tensorflow_step",
    "alexnet_bench.model.tensorflow_optimizers",
    "alexnet_bench.model.lrn",
    "alexnet_bench.model.train",
)
CALLERS_OWN = "alexnet_bench_caller_worker"
WAIT_SECONDS = 0.01


def main(root: str, control: socket.socket) -> None:
    """Fork workers until the caller is gone."""
    # A script's own folder would shadow modules of the same names.
    own = Path(__file__).resolve().parent
    sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != own]
    callers_own = _load(CALLERS_OWN, Path(__file__).parent).__name__
    parent = importlib.import_module(f"{callers_own}.parent")
    # As long as it loads, or is stopped, it does not hear that the stream has ended.
    parent.end_with(os.getppid())
    _load("alexnet_bench", Path(root) / "alexnet_bench")
    host = importlib.import_module(f"{callers_own}.host")
    # Keras imports it where it is installed, and with it settings of the user's that may end the import.
    sys.modules["matplotlib"] = None  # type: ignore[assignment]
    # What is missing is told by the worker that needs it.
    with contextlib.suppress(ImportError):
        _import_keras()
    for name in PRELOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    del sys.modules["matplotlib"]
    # What is loaded stays, and is not looked through each time that workers tidy up.
    gc.freeze()
    workers = set[int]()
    try:
        _serve(control, host, parent, workers)
    finally:
        for pid in workers:
            # With what they started themselves.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)


def _serve(control: socket.socket, host: Any, parent: Any, workers: set[int]) -> None:
    """Do what is asked until the caller is gone; `workers` are those that there are."""
    while message := control.recv(1):
        if message == b"w":
            pid = int.from_bytes(control.recv(4, socket.MSG_WAITALL), "big")
            if (code := _exit_code(pid, control)) is None:
                return
            workers.discard(pid)
            control.sendall(code.to_bytes(4, "big", signed=True))
        else:
            workers.add(pid := _fork(control, host, parent))
            control.sendall(pid.to_bytes(4, "big"))


def _exit_code(pid: int, control: socket.socket) -> int | None:
    """Of a worker that is ending; None where the caller is gone before."""
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        # A caller that waits says nothing: what there is to read is the end of the stream.
        if select.select([control], [], [], WAIT_SECONDS)[0]:
            return None


def _fork(control: socket.socket, host: Any, parent: Any) -> int:
    _, (descriptor, output), _, _ = socket.recv_fds(control, 1, 2)
    zygote = os.getpid()
    if pid := os.fork():
        os.close(descriptor)
        os.close(output)
        return pid
    parent.end_with(zygote)
    # What it starts is ended with it.
    os.setpgid(0, 0)
    control.close()
    for printed in (1, 2):
        os.dup2(output, printed)
    os.close(output)
    # Where in Python it was when native code crashed.
    faulthandler.enable()
    code = 1
    try:
        host.main(socket.socket(fileno=descriptor))
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _import_keras() -> None:
    """Import Keras as it comes: what a user's `keras.json` says would change numbers, or stop it."""
    home = _keras_home()
    with tempfile.TemporaryDirectory() as empty:
        os.environ["KERAS_HOME"] = empty
        importlib.import_module("keras")
    os.environ["KERAS_HOME"] = home
    # Where a block finds weights that were downloaded before.
    sys.modules["keras.src.backend.config"]._KERAS_DIR = home  # type: ignore[attr-defined]


def _keras_home() -> str:
    try:
        return os.environ.get("KERAS_HOME") or str(Path("~/.keras").expanduser())
    except RuntimeError:
        # Containers have users without a home.
        return str(Path(tempfile.gettempdir(), ".keras"))


def _load(name: str, folder: Path) -> ModuleType:
    """The package in a folder, under a name, whatever else there is on the path."""
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None and spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules[name] = package
    spec.loader.exec_module(package)
    return package


if __name__ == "__main__":
    main(sys.argv[1], socket.socket(fileno=int(sys.argv[2])))
    # What else there is to tidy up takes longer than workers may go on.
    os._exit(0)
