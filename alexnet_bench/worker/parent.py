"""Ends a process when its parent does, whatever it is doing. Needs the standard library alone."""

import ctypes
import os
import signal
import sys
import threading
import time

# From linux/prctl.h.
PR_SET_PDEATHSIG = 1
LOOK_SECONDS = 1.0


def end_with(parent: int) -> None:
    """Have this process killed when the one with this id ends, which forked it.

    On Linux by the kernel, in native code too; elsewhere by a thread that looks for the parent.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        _end_without(parent)
    else:
        threading.Thread(target=_look_for, args=[parent], daemon=True).start()


def _look_for(parent: int) -> None:
    while True:
        _end_without(parent)
        time.sleep(LOOK_SECONDS)


def _end_without(parent: int) -> None:
    if os.getppid() != parent:
        os._exit(1)
