"""What a worker is told of a network, and what its record says of it."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alexnet_bench.environment import git_commit, versions
from alexnet_bench.runner.schedule import Network, Schedule


def network_request(schedule: Schedule, network: Network) -> dict[str, Any]:
    """The part of a request that says which network is meant."""
    return {
        "variant": network.variant.name,
        "ablations": [str(Path(folder).resolve()) for folder in schedule.settings.ablations],
        "topology": network.plan.topology.name,
        "recipe": asdict(network.recipe),
        "precision": schedule.settings.precision,
    }


def network_columns(schedule: Schedule, network: Network, run_id: str) -> dict[str, Any]:
    """The columns of a record that are known before anything is run."""
    return {
        "run_id": run_id,
        "variant": network.variant.name,
        "fingerprint": network.fingerprint,
        "topology": network.plan.topology.name,
        "classes": network.plan.classes,
        "recipe": network.recipe.name,
        "recipe_settings": asdict(network.recipe) | {"drops": list(network.recipe.drops)},
        "precision": schedule.settings.precision,
        "placement": network.variant.placement,
        "versions": versions(),
        "git_commit": git_commit(),
        "parameters": network.plan.parameters,
        "macs": network.plan.macs,
    }


def dataset_request(schedule: Schedule) -> str:
    """The data set as a worker opens it, its path made absolute."""
    name, colon, path = schedule.settings.dataset.partition(":")
    return f"{name}:{Path(path).expanduser().resolve()}" if colon else name


def device_count(network: Network) -> int:
    """The devices a variant needs: one a tower where they are split."""
    return network.variant.towers if network.variant.placement == "split" else 1


def now() -> str:
    """UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")
