"""What a run that goes on does again, and how."""

from collections.abc import Callable, Iterable, Sequence

from alexnet_bench.records.schema import FAULTS, AnyRecord, Trial
from alexnet_bench.run.tuning import Choice, rates_in_use

# What more a user may ask for: these would likely end so again.
PROGRAM_ERRORS = ("crashed",)


def is_retried(
    records: Iterable[AnyRecord], choices: Sequence[Choice], *, program_errors: bool
) -> Callable[[AnyRecord], bool]:
    """Whether what a record tells of is done again: a fault ended it, or, where asked, a program's error.

    What chose a rate is not, once something was trained at it.
    """
    statuses = (*FAULTS, *PROGRAM_ERRORS) if program_errors else FAULTS
    every = list(records)
    chosen = {
        (seed, *which)
        for choice in choices
        if choice.tuning_seeds
        for which in rates_in_use(every, choice)
        for seed in choice.tuning_seeds
    }

    def retried(record: AnyRecord) -> bool:
        if isinstance(record, Trial) and record.purpose == "tuning":
            is_chosen = (record.seed, record.variant, record.precision) in chosen
            return record.status in statuses and not is_chosen
        return record.status in statuses

    return retried
