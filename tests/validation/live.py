"""Measures how good whole throughput measurements are: two minutes each, everything drawn anew each time.

    python tests/validation/live.py results/reference/throughput-32 --cycles 20
    python tests/validation/live.py results/reference/throughput-227 --topology alexnet-227 --batch-size 16 \
        --cycles 10 --kinds same
    python tests/validation/summarize.py results/reference/throughput-32 results/reference/throughput-227

A cycle measures each kind once: `same` compares this code with itself, `slower-1`, `-2` and `-5` with a copy
whose training step spends 1, 2 or 5% more time, and every second cycle times `same` as others do:
`pytest-benchmark` and `loop`, base first, then head. What is there already is left out, so it can be stopped
and started again. Nothing else should run on the machine.
"""

import argparse
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import peers
from script import arguments

from alexnet_bench.run.code import ROOT, Code
from alexnet_bench.run.compare import compare
from alexnet_bench.run.settings import Settings
from alexnet_bench.run.sides import Side

PLANTED = {"same": 0.0, "slower-1": 0.01, "slower-2": 0.02, "slower-5": 0.05}
PEERS = ("pytest-benchmark", "loop")
SECONDS = 120.0
# What makes a training step slower is added to this file.
STEP = "alexnet_bench/model/tensorflow_step.py"

SLOWER = """

def _slowed(step, share):
    import time

    def slowed(*arguments):
        started = time.perf_counter()
        result = step(*arguments)
        until = started + (1 + share) * (time.perf_counter() - started)
        while time.perf_counter() < until:
            pass
        return result

    return slowed


_build_steps = build_steps


def build_steps(*arguments, **options):
    steps = _build_steps(*arguments, **options)
    steps.train = _slowed(steps.train, {share})
    return steps
"""


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--topology", default="alexnet-32")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--threads", type=lambda text: tuple(map(int, text.split("x"))), help="such as 1x2")
    parser.add_argument("--cycles", type=int, default=20)
    parser.add_argument("--kinds", nargs="+", choices=[*PLANTED, *PEERS], default=[*PLANTED, *PEERS])
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for cycle in range(options.cycles):
        for kind in options.kinds:
            folder = options.out / f"{kind}-{cycle:02}"
            if (kind in PEERS and cycle % 2) or folder.exists():
                continue
            started = time.time()
            _measure(kind, folder, options)
            print(f"{folder.name}: {time.time() - started:.0f} s", flush=True)


def _measure(kind: str, folder: Path, options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as place:
        if kind in PEERS:
            outcome = peers.MEASURE[kind](options, SECONDS, Path(place))
            folder.mkdir()
            (folder / "outcome.json").write_text(json.dumps(outcome) + "\n", encoding="utf-8")
            return
        head = ROOT if not PLANTED[kind] else _slower_copy(Path(place), PLANTED[kind])
        sides = {
            "base": Side(code=Code(), revision=revision()),
            "head": Side(code=Code(root=head), revision=revision()),
        }
        run = Path(place) / "run"
        compare(_settings(options), sides, run, f"tests/validation/live.py {kind}")
        (run / "workers.log").unlink()
        shutil.copytree(run, folder)


def revision() -> str:
    """The commit of this repository."""
    command = ["git", "-C", str(ROOT), "rev-parse", "--short=12", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def _settings(options: argparse.Namespace) -> Settings:
    return Settings(
        variants="alexnet",
        measure=("throughput",),
        mode=("training",),
        time_topology=options.topology,
        time_batch_size=(options.batch_size,),
        time_threads=options.threads,
        # So narrow that the time decides.
        interval=1e-6,
        budget=SECONDS,
    )


def _slower_copy(place: Path, share: float) -> Path:
    shutil.copytree(ROOT / "alexnet_bench", place / "alexnet_bench")
    shutil.copytree(ROOT / "ablations", place / "ablations")
    with (place / STEP).open("a", encoding="utf-8") as file:
        file.write(SLOWER.replace("{share}", str(share)))
    return place


if __name__ == "__main__":
    main()
