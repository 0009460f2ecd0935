"""Complete records to start from."""

import msgspec

from alexnet_bench.records.schema import AnyRecord

BOTH = {
    "run_id": "run-a",
    "variant": "alexnet",
    "fingerprint": "0123456789ab",
    "topology": "alexnet-8",
    "classes": 10,
    "recipe": "paper",
    "recipe_settings": {"learning_rate": 0.01},
    "precision": "float32",
    "batch_size": 32,
    "placement": "one-device",
    "device": "a processor",
    "threads": 2,
    "versions": {"python": "3.12.1"},
    "parameters": 1000,
    "macs": 2000,
    "status": "ok",
    "started_at": "2026-01-02T03:04:05+00:00",
    "duration_seconds": 1.5,
}
TRIAL = {"dataset": "digits", "seed": 0, "purpose": "result", "epochs": 2, "tuned": False, "curve": []}
DRAW = {
    "mode": "training",
    "draw": 0,
    "round_ids": [0, 1],
    "slice_steps": [4, 4],
    "slice_seconds": [0.5, 0.25],
    "slice_started_at": [1.0, 2.0],
}


def values(kind="trial", **changes):
    """A record as JSON has it, with the columns alone that it must have and those that are given."""
    return BOTH | (TRIAL if kind == "trial" else DRAW) | {"kind": kind} | changes


def record(kind="trial", **changes):
    """A record that fits the schema."""
    return msgspec.convert(values(kind, **changes), AnyRecord)
