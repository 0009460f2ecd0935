"""Measures all of docs/performance.md again, one measurement after the other.

    python tests/validation/performance.py results/performance
    python tests/validation/performance.py results/performance --only frameworks --torch-python PYTHON

Says before each how many minutes it takes: 65 together on two cores, on a machine that does nothing else. A
measurement that is in the folder is left as it is, so that an interrupted command goes on when it is given
again. Once they are in the place of those in results/reference/performance, `figures.py` makes the tables of
them, and `cost_figure.py` the figure. What is compared with is a revision of this repository.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from script import ROOT, arguments

SCRIPTS = Path(__file__).parent
# Beside this project's revision; what docs/performance.md calls before.
BEFORE = "98fdbe8"
PRECISION_SEEDS = "24"

Run = Callable[[list[str], Mapping[str, str]], None]


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One command, and the file or folder that it writes.

    Args:
        out: its name; the command's last argument is its path.
        minutes: that it takes.
        command: without that path.
        environment: what is set for it.
    """

    out: str
    minutes: int
    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What `--only` calls it."""
        return Path(self.out).stem


def measurements(torch_python: Path) -> list[Measurement]:
    """All of them, in order."""
    return [
        _script("trials.json", 3, "trials.py", BEFORE),
        _script("operations.json", 1, "operations.py"),
        _script("step-parts.json", 1, "step_parts.py"),
        _compared("step-227", 5, "alexnet-227", "16,64"),
        _compared("step-8", 1, "alexnet-8", "32", "1x1"),
        _compared("step-32", 1, "alexnet-32", "128", "1x1"),
        _compared("step-four-layer-32", 1, "four-layer-32", "128", "1x1"),
        _script("frameworks.jsonl", 20, "frameworks.py", "--torch-python", str(torch_python)),
        _run("first", 8, "--variants"),
        _run(
            "batch",
            4,
            "--variants",
            "alexnet",
            "--measure",
            "throughput",
            "--mode",
            "training",
            "--time-batch-size",
            "1,4,16,64",
        ),
        _script("costs.json", 4, "costs.py"),
        _run("precision", 5, *_accuracy("float32,mixed_bfloat16")),
        _run("precision-fpmath", 3, *_accuracy("float32"), TF_SET_ONEDNN_FPMATH_MODE="BF16"),
        _script("input.json", 5, "input.py"),
        _script("report.json", 2, "report_cost.py"),
        _script("tuning.json", 1, "tuning.py", str(ROOT / "results" / "reference" / "tuning")),
    ]


def measure(due: Iterable[Measurement], folder: Path, run: Run) -> None:
    """Carry out what the folder lacks; each result is put there when it is whole."""
    partial = folder / "partial"
    partial.mkdir(parents=True, exist_ok=True)
    for item in due:
        if (folder / item.out).exists():
            print(f"{item.name}: there already", flush=True)
            continue
        print(f"{item.name}: about {item.minutes} min", flush=True)
        begun = partial / item.out
        # A script goes on with a file of its own; a run folder is begun anew.
        if begun.is_dir():
            shutil.rmtree(begun)
        run([*item.command, str(begun)], item.environment)
        begun.rename(folder / item.out)
    if not any(partial.iterdir()):
        partial.rmdir()


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", metavar="NAME", action="append", help="this measurement; may be repeated")
    parser.add_argument("--torch-python", type=Path, default=Path(sys.executable))
    options = parser.parse_args()
    known = measurements(options.torch_python)
    names = [item.name for item in known]
    if unknown := sorted({*(options.only or [])} - {*names}):
        parser.error(f"there is no measurement {', '.join(unknown)}; choose from {', '.join(names)}")
    measure([item for item in known if item.name in (options.only or names)], options.folder, _carried_out)


def _carried_out(command: list[str], environment: Mapping[str, str]) -> None:
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}; the same command goes on from here")


def _script(out: str, minutes: int, script: str, *options: str) -> Measurement:
    return Measurement(out=out, minutes=minutes, command=[sys.executable, str(SCRIPTS / script), *options])


def _bench(out: str, minutes: int, *options: str, **environment: str) -> Measurement:
    command = [str(Path(sys.executable).with_name("bench")), *options, "--out"]
    return Measurement(out=out, minutes=minutes, command=command, environment=environment)


def _run(out: str, minutes: int, *options: str, **environment: str) -> Measurement:
    return _bench(out, minutes, "run", *options, **environment)


def _accuracy(precision: str) -> list[str]:
    return [
        "--variants",
        "alexnet",
        "--measure",
        "accuracy",
        "--seeds",
        PRECISION_SEEDS,
        "--precision",
        precision,
    ]


def _compared(out: str, minutes: int, topology: str, batches: str, threads: str | None = None) -> Measurement:
    seconds = 280 if minutes > 1 else 40
    options = ["--base", BEFORE, "--variants", "alexnet", "--mode", "training", "--budget", f"{seconds}s"]
    options += ["--time-topology", topology, "--time-batch-size", batches]
    return _bench(out, minutes, "compare", *options, *(["--time-threads", threads] if threads else []))


if __name__ == "__main__":
    main()
