"""What many trials cost beside training them: seconds and memory of the plan, the driver, a resume, a report.

    python tests/validation/scale.py results/reference/scale.json
    python tests/validation/scale.py results/reference/scale.json --table

Five variants and as many seeds as it takes, with outcomes that are made up in no time: all else is what a run
does. Each number of trials is a process of its own. Processor seconds hardly depend on what else runs.
"""

import contextlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from script import simulate, tabulated

sys.path.insert(0, str(Path(__file__).parents[1]))

from made_up_trials import made_up_trial
from report_runs import curve_point

from alexnet_bench.environment import cpu_model
from alexnet_bench.records.run_folder import RECORDS
from alexnet_bench.run import run as runs
from alexnet_bench.run.observer import Observer
from alexnet_bench.run.run import continue_run, start_run
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import Settings
from alexnet_bench.show.report import write_report

TRIALS = (1_000, 10_000, 100_000)
VARIANTS = ("alexnet", "no-lrn", "no-dropout", "tanh", "single-tower")
EPOCHS = 30
PARTS = ("plan", "driver", "resume", "report")


def measure() -> dict[str, Any]:
    """Of each number of trials: processor seconds of the parts, bytes of the record file, and peak memory."""
    rows = []
    for trials in TRIALS:
        given = [sys.executable, __file__, "one", str(trials)]
        rows.append(json.loads(subprocess.run(given, check=True, stdout=subprocess.PIPE).stdout))
        print(json.dumps(rows[-1]), flush=True)
    return {"device": cpu_model(), "rows": rows}


def table(found: dict[str, Any]) -> str:
    """A line a number of trials."""
    return tabulated(
        [
            {
                "trials": f"{row['trials']:,}",
                **{part: f"{row[part]['seconds']:.2f} s" for part in PARTS},
                "peak memory with all of it": f"{row['report']['peak_mib']:,.0f} MiB",
                "of it before the report": f"{row['resume']['peak_mib']:,.0f} MiB",
                "records": f"{row['record_bytes'] / 2**20:,.0f} MiB",
            }
            for row in found["rows"]
        ],
        rule="---",
    )


def one(trials: int) -> dict[str, Any]:
    """The costs of one number of trials, in this process."""
    seeds = trials // len(VARIANTS)
    with tempfile.TemporaryDirectory() as place, contextlib.ExitStack() as made_up:
        folder, costs = Path(place) / "run", dict[str, Any]()
        made_up.enter_context(patch.object(runs, "run_trials", _train))
        made_up.enter_context(patch.object(runs, "Zygote", lambda log: contextlib.nullcontext()))

        def schedule() -> Schedule:
            asked = Settings(
                variants=",".join(VARIANTS), measure=("accuracy",), seeds=seeds, epochs=EPOCHS, jobs=2
            )
            found = Schedule(asked)
            found.trials()
            return found

        planned = _cost(costs, "plan", schedule)
        start_run(planned, folder, "a measurement of costs")
        _cost(costs, "driver", lambda: continue_run(planned, folder, Observer()))
        _cost(costs, "resume", lambda: continue_run(planned, folder, Observer()))
        _cost(costs, "report", lambda: write_report([folder], folder / "report"))
        return {"trials": trials, "record_bytes": (folder / RECORDS).stat().st_size, **costs}


def _train(
    schedule: Schedule, tasks: Any, executor: Any, run_id: str, keep: Callable[[Any], None], on_epoch: Any
) -> None:
    for task in tasks:
        errors = [0.9 - 0.02 * epoch + 0.001 * (task.seed % 7) for epoch in range(EPOCHS)]
        keep(
            made_up_trial(
                task,
                run_id,
                data_digest=schedule.dataset.digest,
                threads=schedule.threads,
                test_top1_error=errors[-1],
                curve=[curve_point(number + 1, error) for number, error in enumerate(errors)],
            )
        )


def _cost(costs: dict[str, Any], name: str, act: Callable[[], Any]) -> Any:
    before = time.process_time()
    found = act()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    costs[name] = {"seconds": round(time.process_time() - before, 2), "peak_mib": round(peak)}
    print(name, costs[name], file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    if sys.argv[1:2] == ["one"]:
        print(json.dumps(one(int(sys.argv[2]))))
    else:
        simulate(__doc__, measure, table)
