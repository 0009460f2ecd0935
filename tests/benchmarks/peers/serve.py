"""What every script here does: answer each number of steps on standard input with the seconds they took.

Only Python's own modules, since a peer may have an interpreter of its own. The first line that a script
writes holds the network's parameters and the versions it runs.
"""

import json
import sys
import time
from collections.abc import Callable


def serve(run: Callable[[int], object], parameters: int, versions: dict[str, str]) -> None:
    """Answer until the other side hangs up; `run` does some steps and comes back when they are finished."""
    print(json.dumps({"parameters": parameters, "versions": versions}), flush=True)
    for line in sys.stdin:
        started = time.perf_counter()
        run(int(line))
        print(time.perf_counter() - started, flush=True)
