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
    """
    own, which = network.recipe.learning_rate, (network.variant.name, network.precision)
    grid = [own * factor for factor in RATE_GRID]
    tried = {record_rate(record) for record in records if is_tuning(record, which)}
    rates = sorted({*grid, *tried})
    are_chosen = any(isinstance(record, Trial) and record.purpose == "result" for record in records)
    if not are_chosen and tried.issuperset(grid) and len(rates) < len(grid) + MOST_BEYOND:
        best = chosen_rates(records).get(which)
        if best == rates[0]:
            rates.append(best / BEYOND)
        elif best == rates[-1]:
            rates.append(best * BEYOND)
    return sorted(rates, key=lambda rate: abs(math.log(rate / own)))
