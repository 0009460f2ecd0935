"""The process that trains trials and times slices, one request at a time (see `protocol`)."""

import os
import resource
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from alexnet_bench import protocol
from alexnet_bench.errors import BenchError


def main(connection: socket.socket, log: str) -> None:
    """Serve the other end of a socket until it is done or gone; what libraries print goes to `log`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    with connection, connection.makefile("rwb") as stream:
        serve(stream, stream)


def serve(requests: protocol.Stream, replies: protocol.Stream) -> None:
    """Answer requests until `stop` or the end of the stream."""
    host = _Host(lambda message: protocol.send(replies, message))
    while (request := protocol.receive(requests)) is not None and request["do"] != "stop":
        protocol.send(replies, host.answer(request))


class _Host:
    def __init__(self, report: Callable[[dict[str, Any]], None]) -> None:
        self.report = report
        self.devices: Sequence[str] = ()
        self.draw: Any = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what is asked; a failure is an answer too."""
        try:
            return getattr(self, f"_{request['do']}")(request) | {"peak_memory_bytes": _peak_memory()}
        except BenchError as error:
            return {"is": "refused", "error": str(error)}
        except Exception as error:
            # Whatever a user's block or the backend raises is this trial's outcome, not the run's end.
            traceback.print_exc(file=sys.stderr)
            status = "out-of-memory" if _is_out_of_memory(error) else "crashed"
            return {"is": "failed", "status": status, "error": _one_line(error)}

    def _settle(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["protocol"] != protocol.VERSION:
            raise BenchError(
                f"the worker speaks protocol {protocol.VERSION}, the caller {request['protocol']}; "
                "use the same alexnet-bench on both sides"
            )
        import tensorflow as tf

        from alexnet_bench.model import tensorflow_devices

        tf.config.threading.set_intra_op_parallelism_threads(request["threads"])
        tf.config.threading.set_inter_op_parallelism_threads(request["threads"])
        if request["deterministic"]:
            tf.config.experimental.enable_op_determinism()
        devices = tensorflow_devices.use_devices(request["devices"], request["device_count"])
        self.devices = devices if len(devices) > 1 else ()
        return {"is": "settled", "device": tensorflow_devices.describe(devices)}

    def _train(self, request: dict[str, Any]) -> dict[str, Any]:
        from alexnet_bench.data import open_dataset
        from alexnet_bench.trial.train import TrialSpec, run_trial

        dataset = open_dataset(request["dataset"])
        plan, recipe = _network(request, len(dataset.classes), dataset.channels)
        spec = TrialSpec(
            plan=plan,
            recipe=recipe,
            dataset=dataset,
            seed=request["seed"],
            devices=self.devices,
            precision=request["precision"],
            evaluate_test=request["evaluate_test"],
            predictions=_path(request["predictions"]),
            model=_path(request["model"]),
        )
        return {
            "is": "trained",
            "outcome": run_trial(spec, lambda row: self.report({"is": "epoch", "row": row})),
        }

    def _build(self, request: dict[str, Any]) -> dict[str, Any]:
        from alexnet_bench.trial.timing import Draw

        plan, recipe = _network(request, request["classes"], request["channels"])
        self.draw = None
        self.draw = Draw(
            plan,
            recipe,
            batch_size=request["batch_size"],
            devices=self.devices,
            precision=request["precision"],
            seed=request["seed"],
        )
        return {"is": "built", "compile_seconds": self.draw.compile_seconds}

    def _slice(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"is": "slice", **self.draw.slice(request["mode"], request["steps"])}


def _network(request: dict[str, Any], classes: int, channels: int) -> tuple[Any, Any]:
    from alexnet_bench.plan import make_plan
    from alexnet_bench.recipe import Recipe
    from alexnet_bench.registry import load_registry
    from alexnet_bench.topology import find_topology

    registry = load_registry(Path(folder) for folder in request["ablations"])
    (variant,) = registry.select(request["variant"])
    plan = make_plan(variant, find_topology(request["topology"]), classes=classes, channels=channels)
    return plan, Recipe(**request["recipe"])


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


def _peak_memory() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _is_out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError"


def _one_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0] if text else ''}"[:300]
