"""Workers that train: one after the other where its compiled steps can start again with the next seed."""

import threading
from collections.abc import Callable
from typing import Any

import msgspec

from alexnet_bench.run.local import Host, Worker, Workers, Zygote

# Is given each epoch's answer, and says how many seconds the next one may take.
Follow = Callable[[dict[str, Any]], float]
_Key = tuple[str, str]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The worker that a trial takes.

    Args:
        network: fingerprint at any learning rate.
        precision: with it, what a worker's compiled steps are good for.
        threads: on the CPU.
        devices: `auto`, `cpu` or `gpu`.
        device_count: how many, of each host.
        host_count: how many train it together.
    """

    network: str
    precision: str
    threads: int
    devices: str
    device_count: int
    host_count: int = 1

    @property
    def key(self) -> _Key:
        """Equal for trials that one worker can train one after the other."""
        return self.network, self.precision


class Trainers:
    """Workers by the network they train, those that wait for its next seed among them.

    Args:
        bytes_to_wait_in: that those which wait may hold together.
        host: where several train together, which of them this is.
    """

    def __init__(self, zygote: Zygote, bytes_to_wait_in: float = 0.0, host: Host | None = None) -> None:
        self._zygote, self._bytes_to_wait_in, self._host = zygote, bytes_to_wait_in, host
        self._bytes_left = bytes_to_wait_in
        self._all, self._idle, self._lock = Workers(), dict[_Key, list[Worker]](), threading.Lock()

    def end_idle(self) -> None:
        """End those that wait."""
        for workers in self._idle.values():
            for worker in workers:
                worker.close()
        self._idle.clear()
        self._bytes_left = self._bytes_to_wait_in

    def end(self) -> None:
        """End all, whatever they are doing; those to come are ended at once."""
        self._all.end()

    def train(
        self, wanted: Wanted, request: dict[str, Any], begun: Callable[[], Follow], limit: float
    ) -> tuple[Worker, dict[str, Any]]:
        """Have one that waits for the network's next seed train it, or else a new one.

        Args:
            begun: is called as it begins; what follows each epoch, and says how long the next one may take.
            limit: seconds that the first epoch may take.
        """
        if waiting := self._idle_one(wanted):
            reply = self._asked(waiting, wanted, request, begun(), limit, is_new=False)
            if reply["is"] != "failed":
                return waiting, reply
            # What an earlier seed left behind is no fault of this one.
        worker = self._new_one(wanted)
        return worker, self._asked(worker, wanted, request, begun(), limit, is_new=True)

    def _asked(
        self,
        worker: Worker,
        wanted: Wanted,
        request: dict[str, Any],
        follow: Follow,
        limit: float,
        *,
        is_new: bool,
    ) -> dict[str, Any]:
        try:
            reply = worker.ask(request, limit, follow)
        except BaseException:
            worker.close()
            raise
        self._give_back(worker, wanted, reply, is_new=is_new)
        return reply

    def _idle_one(self, wanted: Wanted) -> Worker | None:
        with self._lock:
            found = self._idle.get(wanted.key)
            return found.pop() if found else None

    def _new_one(self, wanted: Wanted) -> Worker:
        worker = Worker(
            self._zygote,
            threads=(wanted.threads, wanted.threads),
            devices=wanted.devices,
            device_count=wanted.device_count,
            deterministic=True,
            host=self._host,
        )
        self._all.add(worker)
        return worker

    def _give_back(self, worker: Worker, wanted: Wanted, reply: dict[str, Any], *, is_new: bool) -> None:
        """Keep one for the network's next seed, if that may be and memory allows; end it otherwise."""
        with self._lock:
            # What it takes was taken off when it came back for the first time.
            needed = reply.get("peak_memory_bytes", 0) if is_new else 0
            if reply.get("can_go_on") and needed <= self._bytes_left:
                self._bytes_left -= needed
                self._idle.setdefault(wanted.key, []).append(worker)
                return
        worker.close()
