"""For TensorBoard: a folder a record, with its scalars and, for the HParams tab, what was chosen."""

import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from alexnet_bench.records.run_folder import writing
from alexnet_bench.show.export.rows import Row

FOLDER, DONE = "tensorboard", "exported"


def write(folder: Path, rows: Sequence[Row]) -> tuple[str, int]:
    """Write what is not there yet; returns how to look at it, and how many records were written."""
    added = sum(write_row(folder, row) for row in rows)
    return f"tensorboard --logdir {shlex.quote(str(folder / FOLDER))}", added


def write_row(folder: Path, row: Row) -> bool:
    """Write a record of a run, unless it is there; what was there of another record is replaced."""
    place = folder / FOLDER / row.name
    with writing(place):
        done = place / DONE
        if done.is_file() and done.read_text("utf-8") == row.key:
            return False
        shutil.rmtree(place, ignore_errors=True)
        _write_events(place, row)
        done.write_text(row.key, "utf-8")
    return True


def _write_events(place: Path, row: Row) -> None:
    # The writer above this one would load TensorFlow, for nothing.
    from tensorboard.summary.writer.record_writer import RecordWriter

    place.mkdir(parents=True)
    with (place / f"events.out.tfevents.{row.started:.0f}.{row.key}").open("wb") as file:
        writer = RecordWriter(file)
        for event in _events(row):
            writer.write(event.SerializeToString())
        writer.flush()


def _events(row: Row) -> Iterator[Any]:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.plugins.hparams import metadata

    begin, end = _session(row)
    yield Event(wall_time=row.started, file_version="brain.Event:2")
    yield Event(wall_time=row.started, summary=_hyperparameters(metadata.SESSION_START_INFO_TAG, begin))
    for point in row.points:
        yield Event(wall_time=point.at, step=point.step, summary=_scalars(point.metrics))
    last = row.points[-1].step if row.points else 0
    yield Event(wall_time=row.ended, step=last, summary=_scalars(row.outcome))
    yield Event(wall_time=row.ended, summary=_hyperparameters(metadata.SESSION_END_INFO_TAG, end))


def _scalars(metrics: Mapping[str, float]) -> Any:
    from tensorboard.compat.proto.summary_pb2 import Summary

    return Summary(value=[Summary.Value(tag=name, simple_value=value) for name, value in metrics.items()])


def _session(row: Row) -> tuple[Any, Any]:
    """What the HParams tab is told of a record as it starts, and as it ends."""
    from tensorboard.plugins.hparams.api_pb2 import Status
    from tensorboard.plugins.hparams.plugin_data_pb2 import (
        HParamsPluginData,
        SessionEndInfo,
        SessionStartInfo,
    )

    begin = SessionStartInfo(group_name=row.name, start_time_secs=row.started)
    for name, value in row.parameters.items():
        kind = {bool: "bool_value", str: "string_value"}.get(type(value), "number_value")
        setattr(begin.hparams[name], kind, value)
    status = Status.STATUS_SUCCESS if row.succeeded else Status.STATUS_FAILURE
    end = SessionEndInfo(status=status, end_time_secs=row.ended)
    return HParamsPluginData(session_start_info=begin), HParamsPluginData(session_end_info=end)


def _hyperparameters(tag: str, content: Any) -> Any:
    # What the tab's own module of summaries does, which loads TensorFlow.
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import metadata

    about = metadata.create_summary_metadata(content)
    return Summary(value=[Summary.Value(tag=tag, metadata=about, tensor=metadata.NULL_TENSOR)])
