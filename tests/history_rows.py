"""Rows of a made-up history."""

import json

import msgspec
import numpy as np

from alexnet_bench.records.history import SCHEMA_VERSION, Entry


def row(number, speed=6000.0, ratio=1.0, half_width=0.004, **changes):
    """The row of the commit of a number, gated against the one before, as JSON has it."""
    return {
        "schema_version": SCHEMA_VERSION,
        "time": f"2026-{1 + number // 28:02}-{1 + number % 28:02}T03:04:05+00:00",
        "commit": commit(number),
        "base": commit(number - 1),
        "variant": "alexnet",
        "fingerprint": "0123456789ab",
        "topology": "alexnet-32",
        "batch_size": 128,
        "precision": "float32",
        "mode": "training",
        "device": "AMD EPYC",
        "threads": 2,
        "thread_pools": "2x2",
        "placement": "one-device",
        "versions": {"tensorflow": "2.21.0"},
        "base_versions": {"tensorflow": "2.21.0"},
        "draws": 8,
        "images_per_second": 1200.0,
        "yardstick_flops_per_second": 2e11,
        "images_per_teraflop": speed,
        "pairs": 8,
        "ratio": ratio,
        "low": ratio * (1 - half_width),
        "high": ratio * (1 + half_width),
        "decision": "pass",
        **changes,
    }


def entry(*arguments, **changes):
    """The same as it is read."""
    return msgspec.convert(row(*arguments, **changes), Entry)


def commit(number):
    return f"c{number:03}"


def speeds(count, *, deviation=0.01, step=0.0, at=None, seed=0):
    """Speeds against the yardstick that scatter, and lose a share from an entry on."""
    noise = np.random.default_rng(seed).normal(0, deviation, count)
    loss = np.log1p(-step) * (np.arange(count) >= (count if at is None else at))
    return [float(speed) for speed in 6000 * np.exp(noise + loss)]


def write(file, rows):
    file.write_text("".join(json.dumps(item) + "\n" for item in rows), encoding="utf-8")
    return file
