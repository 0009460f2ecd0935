"""For how long a worker may be silent before it is taken to hang, in seconds.

A limit must never end what works: each is several times what the slowest machine should take. It assumes
a billion operations a second, a hundredth of what one core does, and a second to read an image of 256 pixels
a side; once something has been timed, that it may take 20 times as long.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from alexnet_bench.data import Dataset
from alexnet_bench.network.trainable import Network

# To load TensorFlow and find the devices, to build a network, to calibrate the yardstick.
LONGEST_START = 300.0
# For a process to end that says it does.
LONGEST_END = 30.0
SHORTEST_STEPS = 60.0
TIMES = 20
OPERATIONS_A_SECOND = 1e9
VIEWS = {"ten-crops": 10, "nine-views": 9}
SECONDS_A_PIXEL = 1 / 256**2


def of_build(network: Network) -> float:
    """To build and compile a network, and run a step of each mode."""
    operations = network.plan.training_flops + network.plan.inference_flops
    return LONGEST_START + network.recipe.batch_size * operations / OPERATIONS_A_SECOND


def of_steps(steps: int, step_seconds: float) -> float:
    """To run some steps, where one was seen to take so long."""
    return SHORTEST_STEPS + TIMES * steps * step_seconds


class EpochLimit(msgspec.Struct, frozen=True, kw_only=True):
    """For how long a trial may be silent: up to the end of its first epoch, and from then on.

    Args:
        first: seconds to report the first epoch.
        share: how many epochs' work the longest is of what is reported next: an epoch, or the end.
        always: seconds, whatever is reported, where the user knows better.
    """

    first: float
    share: float
    always: float | None = None

    def after(self, curve: Sequence[Mapping[str, Any]]) -> float:
        """To report the next epoch or, after the last one, the end; `curve` holds those before."""
        if self.always is not None:
            return self.always
        if not curve:
            return self.first
        return LONGEST_START + TIMES * max(row["seconds"] for row in curve) * self.share


def of_epoch(network: Network, dataset: Dataset, always: float | None = None) -> EpochLimit:
    """To report an epoch of a trial, or its end; `always` as in `EpochLimit`."""
    views = VIEWS.get(network.plan.variant.evaluation, 1)
    epoch = len(dataset.train) * network.plan.training_flops
    most = max(epoch, views * len(dataset.test) * network.plan.inference_flops)
    pixels = (len(dataset.train) + len(dataset.test)) * dataset.size**2
    first = LONGEST_START + pixels * SECONDS_A_PIXEL + (epoch + most) / OPERATIONS_A_SECOND
    return EpochLimit(first=first, share=most / epoch, always=always)
