"""What the commands do, for notebooks and scripts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
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


def run(variants: str | None = None, *, out: str | Path | None = None, **settings: Any) -> Path:
    """Train and time variants, and write a run folder with its report, as `bench run` does.

    Args:
        variants: names, globs, `@ablation`s and sums, comma-separated; by default the paper's four questions.
        out: the run folder; a new one under `results/runs` by default.
        settings: fields of `alexnet_bench.run.settings.Settings`, named as the command's options.

    Returns:
        The run folder; `read` gives its records.

    Raises:
        BenchError: something asked for cannot be used.
    """
    from alexnet_bench.run.observer import Observer
    from alexnet_bench.run.run import continue_run, start_run
    from alexnet_bench.run.schedule import Schedule
    from alexnet_bench.run.settings import Settings

    if variants is not None:
        settings["variants"] = variants
    schedule = Schedule(Settings(**settings))
    with run_folder(out) as folder:
        start_run(schedule, folder, f"alexnet_bench.run({schedule.settings.variants!r})")
        continue_run(schedule, folder, Observer())
        write_report(folder)
    return folder


def compare(
    *,
    base: str | None = None,
    base_python: str | Path | None = None,
    out: str | Path | None = None,
    **settings: Any,
) -> "pd.DataFrame":
    """Time this code against other code, slice by slice in one job, as `bench compare` does.

    Args:
        base: a revision of the repository in the current folder.
        base_python: another interpreter, with its own TensorFlow.
        out: the run folder; a new one under `results/runs` by default.
        settings: fields of `alexnet_bench.run.settings.Settings`; `variants` is `alexnet` by default.

    Returns:
        One row a variant and mode; `alexnet_bench.analysis.comparison.Comparison` says what its columns mean.

    Raises:
        BenchError: something asked for cannot be used.
    """
    from alexnet_bench.analysis.comparison import compare_sides

    settings = {"variants": "alexnet"} | settings
    timed = time_sides("alexnet_bench.compare()", settings, base=base, base_python=base_python, out=out)
    return _table(compare_sides(timed.records))


def gate(
    *,
    base: str | None = None,
    base_python: str | Path | None = None,
    out: str | Path | None = None,
    thresholds: Mapping[str, Any] | None = None,
    **settings: Any,
) -> "pd.DataFrame":
    """Decide whether this code is slower, bigger or later to start than its base, as `bench gate` does.

    No `pyproject.toml` is read, and no history is kept.

    Args:
        base, base_python, out, settings: as for `compare`; without a base, it is where this branch began.
        thresholds: the tolerances, as `[tool.alexnet-bench.gate.thresholds]` has it.

    Returns:
        One row a variant and quantity; `alexnet_bench.analysis.decision.Decision` says what its columns mean.

    Raises:
        BenchError: something asked for cannot be used.
    """
    from alexnet_bench.analysis.gate import decisions, enough
    from alexnet_bench.analysis.quantities import QUANTITIES, read_thresholds
    from alexnet_bench.run.effort import gate_effort
    from alexnet_bench.run.sides import merge_base, repository_at

    shares = read_thresholds(thresholds or {})
    if base is None and base_python is None:
        base = merge_base(repository_at(Path.cwd()))
    timed = time_sides(
        "alexnet_bench.gate()",
        {"variants": "alexnet"} | settings,
        base=base,
        base_python=base_python,
        out=out,
        effort=gate_effort,
        is_known=partial(enough, thresholds=shares),
        named=shares.named(QUANTITIES),
    )
    return _table(decisions(timed.records, shares, asked=timed.asked))


def write_report(*runs: str | Path, out: str | Path | None = None) -> Path:
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
    base_python: str | Path | None = None,
    alone: bool = False,
    out: str | Path | None,
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
