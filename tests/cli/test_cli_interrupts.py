"""Ctrl-C once, and again while the command ends."""

import signal
import subprocess
import sys

import pytest

from alexnet_bench.cli.interrupts import end_in_order

BOTH = [signal.SIGINT, signal.SIGTERM]
IMPATIENT = """
import signal, sys
from alexnet_bench.cli import interrupts
interrupts.PATIENCE_SECONDS = float(sys.argv[1])
signal.signal(signal.SIGINT, signal.SIG_DFL)
interrupts.end_in_order()
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    signal.raise_signal(signal.SIGINT)
    sys.exit(7)
"""


@pytest.fixture(autouse=True)
def as_before():
    handlers = [signal.getsignal(number) for number in BOTH]
    yield
    for number, handler in zip(BOTH, handlers, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize("first", BOTH)
@pytest.mark.parametrize("second", BOTH)
def test_only_the_first_one_interrupts(first, second):
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    end_in_order()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(first)
    signal.raise_signal(second)


@pytest.mark.parametrize(("patience", "code"), [(-1, 130), (1000, 7)])
def test_where_ending_takes_long_the_next_one_ends_all_at_once(patience, code):
    assert subprocess.run([sys.executable, "-c", IMPATIENT, str(patience)]).returncode == code


def test_what_is_ignored_stays_ignored():
    """A command in a script's background is not meant by what is typed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_in_order()
    signal.raise_signal(signal.SIGINT)
