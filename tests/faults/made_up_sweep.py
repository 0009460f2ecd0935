"""Carries out a sweep of made-up trials, or goes on with it, in a process that can be killed.

    python made_up_sweep.py FOLDER [VARIANT]

The trials of a variant that is named end as killed ones do.
"""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1])]

from made_up_runs import carry_out  # noqa: E402


def columns(task):
    """Of a trial's record."""
    if task.network.variant.name in sys.argv[2:]:
        return {"status": "killed", "error": "it is a test"}
    return {"test_top1_error": 0.1 + task.seed / 100}


if __name__ == "__main__":
    carry_out(Path(sys.argv[1]), columns, variants="alexnet,no-lrn", seeds=2)
