"""What the commands do, for notebooks and scripts."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alexnet_bench.errors import BenchError
from alexnet_bench.records.run_folder import run_folder

if TYPE_CHECKING:
    import pandas as pd

    from alexnet_bench.analysis.fit import Fit
    from alexnet_bench.analysis.gate import Asked
    from alexnet_bench.records.schema import Draw
    from alexnet_bench.run.observer import Observer
    from alexnet_bench.run.profile import Profiled
    from alexnet_bench.show.export import Exported
    from alexnet_bench.show.notebook import Run

Folder = str | os.PathLike[str]
Texts = str | Sequence[str]
# As of `bench run`, without loading what they are taken from.
_MEASURES, _MODES = ("accuracy", "throughput"), ("training", "inference")


def run(
    variants: str | None = None,
    *,
    control: str | None = None,
    measure: Texts = _MEASURES,
    preset: str = "quick",
    dataset: str = "digits",
    topology: str | None = None,
    recipe: str | None = None,
    batch_size: int | None = None,
    epochs: int | None = None,
    seeds: int | None = None,
    until_conclusive: bool = False,
    tune: str | None = None,
    time_topology: str = "alexnet-227",
    time_batch_size: int | Sequence[int] = (),
    time_threads: tuple[int, int] | None = None,
    mode: Texts = _MODES,
    interval: float | None = None,
    budget: float | None = None,
    precision: Texts = ("float32",),
    devices: str = "auto",
    jobs: int | None = None,
    trial_timeout: float | None = None,
    threads: int | None = None,
    executor: str = "local",
    ray_address: str | None = None,
    hosts: int | None = None,
    ablations: Folder | Sequence[Folder] = (),
    save_models: bool = False,
    out: Folder | None = None,
    progress: bool = True,
) -> "Run":
    """Train and time variants, and write a run folder with its report, as `bench run` does.

    Args:
        variants: names, globs, `@ablation`s and sums, comma-separated; by default the paper's four questions.
        control: what every variant is held against; by default the control of its ablation.
        measure: of `accuracy` and `throughput`, what to measure.
        preset: how much: `quick`, `standard` or `paper`.
        dataset: name, and path after a colon: `digits`, `cifar10`, `folder:PATH`…
        topology: of the accuracy trials; by default the data set's own.
        recipe: of the accuracy trials; by default the topology's own.
        batch_size, epochs: of the accuracy trials.
        seeds: accuracy trials of each variant, with seeds 0, 1, …
        until_conclusive: add seeds until every arm has a verdict, and no more than `seeds`.
        tune: `lr` to choose each variant's rate first; `lr-per-seed` to choose it for each seed anew.
        time_topology: of the throughput.
        time_batch_size: of the throughput; several make a sweep.
        time_threads: of TensorFlow's pools while timing, intra-op and inter-op.
        mode: of `training` and `inference`, what is timed.
        interval: half-width of every ratio's interval at which timing ends, as a share.
        budget: seconds that timing may take, and training if it goes on until it is conclusive.
        precision: `tf32`, or Keras dtype policies.
        devices: `auto`, `cpu` or `gpu`.
        jobs: trials at a time.
        trial_timeout: seconds that a trial may be silent for before it is ended as hanging.
        threads: of each trial on the CPU.
        executor: `local`, or on a cluster `ray` or `slurm`.
        ray_address: of a Ray cluster; by default one is started on this machine.
        hosts: that share the batches of a data-parallel variant, with `slurm`; one by default.
        ablations: further folders of ablation files; they are executed.
        save_models: keep the trained models.
        out: the run folder; a new one under `results/runs` by default.
        progress: show how it gets on: in a notebook one line, elsewhere a line a record on standard error.

    Returns:
        The run, with its records, effects, verdicts and figures.

    Raises:
        BenchError: something asked for cannot be used.
    """
    settings = _settings(locals())

    from alexnet_bench.run.observer import Observer
    from alexnet_bench.run.run import continue_run, start_run
    from alexnet_bench.run.schedule import Schedule
    from alexnet_bench.run.settings import Settings
    from alexnet_bench.show.notebook import Run
    from alexnet_bench.show.progress import make_progress

    schedule = Schedule(Settings(**settings))
    with run_folder(out) as folder:
        start_run(schedule, folder, f"alexnet_bench.run({schedule.settings.variants!r})")
        continue_run(schedule, folder, make_progress() if progress else Observer())
        write_report(folder)
    return Run(folder)


def open_run(folder: Folder) -> "Run":
    """A run that was made before, by `bench run` or by `run`.

    Raises:
        BenchError: the folder holds no run.
    """
    from alexnet_bench.show.notebook import Run

    return Run(folder)


def compare(
    *,
    base: str | None = None,
    base_python: Folder | None = None,
    variants: str = "alexnet",
    time_topology: str = "alexnet-227",
    time_batch_size: int | Sequence[int] = (),
    time_threads: tuple[int, int] | None = None,
    mode: Texts = _MODES,
    interval: float | None = None,
    budget: float | None = None,
    precision: Texts = ("float32",),
    devices: str = "auto",
    ablations: Folder | Sequence[Folder] = (),
    out: Folder | None = None,
) -> "pd.DataFrame":
    """Time this code against other code, slice by slice in one job, as `bench compare` does.

    Args:
        base: a revision of the repository in the current folder.
        base_python: another interpreter, with its own TensorFlow.
        variants: what to time, as for `run`.
        time_topology, time_batch_size, time_threads, mode, precision, devices, ablations: as for `run`.
        interval: half-width of every ratio's interval at which timing ends, as a share.
        budget: seconds that timing may take.
        out: the run folder; a new one under `results/runs` by default.

    Returns:
        One row a variant and mode; `alexnet_bench.analysis.comparison.Comparison` says what its columns mean.

    Raises:
        BenchError: something asked for cannot be used.
    """
    settings = _settings(locals())

    from alexnet_bench.analysis.comparison import compare_sides

    timed = time_sides("alexnet_bench.compare()", settings, base=base, base_python=base_python, out=out)
    return _table(compare_sides(timed.records))


def gate(
    *,
    base: str | None = None,
    base_python: Folder | None = None,
    variants: str = "alexnet",
    time_topology: str = "alexnet-227",
    time_batch_size: int | Sequence[int] = (),
    time_threads: tuple[int, int] | None = None,
    mode: Texts = _MODES,
    budget: float | None = None,
    precision: Texts = ("float32",),
    devices: str = "auto",
    ablations: Folder | Sequence[Folder] = (),
    thresholds: Mapping[str, Any] | None = None,
    out: Folder | None = None,
) -> "pd.DataFrame":
    """Decide whether this code is slower, bigger or later to start than its base, as `bench gate` does.

    No `pyproject.toml` is read, and no history is kept.

    Args:
        base: a revision of the repository in the current folder; without one, and without `base_python`, it
            is where this branch began.
        base_python: another interpreter, with its own TensorFlow.
        variants: what to gate, as for `run`.
        time_topology, time_batch_size, time_threads, mode, precision, devices, ablations: as for `run`.
        budget: seconds that timing may take.
        thresholds: the tolerances, as `[tool.alexnet-bench.gate.thresholds]` has it.
        out: the run folder; a new one under `results/runs` by default.

    Returns:
        One row a variant and quantity; `alexnet_bench.analysis.decision.Decision` says what its columns mean.

    Raises:
        BenchError: something asked for cannot be used.
    """
    settings = _settings(locals())

    from alexnet_bench.analysis.gate import decisions, enough
    from alexnet_bench.analysis.quantities import QUANTITIES, read_thresholds
    from alexnet_bench.run.effort import gate_effort
    from alexnet_bench.run.sides import merge_base, repository_at

    shares = read_thresholds(thresholds or {})
    if base is None and base_python is None:
        base = merge_base(repository_at(Path.cwd()))
    timed = time_sides(
        "alexnet_bench.gate()",
        settings,
        base=base,
        base_python=base_python,
        out=out,
        effort=gate_effort,
        is_known=partial(enough, thresholds=shares),
        named=shares.named(QUANTITIES),
    )
    return _table(decisions(timed.records, shares, asked=timed.asked))


def claims(*runs: Folder, ablations: Folder | Sequence[Folder] = ()) -> "pd.DataFrame":
    """Hold the paper's claims against what runs measured, as `bench claims` does.

    Args:
        runs: run folders; of none, the claims alone.
        ablations: further folders of ablation files, with claims of their own; they are executed.

    Returns:
        One row a claim and setting; `alexnet_bench.analysis.claims.Entry` says what its columns mean.

    Raises:
        BenchError: a folder holds no run.
    """
    from alexnet_bench.network.registry import load_registry
    from alexnet_bench.show.claims import read_ledger

    folders = [ablations] if isinstance(ablations, str | os.PathLike) else ablations
    return read_ledger(load_registry(map(Path, folders)), [Path(run) for run in runs])


def history(file: Folder = "results/history.jsonl") -> "pd.DataFrame":
    """What gates measured, over commits, as `bench history` shows it.

    Args:
        file: that `bench gate` adds to.

    Returns:
        One row an entry, in order of time; results/README.md says what its columns mean.

    Raises:
        BenchError: there is no such file, or it is damaged.
    """
    import msgspec
    import pandas as pd

    from alexnet_bench.records.history import COLUMNS, read_history

    rows = msgspec.to_builtins(read_history(Path(file)))
    return pd.DataFrame(rows, columns=[column.name for column in COLUMNS])


def export(run: Folder, to: str) -> "Exported":
    """Give a run's records to another tool, as `bench export` does; what it has already is left as it is.

    Args:
        run: a run folder.
        to: `mlflow`, `tensorboard` or `wandb`.

    Returns:
        Where to look at them, and how many were added.

    Raises:
        BenchError: the tool is unknown or not installed, or does not take the records.
    """
    from alexnet_bench.show import export as exporting

    return exporting.export(Path(run), to)


def profile(
    variant: str,
    *,
    topology: str = "alexnet-227",
    batch_size: int | None = None,
    steps: int = 10,
    mode: str = "training",
    precision: str = "float32",
    devices: str = "auto",
    ablations: Folder | Sequence[Folder] = (),
    out: Folder | None = None,
) -> "Profiled":
    """Take a variant's step apart, by layer and by operation, as `bench profile` does.

    Args:
        variant: the name of one, or a sum.
        topology: scale of the network.
        batch_size: images a step; by default 16, on GPUs 128.
        steps: that are traced.
        mode: `training` or `inference`.
        precision, devices, ablations: as for `run`.
        out: folder for the trace; a new one under `results/profiles` by default.

    Returns:
        The profile and the folder of the trace, which XProf and TensorBoard's Profile tab open.

    Raises:
        BenchError: something asked for cannot be used.
    """
    from alexnet_bench.run.profile import profile_variant
    from alexnet_bench.run.settings import Settings

    asked: dict[str, Any] = {
        "variants": variant,
        "measure": "throughput",
        "time_topology": topology,
        "time_batch_size": batch_size,
        "mode": mode,
        "precision": precision,
        "devices": devices,
        "ablations": ablations,
    }
    return profile_variant(Settings(**asked), steps, None if out is None else Path(out))


def write_report(*runs: Folder, out: Folder | None = None) -> Path:
    """Write tables, plots and page from the records of runs, and return the page.

    Args:
        runs: run folders.
        out: where to; the first run's `report` folder by default.
    """
    from alexnet_bench.show import report

    if not runs:
        raise BenchError("there is nothing to report; give at least one folder that `bench run` wrote")
    folders: Sequence[Path] = [Path(folder) for folder in runs]
    return report.write_report(folders, Path(out) if out is not None else folders[0] / "report")


@dataclass(frozen=True, kw_only=True)
class Timed:
    """All draws, what head is held against if anything, the run folder, and what was to be timed."""

    records: "list[Draw]"
    against: str
    run: Path
    asked: "list[Asked]"


def time_sides(
    command: str,
    settings: dict[str, Any],
    *,
    base: str | None = None,
    base_python: Folder | None = None,
    alone: bool = False,
    out: Folder | None,
    root: Path = Path(),
    watched: "Callable[[Path], AbstractContextManager[Observer]] | None" = None,
    **how: Any,
) -> Timed:
    """Time the code of base and head, or that of head `alone`, into the folder that `run_folder` gives.

    What is `watched` lasts as long as timing does; `how` is what `run.compare.compare` takes besides.
    """
    from alexnet_bench.records.schema import BASE
    from alexnet_bench.run import compare as comparison
    from alexnet_bench.run.observer import Observer
    from alexnet_bench.run.settings import Settings
    from alexnet_bench.run.sides import compared_sides, own_side

    typed = Settings(**(settings | {"measure": "throughput"}))
    python = Path(base_python) if base_python is not None else None
    opened = nullcontext(own_side(typed)) if alone else compared_sides(typed, base=base, base_python=python)
    asked: list[Asked] = []
    with (
        run_folder(out, root) as folder,
        watched(folder) if watched else nullcontext(Observer()) as observer,
        opened as (compared, sides),
    ):
        records = comparison.compare(
            compared,
            sides,
            folder,
            command,
            on_planned=lambda draws: observer.planned(0, 0, draws),
            on_record=observer.recorded,
            on_event=observer.timing,
            on_asked=asked.extend,
            **how,
        )
        revision = sides[BASE].revision if BASE in sides else None
    against = " with ".join(filter(None, (revision, str(python or ""))))
    return Timed(records=records, against=against, run=folder, asked=asked)


def _settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """Of what a function was given, the settings; those that are None are left to the defaults."""
    from alexnet_bench.run.settings import Settings

    return {item.name: given[item.name] for item in fields(Settings) if given.get(item.name) is not None}


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """Which variant suits a data set: the run folder, the answer as data, and in sentences."""

    run: Path
    answer: "Fit"
    sentences: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.sentences)


def fit(
    path: str | Path,
    *,
    budget: float = 1800.0,
    variants: str = "no-lrn,no-dropout,tanh,single-tower",
    devices: str = "auto",
    ablations: str | Path | Sequence[str | Path] = (),
    out: str | Path | None = None,
) -> Fitted:
    """Say which variant suits a folder of photographs, or another data set, as `bench fit` does.

    Args:
        path: the folder, or a data set as `--dataset` has it.
        budget: seconds for all of it.
        variants: the candidates, each held against `alexnet`.
        devices: `auto`, `cpu` or `gpu`.
        ablations: further folders of ablation files; they are executed.
        out: the run folder; a new one under `results/runs` by default.

    Raises:
        BenchError: something asked for cannot be used.
    """
    from alexnet_bench.analysis.fit import fit as answer_of
    from alexnet_bench.records.manifest import read_manifest
    from alexnet_bench.run.fit import plan_fit
    from alexnet_bench.run.observer import Observer
    from alexnet_bench.run.run import continue_run, start_run
    from alexnet_bench.show.fit import sentences

    planned = plan_fit(path, budget=budget, variants=variants, devices=devices, ablations=ablations)
    with run_folder(out) as folder:
        start_run(planned.schedule, folder, "alexnet_bench.fit()")
        records = continue_run(planned.schedule, folder, Observer())
        write_report(folder)
    answer = answer_of(records, read_manifest(folder), folder)
    return Fitted(run=folder, answer=answer, sentences=tuple(sentences(answer)))


def _table(rows: Iterable[Any]) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame([asdict(row) for row in rows])
