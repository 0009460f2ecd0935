"""What a run that goes on does again, and how."""

from collections.abc import Callable, Iterable

from alexnet_bench.records.schema import FAULTS, AnyRecord

# What more a user may ask for: these would likely end so again.
PROGRAM_ERRORS = ("crashed",)


def is_retried(*, program_errors: bool) -> Callable[[AnyRecord], bool]:
    """Whether what a record tells of is done again: a fault ended it, or, where asked, a program's error."""
    statuses = (*FAULTS, *PROGRAM_ERRORS) if program_errors else FAULTS
    return lambda record: record.status in statuses


def ran_out_of_memory(records: Iterable[AnyRecord]) -> bool:
    """Whether memory ran out for what is to be done again: fewer are to run at a time then."""
    return any(record.status == "out-of-memory" for record in records)
