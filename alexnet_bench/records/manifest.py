"""A run's manifest, `run.json`: what it set out to do, where and how."""

from pathlib import Path
from typing import Annotated, Any

import msgspec

from alexnet_bench.errors import RecordError, why_unwritable
from alexnet_bench.records.files import UNDECODABLE, is_there, reading, replacing
from alexnet_bench.records.schema import SCHEMA_VERSION

MANIFEST = "run.json"
MOST_BYTES = 2**28
# More of anything than a run can have.
_Count = Annotated[int, msgspec.Meta(ge=0, le=10**9)]
_Times = Annotated[int, msgspec.Meta(ge=0, le=10**6)]
_Bytes = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
# What is changed in a factorial.
_Changes = Annotated[tuple[str, ...], msgspec.Meta(min_length=2)]
_Amount = Annotated[float, msgspec.Meta(ge=0, le=1e30)]


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """The machine, what was installed on it, and how it was set."""

    cpu: str
    cores: _Count
    memory_bytes: _Bytes
    platform: str
    versions: dict[str, str]
    settings: dict[str, Any] = {}
    variables: dict[str, str] | None = None


class PlannedVariant(msgspec.Struct, frozen=True, kw_only=True):
    """How a variant differs from the paper's network: in words, and in which fields.

    `layers` are those that were trained, or else timed: by their names, what each does and its output. Older
    plans, and variants that are another one's twin, have none.
    """

    difference: str
    fields: tuple[str, ...] = ()
    layers: dict[str, str] = {}


class PlannedClaim(msgspec.Struct, frozen=True, kw_only=True):
    """What a report quotes of a claim; see `network.ablation.Claim`."""

    says: str
    source: str
    setup: str
    arm: str | None = None
    log_says: str = ""


class PlannedAblation(msgspec.Struct, frozen=True, kw_only=True):
    """An ablation that a run has arms of.

    `apart` where its control is not that of the others; `note` is what it says of the topology.
    """

    name: str
    factor: str
    control: str
    arms: tuple[str, ...]
    claims: tuple[PlannedClaim, ...] = ()
    apart: bool = False
    note: str = ""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What was to be measured: enough to report without the ablation files.

    What an older plan lacks is empty, or None where empty says something else.
    """

    kind: str = "run"
    preset: str = ""
    measures: tuple[str, ...] = ()
    control: str = ""
    controls: dict[str, str] = {}
    added_controls: tuple[str, ...] = ()
    control_given: str | None = None
    dataset: str = ""
    data_digest: str | None = None
    reading: _Count | None = None
    test_name: str | None = None
    test_images: _Count | None = None
    validation_images: _Count | None = None
    training_images: _Count | None = None
    class_names: tuple[str, ...] = ()
    folds: _Count | None = None
    topology: str = ""
    recipe: str = ""
    epochs: _Count = 0
    batch_size: _Count = 0
    seeds: tuple[_Count, ...] = ()
    looks: tuple[_Count, ...] = ()
    factorials: tuple[_Changes, ...] = ()
    half_factorials: tuple[_Changes, ...] = ()
    time_topology: str = ""
    time_batch_sizes: tuple[_Count, ...] = ()
    modes: tuple[str, ...] = ()
    draws: _Times = 0
    rounds: _Times = 0
    interval: _Amount | None = None
    budget_seconds: _Amount | None = None
    precisions: tuple[str, ...] = ()
    tune: str | None = None
    aliases: dict[str, str] = {}
    variants: dict[str, PlannedVariant] = {}
    timed: tuple[str, ...] | None = None
    same_step: dict[str, str] | None = None
    ablations: tuple[PlannedAblation, ...] = ()
    sides: dict[str, str | None] = {}
    most_jobs: Annotated[int, msgspec.Meta(ge=1, le=10**9)] | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is, and its plan; `settings` are those that it goes on with."""

    schema_version: int = SCHEMA_VERSION
    run_id: str
    command: str
    created_at: str
    git_commit: str | None = None
    environment: Environment
    settings: dict[str, Any] = {}
    plan: Plan


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest in one step, so that it is never half written.

    Raises:
        RecordError: it cannot be written.
    """
    path = folder / MANIFEST
    try:
        with replacing(path) as fresh:
            fresh.write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
    except OSError as error:
        raise RecordError(
            f"{path} cannot be written ({why_unwritable(error)}); make room, or give another folder"
        ) from None


def holds_run(folder: Path) -> bool:
    """Whether a folder holds what a run's has."""
    return is_there(folder / MANIFEST)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a run.

    Raises:
        RecordError: there is none, it is of a newer schema, damaged, or cannot be read.
    """
    path = folder / MANIFEST
    if not is_there(path):
        raise RecordError(f"{folder} holds no {MANIFEST}; give a folder that `bench run` wrote")
    with reading(path, MOST_BYTES) as file:
        text = file.read()
    try:
        found = msgspec.json.decode(text)
        version = found.get("schema_version", 0) if isinstance(found, dict) else 0
        if isinstance(version, int) and version > SCHEMA_VERSION:
            raise RecordError(f"{path} is of a newer schema than {SCHEMA_VERSION}; update alexnet-bench")
        return msgspec.convert(_brought_up_to_date(found), Manifest)
    except UNDECODABLE as error:
        raise RecordError(f"{path} is damaged: {error}; put a copy back, or measure anew") from None


def _brought_up_to_date(found: Any) -> Any:
    """Schema 1 had one batch size and one precision where there are lists now."""
    plan = found.get("plan") if isinstance(found, dict) else None
    for now, before in (("time_batch_sizes", "time_batch_size"), ("precisions", "precision")):
        if isinstance(plan, dict) and before in plan:
            plan.setdefault(now, [plan.pop(before)])
    return found
