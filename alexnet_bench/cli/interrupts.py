"""Ctrl-C, and a CI's termination: the first ends the command in order, which a second one does not spoil."""

import atexit
import os
import signal
import time
from types import FrameType

from alexnet_bench.cli.group import INTERRUPTED

# To end workers and write down what is known takes no longer; where it does, the next one ends all at once.
PATIENCE_SECONDS = 10.0


def end_in_order() -> None:
    """From now on have both raise KeyboardInterrupt, once: no worker may go on, and nothing may be lost."""
    began: float | None = None

    def interrupted(number: int, frame: FrameType | None) -> None:
        nonlocal began
        if began is None:
            began = time.monotonic()
            raise KeyboardInterrupt
        if time.monotonic() - began > PATIENCE_SECONDS:
            # Workers notice it, and end by themselves.
            os._exit(INTERRUPTED)

    for number in (signal.SIGINT, signal.SIGTERM):
        # Whoever starts a command in the background may have it ignore what is typed.
        if signal.getsignal(number) is not signal.SIG_IGN or number == signal.SIGTERM:
            signal.signal(number, interrupted)
    # As the interpreter goes, it would make of one that comes then an end by a signal.
    atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)
