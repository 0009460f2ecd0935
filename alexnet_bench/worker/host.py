"""Answers a caller's requests, one at a time (see `protocol`)."""

import importlib
import resource
import socket
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from . import nvml, protocol
from .reason import one_line, reason

# Where revisions older than the package `network` keep what a worker needs of them.
FORMER_NAMES = {
    "network.plan": "alexnet_bench.plan",
    "network.recipe": "alexnet_bench.recipe",
    "network.registry": "alexnet_bench.registry",
    "network.topology": "alexnet_bench.topology",
    "model.tensorflow_step": "alexnet_bench.trial.tensorflow_step",
}
LOST_HOST = "another host of the trial ended, or cannot be reached"


def main(connection: socket.socket) -> None:
    """Serve the other end of a socket until it is done or gone."""
    with connection, connection.makefile("rwb") as stream:
        serve(stream, stream)
    sys.stdout.flush()


def serve(requests: protocol.Stream, replies: protocol.Stream) -> None:
    """Answer requests until `stop` or the end of the stream."""
    host = _Host(lambda message: protocol.send(replies, message))
    while (request := protocol.receive(requests)) is not None and request["do"] != "stop":
        protocol.send(replies, host.answer(request))


class _Host:
    def __init__(self, report: Callable[[dict[str, Any]], None]) -> None:
        self.report = report
        self.devices: Sequence[str] = ()
        self.gpus = 0
        self.hosts: Any = None
        self.folders: Sequence[str] = ()
        self.draw: Any = None
        self.trainer: Any = None
        self.yardstick: Any = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what is asked; a failure is an answer too."""
        self.folders = request.get("ablations", self.folders)
        try:
            return getattr(self, f"_{request['do']}")(request) | {"peak_memory_bytes": self._peak_memory()}
        # Whatever a user's block or the backend raises is this trial's outcome, not the run's end.
        except BaseException as error:
            if _is_refusal(error):
                return {"is": "refused", "error": one_line(str(error))}
            traceback.print_exc(file=sys.stderr)
            log = traceback.format_exc()[-protocol.LAST_CHARACTERS :]
            failed = {"is": "failed", "log": log}
            if self.hosts and _is_of_another_host(error):
                return failed | {"status": "killed", "error": LOST_HOST}
            status = "out-of-memory" if _is_out_of_memory(error) else "crashed"
            return failed | {"status": status, "error": reason(error, self.folders)}

    def _settle(self, request: dict[str, Any]) -> dict[str, Any]:
        if complaint := _mismatch(request["protocol"]):
            return {"is": "refused", "error": complaint}
        import tensorflow as tf

        from alexnet_bench.model import tensorflow_devices

        from .build_info import build_info

        intra_op, inter_op = request["threads"]
        tf.config.threading.set_intra_op_parallelism_threads(intra_op)
        tf.config.threading.set_inter_op_parallelism_threads(inter_op)
        if request["deterministic"]:
            tf.config.experimental.enable_op_determinism()
        _check_gpus_are_found(request["devices"])
        devices = tensorflow_devices.use_devices(request["devices"], request["device_count"])
        self.devices = devices if len(devices) > 1 else ()
        self.gpus = sum(name.startswith("gpu") for name in devices)
        if host := request.get("host"):
            from alexnet_bench.model.tensorflow_hosts import Hosts

            self.hosts = Hosts(host["addresses"], host["index"], self.gpus)
        return {"is": "settled", "device": tensorflow_devices.describe(devices), **build_info()}

    def _train(self, request: dict[str, Any]) -> dict[str, Any]:
        from alexnet_bench.data import open_dataset

        train = _of_code_under_test("model.train")
        dataset = open_dataset(request["dataset"])
        plan, recipe = _network(request, len(dataset.classes), dataset.channels)
        spec = train.TrialSpec(
            plan=plan,
            recipe=recipe,
            dataset=dataset,
            seed=request["seed"],
            devices=self.devices,
            precision=self._policy(request),
            most_epochs=request["most_epochs"],
            evaluate_test=request["evaluate_test"],
            predictions=_path(request["predictions"]),
            model=_path(request["model"]),
            # Older revisions know none.
            **{name: _path(request[name]) for name in ("checkpoint",) if request.get(name)},
            **({"hosts": self.hosts} if self.hosts else {}),
        )

        def report(row: dict[str, Any]) -> None:
            self.report({"is": "epoch", "row": row})

        if not hasattr(train, "Trainer"):
            # Older revisions run one trial a process.
            return {"is": "trained", "outcome": train.run_trial(spec, report), "can_go_on": False}
        self.trainer = self.trainer or train.Trainer()
        outcome = self.trainer.run(spec, report)
        if self.hosts:
            # The end of one ends the others, which may have to write yet.
            self.hosts.meet(len(outcome["curve"]))
        # While it waits, it would keep a GPU's memory from others.
        can_go_on = self.trainer.can_go_on and not self.gpus
        return {"is": "trained", "outcome": outcome, "can_go_on": can_go_on}

    def _build(self, request: dict[str, Any]) -> dict[str, Any]:
        from .timing import Draw

        build_steps = _of_code_under_test("model.tensorflow_step").build_steps
        plan, recipe = _network(request, request["classes"], request["channels"])
        policy = self._policy(request)
        self.draw = None
        self.draw = Draw(
            lambda: build_steps(plan, recipe, seed=request["seed"], devices=self.devices, precision=policy),
            input_shape=plan.input_shape,
            classes=plan.classes,
            batch_size=request["batch_size"],
            modes=request["modes"],
            gpus=self.gpus,
            seed=request["seed"],
        )
        return {
            "is": "built",
            "compile_seconds": self.draw.compile_seconds,
            "fingerprint": plan.fingerprint(recipe),
            "parameters": plan.parameters,
            "macs": plan.macs,
            "flops": {"training": plan.training_flops, "inference": plan.inference_flops},
        }

    def _slice(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"is": "slice", **self.draw.slice(request["mode"], request["steps"])}

    def _profile(self, request: dict[str, Any]) -> dict[str, Any]:
        from .tensorflow_profile import profile

        found = profile(self.draw, request["mode"], request["steps"], Path(request["trace"]))
        return {"is": "profile", **found}

    def _peak(self, request: dict[str, Any]) -> dict[str, Any]:
        from .tensorflow_yardstick import Yardstick

        if self.yardstick is None:
            self.yardstick = Yardstick(self._policy(request))
        return {"is": "peak", **self.yardstick.measure()}

    def _policy(self, request: dict[str, Any]) -> str:
        from .tensorflow_precision import use_precision

        return use_precision(request["precision"], self.gpus)

    def _peak_memory(self) -> int:
        """The most held so far: of the fullest GPU by TensorFlow, else of the machine by the process."""
        if not self.gpus:
            return _peak_resident()
        import tensorflow as tf

        infos = (tf.config.experimental.get_memory_info(f"GPU:{index}") for index in range(self.gpus))
        return max(info["peak"] for info in infos)


def _check_gpus_are_found(kind: str) -> None:
    """Refuse to fall back to the CPU where the driver has GPUs, which somebody means to use."""
    import tensorflow as tf

    from alexnet_bench.errors import BenchError

    found = nvml.visible_gpus()
    if kind == "auto" and found and not tf.config.list_physical_devices("GPU"):
        raise BenchError(
            f"TensorFlow does not find the GPU that the driver has ({found[0].name}); "
            "`bench doctor --devices cpu` says what is missing, and `--devices cpu` does without"
        )


def _network(request: dict[str, Any], classes: int, channels: int) -> tuple[Any, Any]:
    plans, recipes, registries, topologies = (
        _of_code_under_test(f"network.{name}") for name in ("plan", "recipe", "registry", "topology")
    )
    registry = registries.load_registry(Path(folder) for folder in request["ablations"])
    (variant,) = registry.select(request["variant"])
    topology = topologies.find_topology(request["topology"])
    plan = plans.make_plan(variant, topology, classes=classes, channels=channels)
    # What is None is a recipe's default, of which an older revision may know nothing.
    given = {field: value for field, value in request["recipe"].items() if value is not None}
    return plan, recipes.Recipe(**given | _brought(variant, given))


def _brought(variant: Any, recipe: dict[str, Any]) -> dict[str, Any]:
    """What a request can but name, such as a user's own initializer: the variant has it."""
    return {
        field: part
        for field, part in variant.recipe.items()
        if hasattr(part, "build") and part.name == recipe.get(field)
    }


def _of_code_under_test(name: str) -> Any:
    """A module of it, wherever its revision keeps it."""
    try:
        return importlib.import_module(f"alexnet_bench.{name}")
    except ModuleNotFoundError:
        return importlib.import_module(FORMER_NAMES[name])


def _mismatch(callers: int) -> str | None:
    """Why the code under test cannot be asked by this caller; None where it can."""
    try:
        from alexnet_bench.worker.protocol import VERSION
    except ImportError:
        return (
            f"the code under test is older than protocol {callers}, which its caller speaks; "
            "choose a later revision"
        )
    if callers != VERSION:
        return (
            f"the code under test speaks protocol {VERSION}, its caller {callers}; "
            "use revisions whose protocols are equal"
        )
    return None


def _is_refusal(error: BaseException) -> bool:
    from alexnet_bench.errors import BenchError

    return isinstance(error, BenchError)


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


def _peak_resident() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _is_of_another_host(error: BaseException) -> bool:
    return type(error).__name__ in ("AbortedError", "UnavailableError")


def _is_out_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError"
