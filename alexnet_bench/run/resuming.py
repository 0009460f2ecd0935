"""Going on with a run: with its own settings, and with the code and machine that it was begun with.

What is measured otherwise could not be averaged with what there is: it is refused before anything is done.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from alexnet_bench.environment import cpu_model, versions
from alexnet_bench.errors import RecordError
from alexnet_bench.network.trainable import Network
from alexnet_bench.records.manifest import Environment, read_manifest
from alexnet_bench.records.run_folder import sound_records
from alexnet_bench.records.schema import HEAD, AnyRecord, Draw, Trial
from alexnet_bench.run.run import planned_draws, resume_settings, trial_threads
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import LOCAL
from alexnet_bench.run.trust import is_known, remember
from alexnet_bench.words import joined
from alexnet_bench.worker.build_info import settings as settings_of


def resumed(
    folder: Path,
    seeds: int | None = None,
    ablations: Sequence[Path] = (),
    changed: Mapping[str, Any] | None = None,
) -> Schedule:
    """What a run that goes on has to do.

    Args:
        folder: of the run.
        seeds: more of them than it was planned with, where asked.
        ablations: the folders of ablation files that are executed, in place of those that the run names.
        changed: other settings in place of the run's own, which change no number.

    Raises:
        RecordError: the folder holds no run; it names ablation files that nobody here has asked to execute;
            or it was begun on another machine, with other libraries, or with networks of other code.
    """
    settings = resume_settings(folder, seeds, changed)
    if ablations:
        settings = replace(settings, ablations=tuple(map(str, ablations)))
        remember(settings.ablations)
    elif unknown := [name for name in settings.ablations if not is_known(name)]:
        options = " ".join(f"--ablations {name}" for name in settings.ablations)
        raise RecordError(
            f"{folder} names ablation files that no run of yours was given on this machine "
            f"({joined(unknown)}), and going on executes them; if you trust them, add {options}"
        )
    records = sound_records(folder)
    if records:
        _check_machine(folder)
    schedule = Schedule(
        settings,
        draws=planned_draws(folder),
        threads=trial_threads(folder),
        most_jobs=_most_jobs(folder, settings.executor),
    )
    _check_networks(folder, schedule, records)
    return schedule


def _most_jobs(folder: Path, executor: str) -> int | None:
    """How many trials at a time memory sufficed for; of another executor nobody knows."""
    begun = read_manifest(folder)
    return begun.plan.most_jobs if executor == begun.settings.get("executor", LOCAL) else None


def _check_machine(folder: Path) -> None:
    """Refuse another processor, other libraries and other settings than a run was begun with."""
    if found := list(_changes(read_manifest(folder).environment)):
        raise RecordError(
            f"{folder} was begun with {joined(found)}, and what is measured now could not be averaged with "
            "that; go on as it was begun, or start a new run"
        )


def _changes(before: Environment) -> Iterator[str]:
    yield from _differing({"processor": before.cpu}, {"processor": cpu_model()})
    yield from _differing(before.versions, versions())
    # Runs from before they were kept have none.
    if before.variables is not None:
        yield from _differing(before.variables, settings_of(os.environ))


def _check_networks(folder: Path, schedule: Schedule, records: Sequence[AnyRecord]) -> None:
    """Refuse a variant of other code, or trained otherwise, than its records are of."""
    of_trials = {
        (network.variant.name, network.precision): network
        for network in (schedule.networks if schedule.trains else ())
    }
    timed = schedule.timing.contenders if schedule.times else ()
    of_draws = {contender.key: contender.network for contender in timed}
    # The same networks come again and again.
    each = {(row.kind, row.variant, row.precision, row.batch_size, row.fingerprint): row for row in records}
    for record in each.values():
        network: Network | None = None
        if isinstance(record, Draw):
            network = of_draws.get((HEAD, record.variant, record.precision, record.batch_size))
        elif found := of_trials.get((record.variant, record.precision)):
            network = found.at_rate(record.recipe_settings["learning_rate"])
        if network and network.fingerprint != record.fingerprint:
            raise RecordError(_other_network(folder, record, network))


def _other_network(folder: Path, record: Trial | Draw, network: Network) -> str:
    """What is otherwise in a network than in that which a record is of."""
    planned = read_manifest(folder).plan.variants.get(record.variant)
    before, now = dict(record.recipe_settings), dict(network.recipe.settings)
    if planned:
        before["difference"], now["difference"] = planned.difference, network.variant.difference
    found = list(_differing({name: before.get(name) for name in now}, now))
    return (
        f"{folder} was begun with another {record.variant}: "
        f"{joined(found) if found else 'the code of it or of its blocks was changed'} (fingerprint "
        f"{record.fingerprint}, now {network.fingerprint}); bring back the former one, or start a new run"
    )


def _differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """The entries in which two tables differ, with both values."""
    for name in sorted({*before, *now}):
        then, today = before.get(name, "unset"), now.get(name, "unset")
        if then != today:
            yield f"{name} {then} (now {today})"
