"""Images a second of this project's training step at 227 pixels, and of PyTorch's and Keras' beside it.

    python tests/validation/frameworks.py results/reference/performance/frameworks.jsonl
    python tests/validation/frameworks.py results/reference/performance/frameworks.jsonl --table

Each network is built in a process of its own (tests/benchmarks/peers), and all of a draw are timed slice by
slice, in a fresh order each round, with a matrix product between the rounds; the next draw builds them anew.
Two groups hold this project against itself in lower precision. Goes on where it was interrupted. Takes 20
minutes, on a machine that does nothing else. PyTorch is left out where it is not installed: give
`--torch-python` an interpreter that has it.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from script import ROOT, add_lines, arguments, read_lines, tabulated

from alexnet_bench.environment import cpu_model
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.registry import load_registry
from alexnet_bench.network.topology import ALEXNET_227
from alexnet_bench.run.code import Code
from alexnet_bench.stats.estimate import estimate

PEERS = ROOT / "tests" / "benchmarks" / "peers"
DRAWS, WARM_UP, ROUNDS = 4, 2, 4
PYTORCH = "PyTorch"


@dataclass(frozen=True, kw_only=True)
class Group:
    """What is timed in the same rounds: commands by the name that the table gives them, ours first.

    Args:
        title: of the group in the table.
        variant: the network that they all are.
        batch: images a step.
        steps: of a slice.
        environment: of those that need one.
    """

    title: str
    variant: str
    batch: int
    steps: int
    commands: Mapping[str, list[str]]
    environment: Mapping[str, dict[str, str]] = field(default_factory=dict)


def _alexnet(batch: int, steps: int) -> Group:
    commands = {
        "this project": ["ours.py", "alexnet", "paper", "float32"],
        PYTORCH: ["pytorch.py"],
        "Keras, `groups=2`": ["keras_grouped.py"],
    }
    return Group(title="`alexnet`", variant="alexnet", batch=batch, steps=steps, commands=commands)


def _precisions(batch: int, steps: int) -> Group:
    mode = "`TF_SET_ONEDNN_FPMATH_MODE=BF16`"
    return Group(
        title="`alexnet`, precision",
        variant="alexnet",
        batch=batch,
        steps=steps,
        commands={
            "float32": ["ours.py", "alexnet", "paper", "float32"],
            "mixed_bfloat16": ["ours.py", "alexnet", "paper", "mixed_bfloat16"],
            mode: ["ours.py", "alexnet", "paper", "float32"],
        },
        environment={mode: {"TF_SET_ONEDNN_FPMATH_MODE": "BF16"}},
    )


GROUPS = {
    "alexnet-64": _alexnet(64, 1),
    "alexnet-16": _alexnet(16, 2),
    "notebook-64": Group(
        title="`notebook`, Adam",
        variant="notebook",
        batch=64,
        steps=1,
        commands={
            "this project": ["ours.py", "notebook", "notebook", "float32"],
            "Keras, `train_function`": ["keras_notebook.py"],
        },
    ),
    "precision-64": _precisions(64, 1),
    "precision-16": _precisions(16, 2),
}


class Process:
    """A network in a process of its own."""

    def __init__(self, command: list[str], python: Path, environment: dict[str, str]) -> None:
        script, *rest = command
        self._script, self.about = script, dict[str, Any]()
        self._process = subprocess.Popen(
            [str(python), str(PEERS / script), *rest],
            env={**Code(python=python).environment, "TF_CPP_MIN_LOG_LEVEL": "3", **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def wait_until_built(self) -> None:
        """Learn what it says of itself."""
        self.about = json.loads(self._heard())

    def seconds(self, steps: int) -> float:
        """How long it takes for some steps."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{steps}\n")
        self._process.stdin.flush()
        return float(self._heard())

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()

    def _heard(self) -> str:
        assert self._process.stdout is not None
        if not (line := self._process.stdout.readline()):
            raise RuntimeError(f"{self._script} ended with exit code {self._process.wait()}; see above")
        return line


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--torch-python", type=Path, default=Path(sys.executable))
    parser.add_argument("--table", action="store_true", help="print the table of what is there")
    options = parser.parse_args()
    if not options.table:
        _measure(options.out, options.torch_python)
    print(table(read_lines(options.out)))


