"""Has a process of a sweep die, by SIGKILL, as it writes a certain file.

Python imports this first of all where its folder is on PYTHONPATH. A death is ordered by a file in the folder
FAULTS_ORDERS, named `ROLE MOMENT FILE N`, as in `worker torn .zip.new 2`: the process of that role that first
comes to that moment for the third time, with a file whose name ends so, takes the order and dies. Whoever
gives orders finds it renamed to `taken ...`.

Moments: opened (to be written), torn (half of it is on disk), written (all is, nothing is synced), synced,
replacing, replaced, removing. With FAULTS_EVERY_EPOCH, checkpoints are written at the end of every epoch.
"""

import contextlib
import math
import os
import signal
import sys
from pathlib import Path

ORDERS = os.environ.get("FAULTS_ORDERS")
IMPORTER = os.getpid()
IS_ZYGOTE = any(word.endswith("zygote.py") for word in sys.orig_argv)
WRITING = os.O_WRONLY | os.O_RDWR
sizes = {}


def role():
    """Of this process; workers are forked from the zygote."""
    if not IS_ZYGOTE:
        return "command"
    return "zygote" if os.getpid() == IMPORTER else "worker"


def comes_to(moment, file, before_death=lambda: None):
    """Die here if that is ordered."""
    for order in Path(ORDERS).iterdir():
        who, when, ending, times = order.name.split(" ", 3)
        if (who, when) == (role(), moment) and Path(file).name.endswith(ending):
            is_last = int(times) == 0
            taken = f"taken {who} {when} {ending}" if is_last else f"{who} {when} {ending} {int(times) - 1}"
            # Of several processes, one alone can rename it.
            with contextlib.suppress(FileNotFoundError):
                rename(order, order.with_name(taken))
                if is_last:
                    before_death()
                    os.kill(os.getpid(), signal.SIGKILL)


def opened(event, details):
    """Of every file."""
    if event == "open" and isinstance(details[0], str) and details[2] & WRITING:
        path, is_kept = Path(details[0]), not details[2] & os.O_TRUNC
        sizes[path.resolve()] = path.stat().st_size if is_kept and path.exists() else 0
        comes_to("opened", path)


def fsync(descriptor):
    """Sync a file, with a moment before, one after, and one in which half of it is not there yet."""
    file = Path(f"/proc/self/fd/{descriptor}").readlink()
    before, now = sizes.get(file, 0), os.fstat(descriptor).st_size
    comes_to("torn", file, lambda: os.ftruncate(descriptor, before + (now - before) // 2))
    comes_to("written", file)
    sync(descriptor)
    comes_to("synced", file)


def replace(source, target, **where):
    """Replace a file, with a moment before and one after."""
    comes_to("replacing", source)
    rename(source, target, **where)
    comes_to("replaced", target)


def unlink(path, **where):
    """Remove a file, with a moment before."""
    comes_to("removing", path)
    remove(path, **where)


def checkpoint_every_epoch():
    """In a worker."""
    if module := sys.modules.get("alexnet_bench.model.checkpoint"):
        module.SECONDS_BETWEEN, module.LARGEST_SHARE = 0.0, math.inf


if ORDERS and Path(ORDERS).is_dir():
    sync, rename, remove = os.fsync, os.replace, os.unlink
    os.fsync, os.replace, os.unlink = fsync, replace, unlink
    sys.addaudithook(opened)
    if os.environ.get("FAULTS_EVERY_EPOCH"):
        os.register_at_fork(after_in_child=checkpoint_every_epoch)
