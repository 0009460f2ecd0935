"""Throw-away runs: manifests, records, folders."""

import msgspec

from alexnet_bench.analysis.effects import effects
from alexnet_bench.records.manifest import Manifest
from alexnet_bench.records.run_folder import add_record, create_run
from alexnet_bench.records.schema import AnyRecord, Draw, Epoch, Trial

DEVICE = "AMD EPYC 9R14 96-Core Processor"
VERSIONS = {"python": "3.12.1", "tensorflow": "2.21.0", "keras": "3.15.1"}
LRN_CLAIM = {
    "says": "LRN lowers top-1 error by 1.4 points",
    "source": "Krizhevsky et al. 2012, section 3.3",
    "setup": "ImageNet",
}
CRASHED = {"status": "crashed", "error": "no", "round_ids": [], "slice_steps": [], "slice_seconds": []}


def manifest(run_id="run-a", control="alexnet", variants=None, **plan):
    """The manifest of a run of alexnet and no-lrn, or of the variants given as `{name: fields}`."""
    fields = {"alexnet": [], "no-lrn": ["normalization"]} if variants is None else variants
    return msgspec.convert(
        {
            "schema_version": 1,
            "run_id": run_id,
            "command": "bench run --variants @lrn",
            "created_at": "2026-01-02T03:04:05+00:00",
            "git_commit": "0123456789abcdef",
            "environment": {
                "cpu": "EPYC 9R14",
                "cores": 2,
                "memory_bytes": 8 * 2**30,
                "platform": "Linux",
                "versions": VERSIONS,
            },
            "plan": {
                "preset": "quick",
                "measures": ["accuracy", "throughput"],
                "control": control,
                "dataset": "digits",
                "test_name": "test",
                "topology": "alexnet-8",
                "recipe": "paper",
                "epochs": 2,
                "batch_size": 32,
                "seeds": [0, 1, 2],
                "time_topology": "alexnet-227",
                "time_batch_sizes": [16],
                "draws": 2,
                "rounds": 2,
                "precisions": ["float32"],
                "tune": None,
                "aliases": {"lrn": "alexnet"} if {"alexnet", "lrn"} <= fields.keys() else {},
                "variants": {
                    name: {
                        "difference": ", ".join(f"{field} other" for field in names) or "the paper's",
                        "fields": names,
                    }
                    for name, names in fields.items()
                },
                "ablations": [
                    {
                        "name": "lrn",
                        "factor": "normalization",
                        "control": "lrn",
                        "arms": ["no-lrn"],
                        "claims": [LRN_CLAIM],
                    }
                ],
                **plan,
            },
        },
        Manifest,
    )


def trial(variant, seed, wrong=0.03, **changes):
    """A trial with a share `wrong` of test images wrong; the other errors follow from it."""
    wrong = float(wrong)
    values = {
        "variant": variant,
        "fingerprint": f"print-of-{'alexnet' if variant == 'lrn' else variant}",
        "topology": "alexnet-8",
        "batch_size": 32,
        "dataset": "digits",
        "seed": seed,
        "purpose": "result",
        "epochs": 2,
        "tuned": False,
        "test_top1_error": wrong,
        "validation_top1_error": wrong,
        "train_error": wrong / 2,
        "loss": 0.1,
        "curve": [curve_point(1, 0.5), curve_point(2, wrong)],
        **changes,
    }
    return msgspec.convert({"kind": "trial", **_environment(), **values}, Trial)


def trials(variant, *shares, **changes):
    """A trial a share, of seeds from 0 on."""
    return [trial(variant, seed, share, **changes) for seed, share in enumerate(shares)]


def curve_point(epoch, error):
    return Epoch(
        epoch=epoch,
        learning_rate=0.01,
        loss=0.1,
        train_error=error,
        validation_top1_error=error,
        seconds=1.0,
    )


def draw(variant, number, rates, rounds=None, mode="training", **changes):
    """A draw whose slices ran at `rates` images a second in rounds of its own, or in those given."""
    steps, batch, rates = 4, changes.get("batch_size", 16), [float(rate) for rate in rates]
    values = {
        "variant": variant,
        "fingerprint": f"print-of-{'alexnet' if variant == 'lrn' else variant}-227",
        "topology": "alexnet-227",
        "batch_size": batch,
        "mode": mode,
        "draw": number,
        "round_ids": rounds or [number * len(rates) + index for index in range(len(rates))],
        "slice_steps": [steps] * len(rates),
        "slice_seconds": [steps * batch / rate for rate in rates],
        "slice_started_at": [0.0] * len(rates),
        "images_per_second": len(rates) / sum(1 / rate for rate in rates) if rates else None,
        **changes,
    }
    return msgspec.convert({"kind": "draw", **_environment(), **values}, Draw)


def accuracy(names=("alexnet", "no-lrn"), seeds=2):
    """Trials of several variants, each worse than the one before."""
    return [
        trial(name, seed, 0.02 + 0.01 * index + 0.002 * seed * (index + 1))
        for index, name in enumerate(names)
        for seed in range(seeds)
    ]


def draws(variant, *rates, **changes):
    """A draw a rate, its two slices at that rate."""
    return [draw(variant, number, [rate, rate], **changes) for number, rate in enumerate(rates)]


def timing(names=("alexnet", "no-lrn"), draws=2):
    """Draws of several variants in both modes, each faster than the one before."""
    return [
        draw(name, number, [10.0 + index, 11.0 + index * (1 + 0.1 * number)], mode=mode)
        for index, name in enumerate(names)
        for number in range(draws)
        for mode in ("training", "inference")
    ]


def failed_trial(variant, seed, status="diverged", error="the loss is not a number"):
    return trial(
        variant,
        seed,
        status=status,
        error=error,
        test_top1_error=None,
        validation_top1_error=None,
        train_error=None,
        loss=None,
        curve=[msgspec.structs.replace(curve_point(1, 0.9), loss=None)],
    )


def changed(records, **changes):
    """Records with some of their values changed."""
    return [msgspec.structs.replace(record, **changes) for record in records]


def in_run(records, run_id="run-a"):
    """Records as they are read, of one run unless they say otherwise."""
    named = (msgspec.structs.replace(record, run_id=record.run_id or run_id) for record in records)
    return [msgspec.json.decode(msgspec.json.encode(record), type=AnyRecord) for record in named]


def effect_rows(records, runs=None, folders=None, **where):
    """The rows of a report's effects in which these columns have these values."""
    found = effects(in_run(records), runs or [manifest()], folders)
    for column, value in where.items():
        found = found[found[column] == value]
    return list(found.itertuples())


def write_run(folder, records, run=None):
    """A run folder."""
    run = run or manifest()
    create_run(folder, run)
    for record in records:
        add_record(folder, msgspec.structs.replace(record, run_id=run.run_id))
    return folder


def _environment():
    return {
        "run_id": "",
        "classes": 10,
        "recipe": "paper",
        "recipe_settings": {"learning_rate": 0.01},
        "precision": "float32",
        "placement": "one-device",
        "device": DEVICE,
        "threads": 2,
        "versions": VERSIONS,
        "git_commit": None,
        "parameters": 60_965_224,
        "macs": 724_000_000,
        "status": "ok",
        "error": None,
        "started_at": "2026-01-02T03:04:05+00:00",
        "duration_seconds": 1.5,
        "peak_memory_bytes": 2 * 2**30,
    }
