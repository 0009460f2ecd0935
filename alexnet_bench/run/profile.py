"""Profiles the step of one variant, in a worker of its own."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alexnet_bench.analysis.profile import Operation, Profile, taken_apart
from alexnet_bench.errors import BenchError, RecordError, WorkerError, why_unwritable
from alexnet_bench.network.trainable import Network
from alexnet_bench.records.run_folder import new_folder
from alexnet_bench.run import limits
from alexnet_bench.run.local import Worker, Zygote
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import Settings

# Steps before the first that counts.
WARM_UP_STEPS = 5
MOST_STEPS = 1000
PROFILES = Path("results", "profiles")


@dataclass(frozen=True, kw_only=True)
class Profiled:
    """A profile, what of, and where.

    Args:
        trace: the folder that TensorBoard's Profile tab and XProf open.
    """

    variant: str
    topology: str
    batch_size: int
    mode: str
    precision: str
    device: str
    steps: int
    profile: Profile
    trace: Path


def profile_variant(settings: Settings, steps: int, out: Path | None) -> Profiled:
    """Profile the one network that settings time, over some steps, and leave the trace in a folder.

    Args:
        out: the folder; a new one under `results/profiles` by default.

    Raises:
        BenchError: the settings mean several networks, or one that cannot be built; nothing could be traced.
    """
    if not 0 < steps <= MOST_STEPS:
        raise BenchError(f"steps is {steps}; it must be between 1 and {MOST_STEPS:,}")
    network, mode = _only(settings)
    folder = new_folder(PROFILES) if out is None else _made(out)
    plan = network.plan
    build = {
        "do": "build",
        **network.request(settings.ablations),
        "classes": plan.classes,
        "channels": plan.input_shape[-1],
        "batch_size": network.recipe.batch_size,
        "modes": (mode,),
        "seed": 0,
    }
    with (
        tempfile.TemporaryDirectory() as place,
        Zygote(Path(place) / "workers.log") as zygote,
        Worker(
            zygote,
            threads=settings.timed_threads,
            devices=settings.devices,
            device_count=network.device_count,
            deterministic=False,
        ) as worker,
    ):
        built = _done(worker.ask(build, limits.of_build(network)))
        warm = {"do": "slice", "mode": mode, "steps": WARM_UP_STEPS}
        slowest = built["compile_seconds"]
        seconds = _done(worker.ask(warm, limits.of_steps(WARM_UP_STEPS, slowest)))["seconds"]
        trace = {"do": "profile", "mode": mode, "steps": steps, "trace": str(folder.resolve())}
        limit = limits.LONGEST_START + limits.of_steps(2 * steps, seconds / WARM_UP_STEPS)
        found = _done(worker.ask(trace, limit))
        device = worker.device
    return Profiled(
        variant=network.variant.name,
        topology=plan.topology.name,
        batch_size=network.recipe.batch_size,
        mode=mode,
        precision=network.precision,
        device=device,
        steps=steps,
        profile=taken_apart(
            (Operation(*item) for item in found["operations"]),
            [(begin, end) for begin, end in found["steps"]],
            found["untraced"],
            [layer.name for layer in plan.layers],
        ),
        trace=folder,
    )


def _only(settings: Settings) -> tuple[Network, str]:
    """The network of a profile, and its mode."""
    pairs = Schedule(settings, alone=True).timing.pairs
    if len(pairs) != 1 or len(settings.mode) != 1:
        raise BenchError(
            f"{settings.variants} at these settings is {len(pairs)} networks; name one variant, one batch "
            "size, one precision and one mode"
        )
    return pairs[0].arm.network, settings.mode[0]


def _made(folder: Path) -> Path:
    """A folder that can be written into, before anything is started."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise RecordError(
            f"{folder} cannot be written ({why_unwritable(error)}); give another --out"
        ) from None


def _done(reply: dict[str, Any]) -> dict[str, Any]:
    if reply["is"] == "failed":
        raise WorkerError(f"{reply['error']}; profile a smaller batch or another topology")
    return reply
