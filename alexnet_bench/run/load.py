"""What else keeps the machine busy while something is measured."""

import contextlib
import os
import time
from collections.abc import Iterable
from typing import Any

import psutil


class LoadMeter:
    """Reads the load from others between its making and `read`.

    Args:
        pids: the processes that are not others, beside this one.
    """

    def __init__(self, pids: Iterable[int]) -> None:
        self._pids = [os.getpid(), *pids]
        self._began, self._times, self._own = time.perf_counter(), psutil.cpu_times(), self._own_seconds()

    def read(self) -> dict[str, Any]:
        """Shares of the machine's processor time, and its run queue.

        Returns:
            `others_share`: used by other processes; `steal_share`: taken by the host, where it tells;
            `run_queue`: the load average of the last minute, null where there is none.
        """
        elapsed = (time.perf_counter() - self._began) * (psutil.cpu_count() or 1)
        times = psutil.cpu_times()
        busy = _busy(times) - _busy(self._times) - (self._own_seconds() - self._own)
        stolen = getattr(times, "steal", 0.0) - getattr(self._times, "steal", 0.0)
        return {
            "others_share": round(max(0.0, busy / elapsed), 4),
            "steal_share": round(stolen / elapsed, 4),
            "run_queue": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        }

    def _own_seconds(self) -> float:
        total = 0.0
        for pid in self._pids:
            with contextlib.suppress(psutil.Error):
                used = psutil.Process(pid).cpu_times()
                total += used.user + used.system
        return total


def _busy(times: Any) -> float:
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "steal", 0.0))
