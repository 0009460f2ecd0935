"""How much fits at once: trials with their threads, and timed workers, in cores and memory."""

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

from alexnet_bench.environment import usable_cores
from alexnet_bench.network.trainable import Network
from alexnet_bench.run.settings import LOCAL, Settings
from alexnet_bench.worker.nvml import Gpu

MOST_MEMORY = 0.9
DRIVER = Path("/proc/driver/nvidia/version")
# Of a GPU: what its context takes, two arrays, and three matrices of 16,384 a side.
YARDSTICK_BYTES = 2**32


def uses_gpus(devices: str, gpus: Callable[[], Sequence[Gpu]]) -> bool:
    """Whether `auto`, `cpu` or `gpu` means GPUs here, as far as their driver can tell."""
    return devices == "gpu" or (devices == "auto" and bool(gpus()))


class Capacity:
    """What fits at once.

    Args:
        settings: of the run.
        networks: that it trains, each with the recipe that it has.
        small: whether its images are, so that a core suffices for a trial.
        image_bytes: gives what they take in the memory of each trial's worker.
        available_memory: in bytes.
        gpus: those of the machine.
        threads: of each trial, where others of the run were trained already.
        most_jobs: trials at a time, at most, where memory ran out with more.
    """

    def __init__(
        self,
        settings: Settings,
        networks: Sequence[Network],
        *,
        small: bool,
        image_bytes: Callable[[], int],
        available_memory: Callable[[], int],
        gpus: Callable[[], list[Gpu]],
        threads: int | None = None,
        most_jobs: int | None = None,
    ) -> None:
        self._settings, self._networks, self._small = settings, networks, small
        self._image_bytes, self._available_memory, self._gpus = image_bytes, available_memory, gpus
        self._asked_threads, self._most_jobs = threads or settings.threads, most_jobs

    @property
    def jobs(self) -> int:
        """Trials at a time on this machine."""
        return self.places(self._room)

    def places(self, room: int) -> int:
        """Trials at a time where so many should fit: as many as are asked for, fewer where memory ran out."""
        jobs = self._settings.jobs or room
        return min(jobs, self._most_jobs) if self._most_jobs else jobs

    @property
    def threads(self) -> int:
        """CPU threads of each trial; on a cluster, those that it would have alone on this machine."""
        if self._asked_threads:
            return self._asked_threads
        if self.on_cluster:
            return 1 if self._small else usable_cores()
        return max(1, usable_cores() // self._room)

    @property
    def on_cluster(self) -> bool:
        """Whether other machines may get the trials done."""
        return self._settings.executor != LOCAL

    @property
    def trial_devices(self) -> str:
        """The devices of each trial; a cluster gives GPUs to those alone that ask for them."""
        return "cpu" if self.on_cluster and self._settings.devices == "auto" else self._settings.devices

    @cached_property
    def memory_to_wait_in(self) -> float:
        """Bytes that workers may hold which wait for their network's next seed, beside those that train."""
        return max(0.0, MOST_MEMORY * self._available_memory() - self.jobs_bytes)

    @property
    def jobs_bytes(self) -> int:
        """Roughly what all trials at a time hold at their peak."""
        return self.jobs * max(map(self.trial_bytes, self._networks))

    def trial_bytes(self, network: Network) -> int:
        """Roughly what a worker that trains a network holds at its peak, with its own copy of the images."""
        return network.plan.memory_bytes(network.recipe.batch_size) + self._image_bytes()

    def timed_workers(self, networks: Sequence[Network]) -> int:
        """How many workers that time these memory holds, two at least."""
        needed = max(item.plan.memory_bytes(item.recipe.batch_size) for item in networks)
        return max(2, self._workers_in_memory(networks, needed))

    @cached_property
    def _room(self) -> int:
        """Trials at a time: of small images as many as there are cores, if memory holds them.

        Those of a run that goes on have the threads that the ones before had. On a cluster, which only its
        executor has asked how much it holds, one unless asked for.
        """
        if self._settings.jobs or self.on_cluster or not self._small:
            return self._settings.jobs or 1
        if self._may_use_unseen_gpus:
            return 1
        cores = usable_cores() // (self._asked_threads or 1)
        needed = max(map(self.trial_bytes, self._networks))
        return max(1, min(cores, self._workers_in_memory(self._networks, needed)))

    @property
    def _may_use_unseen_gpus(self) -> bool:
        """Whether trials would share a GPU whose memory nobody can tell."""
        asked = self._settings.devices
        return not self._gpus() and (asked == "gpu" or (asked == "auto" and DRIVER.is_file()))

    def _workers_in_memory(self, networks: Sequence[Network], needed: int) -> int:
        """How many workers of so many bytes the machine has memory for, and the fullest GPU."""
        held = int(MOST_MEMORY * self._available_memory()) // needed
        if uses_gpus(self._settings.devices, self._gpus) and (gpus := self._gpus()):
            needed = max(item.plan.gpu_memory_bytes(item.recipe.batch_size) for item in networks)
            free = min(gpu.free_bytes for gpu in gpus) - YARDSTICK_BYTES
            held = min(held, int(MOST_MEMORY * free) // needed)
        return held
