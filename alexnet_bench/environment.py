"""What is measured on, and when: processor, memory, versions, revision, time of day."""

import os
import platform
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from alexnet_bench import git
from alexnet_bench.errors import BenchError

LIBRARIES = ("alexnet-bench", "tensorflow", "keras", "numpy")


def now() -> str:
    """UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@cache
def cpu_model() -> str:
    """The processor's name, as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def usable_cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def available_memory_bytes() -> int:
    """Memory that can be had without swapping."""
    # Left to the caller of a worker: the interpreter under test may lack it.
    import psutil

    free: int = psutil.virtual_memory().available
    left = left_in_container()
    return free if left is None else min(free, left)


def left_in_container(group: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Bytes that a container's limit leaves, which the machine's figures do not show; None without one."""
    try:
        limit, used = (int((group / f"memory.{name}").read_text()) for name in ("max", "current"))
        about = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):
        return None
    # Cached files make way.
    return max(0, limit - used + int(about.get("inactive_file", 0)))


@cache
def versions() -> dict[str, str]:
    """Of Python and the libraries that make the numbers."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "unknown"
    return found


@cache
def git_commit() -> str | None:
    """The revision of alexnet-bench, `-dirty` where files differ from it; None where it is no checkout."""
    folder = Path(__file__).parent.parent
    if not (folder / ".git").exists():
        return None
    try:
        return git.revision_of(folder)
    except BenchError:
        return None


def cache_folder() -> Path | None:
    """The user's folder for what may be lost; None where nothing says which home is the user's."""
    chosen = Path(os.environ.get("XDG_CACHE_HOME", ""))
    try:
        return (chosen if chosen.is_absolute() else Path.home() / ".cache") / "alexnet-bench"
    except RuntimeError:
        return None


def describe_environment() -> dict[str, Any]:
    """The environment as a run's manifest holds it."""
    import psutil

    return {
        "cpu": cpu_model(),
        "cores": usable_cores(),
        "memory_bytes": psutil.virtual_memory().total,
        "platform": platform.platform(terse=True),
        "versions": versions(),
    }
