"""What many trials cost beside training them: seconds and memory of the plan, the driver, a resume, a report.

    python tests/validation/scale.py results/reference/scale.json
    python tests/validation/scale.py results/reference/scale.json --table

Five variants and as many seeds as it takes, with outcomes that are made up in no time: all else is what a run
does. Each number of trials is a process of its own. Processor seconds hardly depend on what else runs. Beside
them: trials as those of ImageNet would be, with 90 epochs and answers for 50,000 images, and a checkpoint of
the paper's network.
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

import numpy as np
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
IMAGENET_TRIALS = (50, 100, 200)
TEST_IMAGES, CLASSES = 50_000, 1_000
VARIANTS = ("alexnet", "no-lrn", "no-dropout", "tanh", "single-tower")
EPOCHS, IMAGENET_EPOCHS = 30, 90
PARTS = ("plan", "driver", "resume", "report")


def measure() -> dict[str, Any]:
    """Of each number of trials: processor seconds of the parts, bytes of the record file, and peak memory."""
    found: dict[str, Any] = {"device": cpu_model(), "checkpoint": _apart("checkpoint", 0)}
    for kind, counts in (("rows", TRIALS), ("imagenet", IMAGENET_TRIALS)):
        found[kind] = [_apart(kind, trials) for trials in counts]
    return found


def _apart(kind: str, trials: int) -> Any:
    """What a process of its own finds."""
    given = [sys.executable, __file__, "one", kind, str(trials)]
    found = json.loads(subprocess.run(given, check=True, stdout=subprocess.PIPE).stdout)
    print(json.dumps(found), flush=True)
    return found


def table(found: dict[str, Any]) -> str:
    """A line a number of trials."""
    kinds = {"rows": "digits, 30 epochs", "imagenet": "as of ImageNet, 90 epochs"}
    return tabulated(
        [
            {
                "trials": f"{row['trials']:,}, {about}",
                **{part: f"{row[part]['seconds']:.2f} s" for part in PARTS},
                "peak memory with all of it": f"{row['report']['peak_mib']:,.0f} MiB",
                "of it before the report": f"{row['resume']['peak_mib']:,.0f} MiB",
                "records": f"{row['record_bytes'] / 2**20:,.1f} MiB",
                "predictions": f"{row['prediction_bytes'] / 2**20:,.0f} MiB",
            }
            for kind, about in kinds.items()
            for row in found[kind]
        ],
        rule="---",
    )


def checkpoint() -> dict[str, Any]:
    """Bytes of a checkpoint of the paper's network with 1,000 classes, and seconds to write and read it."""
    from alexnet_bench import ALEXNET
    from alexnet_bench.model.checkpoint import Checkpoint
    from alexnet_bench.model.tensorflow_step import build_steps
    from alexnet_bench.network.plan import make_plan
    from alexnet_bench.network.recipe import PAPER
    from alexnet_bench.network.topology import ALEXNET_227

    state = build_steps(make_plan(ALEXNET, ALEXNET_227, classes=CLASSES), PAPER, seed=0).state
    days = iter(range(0, 10**6, 10**5))
    with tempfile.TemporaryDirectory() as place:
        file, costs = Path(place) / "trial.zip", dict[str, Any]()
        kept = Checkpoint(file, state, lambda: next(days))
        _cost(costs, "write", lambda: kept.save([]))
        _cost(costs, "read", kept.restore)
        return {"bytes": file.stat().st_size, **costs}


def one(kind: str, trials: int) -> dict[str, Any]:
    """The costs of one number of trials, in this process."""
    seeds, epochs = trials // len(VARIANTS), IMAGENET_EPOCHS if kind == "imagenet" else EPOCHS
    answers = _answers if kind == "imagenet" else lambda folder, task: {}
    with tempfile.TemporaryDirectory() as place, contextlib.ExitStack() as made_up:
        folder, costs = Path(place) / "run", dict[str, Any]()

        def train(
            schedule: Schedule,
            tasks: Any,
            executor: Any,
            run_id: str,
            keep: Callable[[Any], None],
            *others: Any,
        ) -> None:
            for task in tasks:
                errors = [0.9 - 0.8 * epoch / epochs + 0.001 * (task.seed % 7) for epoch in range(epochs)]
                columns = {
                    "data_digest": schedule.dataset.digest,
                    "threads": schedule.capacity.threads,
                    "test_top1_error": errors[-1],
                    "curve": [curve_point(number + 1, error) for number, error in enumerate(errors)],
                }
                keep(made_up_trial(task, run_id, **columns, **answers(folder, task)))

        made_up.enter_context(patch.object(runs, "run_trials", train))
        made_up.enter_context(patch.object(runs, "Zygote", lambda log: contextlib.nullcontext()))

        def schedule() -> Schedule:
            asked = Settings(
                variants=",".join(VARIANTS), measure=("accuracy",), seeds=seeds, epochs=epochs, jobs=2
            )
            found = Schedule(asked)
            found.trials()
            return found

        planned = _cost(costs, "plan", schedule)
        start_run(planned, folder, "a measurement of costs")
        _cost(costs, "driver", lambda: continue_run(planned, folder, Observer()))
        _cost(costs, "resume", lambda: continue_run(planned, folder, Observer()))
        _cost(costs, "report", lambda: write_report([folder], folder / "report"))
        predictions = sum(file.stat().st_size for file in (folder / "predictions").glob("*"))
        records = (folder / RECORDS).stat().st_size
        return {"trials": trials, "record_bytes": records, "prediction_bytes": predictions, **costs}


def _answers(folder: Path, task: Any) -> dict[str, Any]:
    """The file of a trial's answers for so many images as ImageNet's validation set has."""
    rng = np.random.default_rng(task.seed)
    (folder / "predictions").mkdir(exist_ok=True)
    name = f"predictions/{task.network.variant.name}-seed{task.seed}.npz"
    np.savez_compressed(
        folder / name,
        labels=np.arange(TEST_IMAGES) % CLASSES,
        likeliest=rng.integers(0, CLASSES, (TEST_IMAGES, 5), "int16"),
        filters=rng.normal(size=(2, 11, 11, 3, 48)).astype("float32"),
    )
    return {"predictions": name}


def _cost(costs: dict[str, Any], name: str, act: Callable[[], Any]) -> Any:
    before = time.process_time()
    found = act()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    costs[name] = {"seconds": round(time.process_time() - before, 2), "peak_mib": round(peak)}
    print(name, costs[name], file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    if sys.argv[1:2] == ["one"]:
        kind, trials = sys.argv[2], int(sys.argv[3])
        print(json.dumps(checkpoint() if kind == "checkpoint" else one(kind, trials)))
    else:
        simulate(__doc__, measure, table)
