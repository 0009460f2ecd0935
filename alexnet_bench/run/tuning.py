"""Which learning rates are tried: a grid around the recipe's, and beyond it where the best is at its end."""

import math
from collections.abc import Sequence

from alexnet_bench.analysis.rates import chosen_rates, is_tuning, record_rate
from alexnet_bench.network.trainable import Network
from alexnet_bench.records.schema import AnyRecord, Trial

RATE_GRID = (0.1, 1 / 3, 1.0, 3.0)
# Where the best rate is the grid's first or last, the next one beyond is tried, so often at most.
BEYOND, MOST_BEYOND = 3.0, 3
TUNING_SEED = 1_000_000


def tried_rates(network: Network, records: Sequence[AnyRecord]) -> list[float]:
    """The rates that a network is tried at, those nearest to its recipe's first.

    The nearest is likely good, and then spares the others epochs.

    Args:
        network: as it is trained.
        records: of the run so far.
    """
    own = network.recipe.learning_rate
    return sorted(_rates(network, records), key=lambda rate: abs(math.log(rate / own)))


def _rates(network: Network, records: Sequence[AnyRecord]) -> list[float]:
    grid = [network.recipe.learning_rate * factor for factor in RATE_GRID]
    which = network.variant.name, network.precision
    tried = {record_rate(record) for record in records if is_tuning(record, which)}
    best = chosen_rates(records).get(which)
    rates = sorted({*grid, *tried})
    if any(record.purpose == "result" for record in records if isinstance(record, Trial)):
        return rates
    if best is None or not tried.issuperset(grid) or len(rates) >= len(grid) + MOST_BEYOND:
        return rates
    beyond = {rates[0]: best / BEYOND, rates[-1]: best * BEYOND}.get(best)
    return rates if beyond is None else [*rates, beyond]
