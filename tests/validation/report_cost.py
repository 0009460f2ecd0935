"""What `bench report` costs: seconds and memory of the whole command, and of its parts, by number of records.

    python tests/validation/report_cost.py results/reference/performance/report.json
    python tests/validation/report_cost.py results/reference/performance/report.json --table

Runs of 1,000 made-up records each: 40 variants with 15 seeds, their curves and predictions, and five draws in
both modes. Each report is written by a process of its own. Takes two minutes; nothing else may run meanwhile.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace
from script import simulate, tabulated

sys.path.insert(0, str(Path(__file__).parents[1]))

from report_runs import curve_point, draw, manifest, trial

from alexnet_bench.environment import cpu_model
from alexnet_bench.records.files import append_rows
from alexnet_bench.records.manifest import Manifest
from alexnet_bench.records.run_folder import RECORDS, create_run
from alexnet_bench.records.schema import MODES, AnyRecord

RUNS, REPEATS = (1, 3, 10), 3
ARMS_A_QUESTION = 3
VARIANTS = ["alexnet", *(f"arm-{number:02}" for number in range(39))]
SEEDS, DRAWS, ROUNDS, EPOCHS, IMAGES = 15, 5, 6, 30, 360
# By what the parts are called, the functions that `show.report` calls for them.
PARTS = {
    "reading": ["read_runs"],
    "effects": ["effects"],
    "figures": ["_draw_figures"],
    "tables": ["make_content", "effects_by_rate", "confusions_data"],
    "Parquet": ["write_parquet"],
    "page": ["write_tables", "render_markdown", "render_html"],
}


def measure() -> dict[str, Any]:
    """Of each number of runs: seconds of the command and of its parts (medians), and peak memory."""
    rows = []
    with tempfile.TemporaryDirectory() as place:
        folders = [_make_run(Path(place) / f"run-{number}", number) for number in range(max(RUNS))]
        for count in RUNS:
            taken = [_report(folders[:count], Path(place) / "report") for _ in range(REPEATS)]
            (records,) = {row.pop("records") for row in taken}
            medians = {name: round(float(np.median([row[name] for row in taken])), 3) for name in taken[0]}
            rows.append({"records": records, **medians})
            print(json.dumps(rows[-1]), flush=True)
    return {"device": cpu_model(), "rows": rows}


def table(found: dict[str, Any]) -> str:
    """A line a number of records."""
    return tabulated(
        [
            {
                "records": f"{row['records']:,}",
                "all": f"{row['seconds']:.1f} s",
                "peak memory": f"{row['peak_mib']:,.0f} MiB",
                "start": f"{row['seconds'] - sum(row[part] for part in PARTS):.2f} s",
                **{part: f"{row[part]:.2f} s" for part in PARTS},
            }
            for row in found["rows"]
        ],
        rule="---",
    )


def _report(runs: list[Path], out: Path) -> dict[str, float]:
    """What one command took, in a process of its own."""
    started = time.perf_counter()
    command = [sys.executable, __file__, "--report", *map(str, runs), "--out", str(out)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return {"seconds": time.perf_counter() - started, **json.loads(done.stdout.splitlines()[-1])}


def _run_report(arguments: list[str]) -> None:
    """The command, with a clock around each part."""
    from alexnet_bench.cli import bench
    from alexnet_bench.show import report

    seconds, records = dict.fromkeys(PARTS, 0.0), 0

    def clocked(part: str, function: Callable[..., Any], *args: Any) -> Any:
        nonlocal records
        started = time.perf_counter()
        found = function(*args)
        seconds[part] += time.perf_counter() - started
        records = len(found[0]) if part == "reading" else records
        return found

    for part, names in PARTS.items():
        for name in names:
            setattr(report, name, partial(clocked, part, getattr(report, name)))
    bench.main(["report", *arguments], prog_name="bench", standalone_mode=False)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"records": records, "peak_mib": peak, **seconds}))


def _make_run(folder: Path, number: int) -> Path:
    run = manifest(
        f"run-{number}",
        variants={name: ["dropout"] * (name != "alexnet") for name in VARIANTS},
        ablations=_questions(),
        seeds=list(range(number * SEEDS, (number + 1) * SEEDS)),
        draws=DRAWS,
        rounds=ROUNDS,
        epochs=EPOCHS,
        test_images=IMAGES,
    )
    create_run(folder, _each_with_its_own_difference(run))
    rng = np.random.default_rng([17, number])
    (folder / "predictions").mkdir()
    records = [*_trials(folder, run.run_id, run.plan.seeds, rng), *_draws(run.run_id, rng)]
    append_rows(folder / RECORDS, records, AnyRecord, "make room")
    return folder


def _each_with_its_own_difference(run: Manifest) -> Manifest:
    """Variants that differ alike would be answers to one question."""
    variants = {
        name: replace(planned, difference=f"dropout {place}") if place else planned
        for place, (name, planned) in enumerate(run.plan.variants.items())
    }
    return replace(run, plan=replace(run.plan, variants=variants))


def _questions() -> list[dict[str, Any]]:
    arms = VARIANTS[1:]
    return [
        {
            "name": f"question-{first // ARMS_A_QUESTION}",
            "factor": "dropout",
            "control": "alexnet",
            "arms": arms[first : first + ARMS_A_QUESTION],
        }
        for first in range(0, len(arms), ARMS_A_QUESTION)
    ]


def _trials(folder: Path, run: str, seeds: tuple[int, ...], rng: np.random.Generator) -> Iterator[AnyRecord]:
    labels = rng.integers(0, 10, IMAGES)
    for seed in seeds:
        for place, name in enumerate(VARIANTS):
            right = rng.random(IMAGES) > 0.05 + 0.001 * place
            likeliest = (labels[:, None] + np.arange(5) + ~right[:, None]).astype("int16") % 10
            file = f"predictions/{name}-seed{seed}.npz"
            filters = rng.normal(size=(2, 3, 3, 1, 8)).astype("float32")
            np.savez_compressed(folder / file, labels=labels, likeliest=likeliest, filters=filters)
            curve = [
                curve_point(epoch, float(0.9 / epoch + rng.random() / 50)) for epoch in range(1, EPOCHS + 1)
            ]
            wrong = 1 - float(right.mean())
            yield trial(name, seed, wrong, run_id=run, epochs=EPOCHS, curve=curve, predictions=file)


def _draws(run: str, rng: np.random.Generator) -> Iterator[AnyRecord]:
    for number in range(DRAWS):
        for place, name in enumerate(VARIANTS):
            for mode in MODES:
                rates = list((30 + place / 10) * np.exp(rng.normal(0, 0.03, ROUNDS)))
                yield draw(name, number, rates, mode=mode, run_id=run, steady=True, flops_per_image=4 * 10**9)


if __name__ == "__main__":
    if sys.argv[1] == "--report":
        _run_report(sys.argv[2:])
    else:
        simulate(__doc__, measure, table)
