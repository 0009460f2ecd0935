"""For MLflow: a run of its a record, in one experiment."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from alexnet_bench.errors import BenchError
from alexnet_bench.show.export.rows import PROJECT, Row
from alexnet_bench.words import told

# The tag by which a record is found again.
KEY = "alexnet_bench.record"
# What MLflow takes at a time, and of a text.
_AT_ONCE, _LONGEST = 100, 500


def write(folder: Path, rows: Sequence[Row]) -> tuple[str, int]:
    """Write what MLflow has not yet; returns where, and how many records were written.

    Raises:
        BenchError: MLflow does not take them.
    """
    import mlflow
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient

    # A server that is not there is told of in seconds, not in minutes.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME", PROJECT)
    try:
        client = MlflowClient()
        experiment = _experiment(client, name)
        known = _known(client, experiment)
        missing = [row for row in rows if row.key not in known]
        for row in missing:
            _write_row(client, experiment, row)
    except (MlflowException, OSError) as error:
        raise BenchError(
            f"MLflow does not take the records ({told(error)}); set MLFLOW_TRACKING_URI to where it does"
        ) from None
    return f"experiment {name} at {mlflow.get_tracking_uri()}", len(missing)


def _experiment(client: Any, name: str) -> str:
    found = client.get_experiment_by_name(name)
    if found is None:
        return str(client.create_experiment(name))
    if found.lifecycle_stage != "active":
        raise BenchError(
            f"MLflow's experiment '{name}' is deleted; restore it, or set MLFLOW_EXPERIMENT_NAME"
        )
    return str(found.experiment_id)


def _known(client: Any, experiment: str) -> set[str]:
    """The records that are there whole; what an export that was ended left half written is deleted."""
    known = set()
    for run in _runs(client, experiment):
        if run.info.status == "RUNNING":
            client.delete_run(run.info.run_id)
        else:
            known.add(run.data.tags[KEY])
    return known


def _runs(client: Any, experiment: str) -> Iterator[Any]:
    token = None
    while True:
        page = client.search_runs([experiment], f"tags.`{KEY}` LIKE '%'", page_token=token)
        yield from page
        if not (token := page.token):
            return


def _write_row(client: Any, experiment: str, row: Row) -> None:
    from mlflow.entities import Metric, Param

    tags = row.tags | {KEY: row.key, "alexnet_bench.kind": row.kind}
    run = client.create_run(
        experiment,
        start_time=_milliseconds(row.started),
        tags={name: value[:_LONGEST] for name, value in tags.items()},
        run_name=row.name,
    ).info.run_id
    last = row.points[-1].step if row.points else 0
    metrics = [
        Metric(name, value, _milliseconds(point.at), point.step)
        for point in row.points
        for name, value in point.metrics.items()
    ]
    metrics += [Metric(name, value, _milliseconds(row.ended), last) for name, value in row.outcome.items()]
    parameters = [Param(name, str(value)[:_LONGEST]) for name, value in row.parameters.items()]
    for at in range(0, len(metrics), _AT_ONCE):
        client.log_batch(run, metrics=metrics[at : at + _AT_ONCE])
    for at in range(0, len(parameters), _AT_ONCE):
        client.log_batch(run, params=parameters[at : at + _AT_ONCE])
    client.set_terminated(run, "FINISHED" if row.succeeded else "FAILED", end_time=_milliseconds(row.ended))


def _milliseconds(seconds: float) -> int:
    return round(1000 * seconds)
