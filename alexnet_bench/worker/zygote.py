"""The process that workers are forked from: it has imported TensorFlow once. Run by path.

    python zygote.py ROOT CONTROL

ROOT is the folder that holds the `alexnet_bench` under test; CONTROL is the descriptor of a socket. On it
come lines of JSON: `fork`, together with the descriptor of the new worker's own socket, and `wait`. The end
of the stream ends the zygote.
"""

import importlib.util
import os
import socket
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

# With the code under test, so that what is edited later does not get into a later draw.
PRELOADED = (
    "tensorflow",
    "keras",
    "sklearn.datasets",
    "alexnet_bench.network.plan",
    "alexnet_bench.network.registry",
    "alexnet_bench.environment",
    "alexnet_bench.model.tensorflow_devices",
    "alexnet_bench.model.tensorflow_step",
)
CALLERS_OWN = "alexnet_bench_caller_worker"


def main(root: str, control: socket.socket) -> None:
    """Fork workers until the caller is gone."""
    # A script's own folder comes first, and would shadow modules of the same names.
    del sys.path[0]
    _load("alexnet_bench", Path(root) / "alexnet_bench")
    host = importlib.import_module(f"{_load(CALLERS_OWN, Path(__file__).parent).__name__}.host")
    # Keras imports it where it is installed, and with it settings of the user's that may end the import.
    sys.modules["matplotlib"] = None  # type: ignore[assignment]
    for name in PRELOADED:
        try:
            importlib.import_module(name)
        except ImportError:
            # What is missing is told by the worker that needs it.
            continue
    del sys.modules["matplotlib"]
    while message := control.recv(1):
        if message == b"w":
            pid = int.from_bytes(control.recv(4, socket.MSG_WAITALL), "big")
            _, status = os.waitpid(pid, 0)
            code = os.waitstatus_to_exitcode(status)
            control.sendall(code.to_bytes(4, "big", signed=True))
        else:
            control.sendall(_fork(control, host).to_bytes(4, "big"))


def _fork(control: socket.socket, host: Any) -> int:
    _, (descriptor,), _, _ = socket.recv_fds(control, 1, 1)
    if pid := os.fork():
        os.close(descriptor)
        return pid
    control.close()
    code = 1
    try:
        host.main(socket.socket(fileno=descriptor))
        code = 0
    finally:
        os._exit(code)


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
