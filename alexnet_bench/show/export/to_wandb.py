"""For Weights & Biases: a run of theirs a record, in one project."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alexnet_bench.errors import BenchError
from alexnet_bench.show.export.rows import PROJECT, Row
from alexnet_bench.words import told

# In the folder that W&B keeps of a run, once all of it was handed over.
DONE = "exported"


def write(folder: Path, rows: Sequence[Row]) -> tuple[str, int]:
    """Hand over what W&B has not yet; returns where, and how many records were handed over.

    Raises:
        BenchError: W&B does not take them.
    """
    import wandb

    project = os.environ.get("WANDB_PROJECT", PROJECT)
    try:
        kept = Path(wandb.setup().settings.wandb_dir)
        missing = [row for row in rows if not _is_known(kept, row)]
        for row in missing:
            _write_row(project, row)
    # What is wrong with its settings is a ValueError.
    except (wandb.Error, OSError, ValueError) as error:
        raise BenchError(
            f"W&B does not take the records ({told(error)}); `wandb login` first, or set WANDB_MODE=offline"
        ) from None
    return f"project {project}; what is kept of it here is in {kept}", len(missing)


def _is_known(kept: Path, row: Row) -> bool:
    """Whether a record was handed over from here; of one that was in part, nothing is left here."""
    places = [*kept.glob(f"run-*-{row.key}"), *kept.glob(f"offline-run-*-{row.key}")]
    if any((place / DONE).is_file() for place in places):
        return True
    for place in places:
        shutil.rmtree(place)
    return False


def _write_row(project: str, row: Row) -> None:
    import wandb

    # By its id W&B knows a run again, from wherever it is handed over, and takes no step twice.
    run: Any = wandb.init(
        project=project,
        id=row.key,
        name=row.name,
        group=row.group,
        job_type=row.kind,
        config={**row.parameters, "tags": row.tags},
        resume="allow",
        reinit="create_new",
        settings=wandb.Settings(
            silent=True, console="off", x_disable_stats=True, disable_git=True, disable_code=True
        ),
    )
    if run.disabled:
        raise BenchError("W&B is disabled; set WANDB_MODE to online or offline")
    for point in row.points:
        run.log(point.metrics, step=point.step)
    run.summary.update(row.outcome)
    place = Path(run.dir).parent
    run.finish(exit_code=0 if row.succeeded else 1)
    (place / DONE).touch()
