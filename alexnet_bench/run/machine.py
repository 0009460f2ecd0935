"""What makes timings untrustworthy: settings of the machine, others that use it; what to do about each."""

import contextlib
import os
import platform
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil

from alexnet_bench.records.schema import Load

LARGEST_OTHERS_SHARE, LARGEST_STEAL_SHARE = 0.05, 0.01
LARGEST_NOISE_FLOOR = 0.01
NEEDED_BYTES = 4 * 2**30
HUGE_PAGES_SINCE = (2, 35)


def read_machine(root: Path = Path("/")) -> dict[str, Any]:
    """What the system says of itself in `proc` and `sys` under a root; null where it says nothing."""
    huge_pages = _text(root / "sys/kernel/mm/transparent_hugepage/enabled")
    # Microseconds of a core in so many, such as `200000 100000`; `max 100000` without a quota.
    quota = (_text(root / "sys/fs/cgroup/cpu.max") or "").split()
    library, version = platform.libc_ver()
    return {
        "governor": _text(root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        # The choice in brackets of `always [madvise] never`.
        "huge_pages": re.sub(r".*\[(.*?)\].*", r"\1", huge_pages) if huge_pages else huge_pages,
        "autogroup": _text(root / "proc/sys/kernel/sched_autogroup_enabled"),
        "cpu_quota": int(quota[0]) / int(quota[1]) if len(quota) == 2 and quota[0].isdigit() else None,
        "glibc": version if library == "glibc" else None,
    }


def oom_kills(root: Path = Path("/")) -> int | None:
    """How many processes the system has ended because memory ran out; None: it does not say."""
    found = re.search(r"^oom_kill (\d+)$", _text(root / "proc/vmstat") or "", re.MULTILINE)
    return int(found[1]) if found else None


def complaints(machine: Mapping[str, Any], measured: Mapping[str, Any]) -> Iterator[str]:
    """What would make results untrustworthy, each with what to do.

    Args:
        machine: what `read_machine` gives.
        measured: `cores`, `available_memory_bytes`, `build`, `load`, `noise_floor`, `steady`.
    """
    load, build = measured["load"], measured["build"]
    if load["others_share"] > LARGEST_OTHERS_SHARE:
        yield f"other programs use {load['others_share']:.0%} of the processors: stop them while timing"
    if load["steal_share"] > LARGEST_STEAL_SHARE:
        yield (
            f"the host takes {load['steal_share']:.1%} of this virtual machine's processor time: "
            "time at a quieter hour, or on a machine of your own"
        )
    if machine["governor"] not in (None, "performance"):
        yield (
            f"the clock follows the load (governor {machine['governor']}): "
            "`sudo cpupower frequency-set --governor performance`"
        )
    if machine["huge_pages"] == "never":
        yield (
            "huge pages are off, so builds of one network differ by a percent or two: "
            "`echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled`"
        )
    glibc = tuple(int(part) for part in (machine["glibc"] or "").split(".") if part.isdigit())
    if glibc and glibc < HUGE_PAGES_SINCE:
        yield f"glibc {machine['glibc']} puts no huge pages behind the heap: builds differ less from 2.35 on"
    if "glibc.malloc.hugetlb" not in build.get("GLIBC_TUNABLES", "glibc.malloc.hugetlb"):
        yield "your GLIBC_TUNABLES replaces ours: add glibc.malloc.hugetlb=1 to it"
    if machine["cpu_quota"] is not None and machine["cpu_quota"] < measured["cores"]:
        yield (
            f"a quota holds this container to {machine['cpu_quota']:g} of {measured['cores']} cores, which "
            "stops it in the middle of steps: give it whole cores (a cpuset) instead"
        )
    if machine["autogroup"] == "1":
        yield (
            "`nice` does nothing between sessions of this system: run nothing else, or "
            "`echo 0 | sudo tee /proc/sys/kernel/sched_autogroup_enabled`"
        )
    if build.get("TF_ENABLE_ONEDNN_OPTS") == "0":
        yield "oneDNN is off, which most of the speed on a CPU comes from: unset TF_ENABLE_ONEDNN_OPTS"
    if measured["available_memory_bytes"] < NEEDED_BYTES:
        gib = measured["available_memory_bytes"] / 2**30
        yield f"{gib:.1f} GiB of memory are free; timing two 227-pixel networks takes about 4"
    if not measured["steady"]:
        yield "no steady state was reached: something throttles, or still warms up; wait, and run this again"
    if (floor := measured["noise_floor"]) is not None and floor > LARGEST_NOISE_FLOOR:
        yield f"a network differs from itself by up to {floor:.1%} in so short a time: give timings longer"


class LoadMeter:
    """Reads the load from others than this process and those given, between its making and `read`."""

    def __init__(self, pids: Iterable[int]) -> None:
        self._pids = [os.getpid(), *pids]
        self._began, self._times, self._own = time.perf_counter(), psutil.cpu_times(), self._own_seconds()

    def read(self) -> Load:
        """The load from others; without a run queue where the system has no load average."""
        elapsed = (time.perf_counter() - self._began) * (psutil.cpu_count() or 1)
        times = psutil.cpu_times()
        busy = _busy(times) - _busy(self._times) - (self._own_seconds() - self._own)
        stolen = getattr(times, "steal", 0.0) - getattr(self._times, "steal", 0.0)
        return Load(
            others_share=round(max(0.0, busy / elapsed), 4),
            steal_share=round(stolen / elapsed, 4),
            run_queue=round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        )

    def _own_seconds(self) -> float:
        total = 0.0
        for pid in self._pids:
            with contextlib.suppress(psutil.Error):
                used = psutil.Process(pid).cpu_times()
                total += used.user + used.system
        return total


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return None


def _busy(times: Any) -> float:
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "steal", 0.0))
