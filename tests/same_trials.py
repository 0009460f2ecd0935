"""What two runs found, to be held against one another: all but times, what they took, and the revision."""

import msgspec
import numpy as np

from alexnet_bench.records.run_folder import run_records

OF_THE_RUN = ("run_id", "git_commit", "started_at", "duration_seconds", "peak_memory_bytes")


def found(folder):
    """The records of a run in an order of their own, each with its predictions, as plain values."""
    rows = msgspec.to_builtins(run_records(folder))
    for row in rows:
        for name in OF_THE_RUN:
            del row[name]
        for epoch in row["curve"]:
            del epoch["seconds"]
        if row["predictions"]:
            with np.load(folder / row["predictions"]) as file:
                row["predictions"] = {name: file[name].tolist() for name in file}
    return sorted(rows, key=lambda row: (row["variant"], row["seed"], str(row["recipe_settings"])))
