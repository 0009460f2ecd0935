"""What reads bytes or text of others, fed with what Atheris makes of examples: each is read or refused.

    pip install atheris
    python tests/validation/fuzz.py --seconds 600 results/reference/fuzz.json

Atheris (libFuzzer) goes after what reaches new code of ours. A target fails by any error that is none of
ours, by a message without end, or by 20 seconds for one input. `--only NAME` runs one target, in this
process.
"""

import contextlib
import gzip
import json
import platform
import re
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from script import arguments, tabulated, write

# Seconds that reading one input may take.
MOST_SECONDS = 20
MOST_CHARACTERS = 50_000
PROJECT = "[tool.alexnet-bench.gate]\n"


@contextlib.contextmanager
def refusals() -> Iterator[None]:
    """Where our own errors are expected, of bounded length."""
    from alexnet_bench.errors import BenchError

    try:
        yield
    except BenchError as error:
        if len(str(error)) > MOST_CHARACTERS:
            raise AssertionError(f"a message of {len(str(error)):,} characters") from error


def records(folder: Path, data: bytes) -> None:
    """A run's records."""
    from alexnet_bench.records.run_folder import run_records

    (folder / "records.jsonl").write_bytes(data)
    run_records(folder)


def manifest(folder: Path, data: bytes) -> None:
    """A run's manifest."""
    from alexnet_bench.records.manifest import read_manifest

    (folder / "run.json").write_bytes(data)
    read_manifest(folder)


def history(folder: Path, data: bytes) -> None:
    """A history of gates."""
    from alexnet_bench.records.history import read_history

    (folder / "history.jsonl").write_bytes(data)
    read_history(folder / "history.jsonl")


def selection(folder: Path, data: bytes) -> None:
    """What is typed after --variants."""
    text = data.decode(errors="surrogateescape")
    for variant in _registry().select(text):
        assert len(variant.name) < 250
    _registry().factorials(text)


def project(folder: Path, data: bytes) -> None:
    """A section for gates in pyproject.toml."""
    from alexnet_bench.run.project import find_project

    (folder / "pyproject.toml").write_bytes(PROJECT.encode() + data)
    find_project(folder)


def idx(folder: Path, data: bytes) -> None:
    """The files of Fashion-MNIST: what is compressed, and what of that is an array."""
    from alexnet_bench.data import open_dataset

    packed = data[1:] if data[:1] == b"\1" else gzip.compress(data[1:], 1)
    for part in ("train", "t10k"):
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(packed)
        labels = struct.pack(">HBBI", 0, 8, 1, 1) + b"\3"
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels, 1))
    open_dataset(f"fashion-mnist:{folder}")


def cifar(folder: Path, data: bytes) -> None:
    """The batches of CIFAR-10 and the names of its classes."""
    from alexnet_bench.data import open_dataset

    names, _, batch = data.partition(b"\0\0")
    (folder / "batches.meta.txt").write_bytes(names)
    for number in range(1, 6):
        (folder / f"data_batch_{number}.bin").write_bytes(batch)
    open_dataset(f"cifar10:{folder}")


# Each with examples to begin with.
TARGETS: dict[str, tuple[Callable[[Path, bytes], None], Callable[[], list[bytes]]]] = {
    "records": (records, lambda: [_example("records.jsonl")]),
    "manifest": (manifest, lambda: [_example("run.json")]),
    "history": (history, lambda: [b'{"schema_version":1,"variant":"alexnet"}\n']),
    "selection": (
        selection,
        lambda: [
            b"alexnet,no-*,@lrn",
            b"no-lrn+tanh",
            b"half-factorial:normalization,dropout,activation,towers",
        ],
    ),
    "project": (
        project,
        lambda: [
            b"variants = ['lrn']\nbudget = 3\nstrict = true\n",
            b"[tool.alexnet-bench.gate.thresholds]\ntraining = '2%'\n",
        ],
    ),
    "idx": (
        idx,
        lambda: [b"\0" + struct.pack(">HBBIII", 0, 8, 3, 1, 28, 28) + bytes(784), b"\1\x1f\x8b\x08"],
    ),
    "cifar": (cifar, lambda: [b"\n".join(b"%d" % n for n in range(10)) + b"\0\0" + bytes(3073)]),
}


def main() -> None:
    """Run every target for as long as asked, and keep what came of it; or one, here."""
    parser = arguments(__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seconds", type=int, default=60, help="of each target")
    parser.add_argument("--only", choices=TARGETS, help="run this target in this process")
    options = parser.parse_args()
    if options.only:
        fuzz(options.only, options.seconds)
    else:
        write(options.out, [measured(name, options.seconds) for name in TARGETS])


def table(found: list[dict[str, Any]]) -> str:
    """What was fed to each target, as Markdown."""
    return tabulated(
        [
            {
                "what is read": (TARGETS[row["target"]][0].__doc__ or "").rstrip("."),
                "inputs": f"{row['executions']:,}",
                "seconds": str(row["seconds"]),
                "failed": "yes" if row["failed"] else "none",
            }
            for row in found
        ]
    )


def measured(name: str, seconds: int) -> dict[str, Any]:
    """Run a target in a process of its own, and return what it did."""
    began = time.perf_counter()
    command = [sys.executable, __file__, "none", "--only", name, "--seconds", str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    counts = re.findall(r"^#(\d+)", done.stderr, re.MULTILINE)
    found = {
        "target": name,
        "executions": int(counts[-1]) if counts else 0,
        "seconds": round(time.perf_counter() - began),
        "failed": done.returncode != 0,
        "python": platform.python_version(),
    }
    print(json.dumps(found))
    if done.returncode:
        print(done.stderr[-3000:], file=sys.stderr)
    return found


def fuzz(name: str, seconds: int) -> None:
    """Feed a target until the time is over or it fails."""
    import atheris

    with atheris.instrument_imports(include=["alexnet_bench"]):
        import alexnet_bench.data
        import alexnet_bench.network.registry
        import alexnet_bench.records.history
        import alexnet_bench.run.project  # noqa: F401
    read, examples = TARGETS[name]
    place = Path(tempfile.mkdtemp(dir=_fastest()))
    folder, corpus = place / "read", place / "corpus"
    for made in (folder, corpus):
        made.mkdir()
    for number, example in enumerate(examples()):
        (corpus / str(number)).write_bytes(example)

    def once(data: bytes) -> None:
        with refusals():
            read(folder, data)

    limits = [
        f"-max_total_time={seconds}",
        f"-timeout={MOST_SECONDS}",
        "-max_len=20000",
        "-rss_limit_mb=4096",
    ]
    atheris.Setup([sys.argv[0], str(corpus), f"-artifact_prefix={place}/", *limits], once)
    atheris.Fuzz()


def _fastest() -> str | None:
    """A file system in memory, where there is one."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def _example(name: str) -> bytes:
    root = Path(__file__).parents[2] / "results" / "reference" / "digits"
    return b"".join((root / name).read_bytes().splitlines(keepends=True)[: 2 if name.endswith("l") else None])


def _registry() -> Any:
    from alexnet_bench.network.registry import load_registry

    if "registry" not in _LOADED:
        _LOADED["registry"] = load_registry()
    return _LOADED["registry"]


_LOADED: dict[str, Any] = {}

if __name__ == "__main__":
    main()