def _measure(out: Path, torch_python: Path) -> None:
    from alexnet_bench.worker.tensorflow_yardstick import Yardstick

    skipped = set() if _has_torch(torch_python) else {PYTORCH}
    if skipped:
        print(
            f"PyTorch is skipped: {torch_python} has no torch; give --torch-python one that has", flush=True
        )
    done = {(row["group"], row["draw"]) for row in read_lines(out)}
    yardstick = Yardstick("float32")
    # Draw by draw, so that an interrupted measurement has something of every group.
    for draw in range(DRAWS):
        for name, group in GROUPS.items():
            if (name, draw) not in done:
                pythons = {
                    title: torch_python if title == PYTORCH else Path(sys.executable)
                    for title in group.commands
                }
                kept = {title: python for title, python in pythons.items() if title not in skipped}
                found = _draw(group, kept, yardstick, Random(f"{name} {draw}"))
                add_lines(out, [{"group": name, "draw": draw, "device": cpu_model(), **found}])
                print(f"{name}, draw {draw + 1} of {DRAWS}", flush=True)


def _draw(group: Group, pythons: Mapping[str, Path], yardstick: Any, rng: Random) -> dict[str, Any]:
    """Seconds of every slice by what was timed, and the product's operations a second in each round."""
    seconds: dict[str, list[float]] = {name: [] for name in pythons}
    peaks = []
    with ExitStack() as stack:
        processes = {}
        for name, python in pythons.items():
            script, *rest = group.commands[name]
            command = [script, str(group.batch), *rest]
            processes[name] = Process(command, python, group.environment.get(name, {}))
            stack.callback(processes[name].close)
        for process in processes.values():
            process.wait_until_built()
        for number in range(-WARM_UP, ROUNDS):
            peak = yardstick.measure()["flops_per_second"]
            taken = {
                name: processes[name].seconds(group.steps)
                for name in rng.sample(list(processes), len(processes))
            }
            if number >= 0:
                peaks.append(peak)
                for name, value in taken.items():
                    seconds[name].append(round(value, 4))
        about = {name: process.about for name, process in processes.items()}
    return {"steps": group.steps, "about": about, "seconds": seconds, "flops_per_second": peaks}


def _has_torch(python: Path) -> bool:
    return not subprocess.run([str(python), "-c", "import torch"], capture_output=True).returncode


def table(rows: list[dict[str, Any]]) -> str:
    """A line for what was timed: images a second, share of the product's speed, time over the first's."""
    return tabulated([line for name in GROUPS for line in _lines(name, rows)], rule="---")


def _lines(name: str, rows: list[dict[str, Any]]) -> Iterator[dict[str, str]]:
    group, own = GROUPS[name], [row for row in rows if row["group"] == name]
    plan = make_plan(load_registry().variants[group.variant], ALEXNET_227, classes=1000)
    (first, *_) = group.commands
    for title in group.commands:
        timed = [row for row in own if title in row["seconds"]]
        if not timed:
            continue
        assert {row["about"][title]["parameters"] for row in timed} == {plan.parameters}, title
        images = group.batch * group.steps
        speed = images / np.median([value for row in timed for value in row["seconds"][title]])
        peak = np.median([value for row in timed for value in row["flops_per_second"]])
        yield {
            "network": group.title,
            "batch": str(group.batch),
            "what": title,
            "images/s": f"{speed:.1f}",
            "share of peak": f"{speed * plan.training_flops / peak:.0%}",
            "time over the first": "" if title == first else _ratio(timed, title, first),
            "draws": str(len(timed)),
        }


def _ratio(rows: list[dict[str, Any]], title: str, first: str) -> str:
    """Of times, with a 95% interval over draws where there are enough."""
    ratios = [np.log(np.divide(row["seconds"][title], row["seconds"][first])).mean() for row in rows]
    found = estimate(ratios)
    low, mean, high = np.exp([found.low, found.mean, found.high])
    return f"{mean:.3f}" if found.descriptive else f"{mean:.3f} ({low:.3f} to {high:.3f})"


if __name__ == "__main__":
    main()
