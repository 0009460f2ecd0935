"""How quickly a folder of photographs becomes batches, and what it costs training beside images in memory.

    python tests/validation/input.py results/reference/performance/input.json
    python tests/validation/input.py results/reference/performance/input.json --table

The photographs are made up: noise with a photograph's spectrum, 500 by 375 pixels at ImageNet's 110 kB or so.
The ways take turns, each in a process of its own. PyTorch is left out where torchvision is not installed.
Takes five minutes on two cores; nothing else may run meanwhile.
"""

import io
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import input_ways
import numpy as np
from scipy import stats
from script import simulate, tabulated

PICTURES, COPIES, CLASSES = 48, 8, 2
HEIGHT, WIDTH, QUALITY = 375, 500, 87
ROUNDS, TRAINING_ROUNDS, STEPS = 8, 16, 2
TITLES = {
    "kept": "a folder, decoded once and kept (used where memory holds it)",
    "decoded": "a folder, decoded in every epoch (used where it does not)",
    "memory": "images of 227 pixels in memory",
    "keras": "`decode_jpeg`, `resize` and Keras' augmentation layers",
    "torchvision": "PyTorch's `ImageFolder` and torchvision",
}


def measure() -> dict[str, Any]:
    """Every round of every way, and seconds of training steps."""
    from alexnet_bench.environment import cpu_model, usable_cores

    ways = [way for way in input_ways.WAYS if way != "torchvision" or find_spec("torchvision")]
    with TemporaryDirectory() as place:
        folder = _photographs(Path(place) / "photographs")
        turns = _in_turn(ways, folder)
        steps = _training(folder)
    return {"device": cpu_model(), "cores": usable_cores(), "turns": turns, "step_seconds": steps}


def table(found: dict[str, Any]) -> str:
    """Medians of the input alone, and the ratios of training steps with 95% intervals over rounds."""
    memory = np.log(found["step_seconds"]["memory"])
    lines = []
    for way, turns in found["turns"].items():
        speed, cpu = (
            np.median([turn[name] for turn in turns]) for name in ("images_per_second", "cpu_milliseconds")
        )
        ratio = ""
        if way in found["step_seconds"] and way != "memory":
            ratio = _ratio(np.log(found["step_seconds"][way]) - memory)
        lines.append(
            {
                "input": TITLES[way],
                "images/s": f"{speed:,.0f}",
                "CPU time an image": f"{cpu:.2f} ms",
                "time of a training step over that of images in memory": ratio,
            }
        )
    return tabulated(lines, rule="---")


def _ratio(logs: np.ndarray) -> str:
    half = stats.t.ppf(0.975, len(logs) - 1) * stats.sem(logs)
    low, mean, high = np.exp(logs.mean() + np.array([-half, 0, half]))
    return f"{mean:.3f} ({low:.3f} to {high:.3f})"


def _photographs(folder: Path) -> Path:
    from PIL import Image

    rng = np.random.default_rng(0)
    for number in range(PICTURES):
        file = io.BytesIO()
        Image.fromarray(_photograph(rng)).save(file, "JPEG", quality=QUALITY)
        place = folder / f"class-{number % CLASSES}"
        place.mkdir(parents=True, exist_ok=True)
        for copy in range(COPIES):
            (place / f"{number}-{copy}.jpg").write_bytes(file.getvalue())
    return folder


def _photograph(rng: np.random.Generator) -> np.ndarray:
    """Amplitudes fall with the frequency; the colours are alike."""
    frequency = np.hypot(np.fft.fftfreq(HEIGHT)[:, None], np.fft.rfftfreq(WIDTH))
    frequency[0, 0] = 1

    def field() -> np.ndarray:
        noise = rng.normal(size=(HEIGHT, WIDTH))
        smooth = np.fft.irfft2(np.fft.rfft2(noise) / frequency, (HEIGHT, WIDTH))
        return smooth / smooth.std()

    grey = field()
    colours = np.stack([grey + 0.3 * field() for _ in range(3)], -1)
    return np.clip(120 + 60 * colours, 0, 255).astype(np.uint8)


def _in_turn(ways: list[str], folder: Path) -> dict[str, list[dict[str, float]]]:
    taken: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    rng = np.random.default_rng(0)
    with ExitStack() as stack:
        processes = {way: stack.enter_context(_started(way, folder)) for way in ways}
        for number in range(-1, ROUNDS):
            for way in rng.permutation(ways):
                process = processes[way]
                print("turn", file=process.stdin, flush=True)
                turn = json.loads(process.stdout.readline())
                # The first one starts everything.
                if number >= 0:
                    taken[way].append(turn)
                    print(way, turn, flush=True)
        for process in processes.values():
            process.stdin.close()
    return taken


def _started(way: str, folder: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, input_ways.__file__, way, str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _training(folder: Path) -> dict[str, list[float]]:
    """Seconds of a training step of `alexnet` at 227 pixels, by where its images come from."""
    from alexnet_bench.data import open_dataset, tensorflow_files
    from alexnet_bench.model.tensorflow_step import build_steps
    from alexnet_bench.network.plan import make_plan
    from alexnet_bench.network.recipe import PAPER
    from alexnet_bench.network.topology import find_topology
    from alexnet_bench.network.variant import ALEXNET

    input_ways.settle()
    photographs = open_dataset(f"folder:{folder}")
    batches = {"memory": _batches(input_ways.images_in_memory(str(folder)))}
    batches["kept"] = _batches(photographs)
    tensorflow_files.MEMORY_SHARE = 0
    batches["decoded"] = _batches(photographs)
    plan = make_plan(ALEXNET, find_topology("alexnet-227"), classes=CLASSES)
    steps = build_steps(plan, PAPER.but(batch_size=input_ways.BATCH), seed=0)
    seconds: dict[str, list[float]] = {way: [] for way in batches}
    rng = np.random.default_rng(0)
    for number in range(-1, TRAINING_ROUNDS):
        for way in rng.permutation(list(batches)):
            started = time.perf_counter()
            for _ in range(STEPS):
                images, labels = next(batches[way])
                losses, _ = steps.train_in_turn(images, labels, np.zeros((1, len(labels)), np.float32))
                float(losses)
            # The first one is traced, and fills what is made ahead.
            if number >= 0:
                seconds[way].append((time.perf_counter() - started) / STEPS)
                print(way, f"{seconds[way][-1]:.3f} s a step", flush=True)
    return seconds


def _batches(dataset: Any) -> Iterator[Any]:
    return input_ways.pipeline(dataset).training(1000)


if __name__ == "__main__":
    simulate(__doc__, measure, table)
