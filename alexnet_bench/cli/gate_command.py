"""`bench gate`."""

import json
import math
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import click

from alexnet_bench.cli import options as shared
from alexnet_bench.cli.exits import DONE, FINDING, NOTHING_MEASURED

EXAMPLE = """\b
Examples:
  bench gate
  bench gate --base HEAD~1 --variants alexnet,no-lrn --budget 5m
  bench gate --quick --base main --markdown comment.md --junit gate.xml
  bench gate --base-python old-tensorflow/bin/python
"""
QUICK = {"time_topology": "alexnet-32", "time_batch_size": (128,), "mode": "training", "budget": 45.0}
QUICK_THRESHOLD = 0.03


class _ProjectDefaults(click.Command):
    """A command whose defaults are those of the project's `pyproject.toml`, then its own."""

    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **extra: Any) -> click.Context:
        """Read the project's defaults before the options are."""
        from alexnet_bench.gating.settings import read_settings

        settings = read_settings(Path("pyproject.toml"))
        extra["default_map"] = dict(settings.options)
        context = super().make_context(info_name, args, *rest, **extra)
        context.obj = settings
        return context


@click.command(cls=_ProjectDefaults, epilog=EXAMPLE)
@click.option(
    "--base",
    metavar="REV",
    help="A revision of the repository in the current folder; by default, where this branch began.",
)
@click.option(
    "--base-python",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Another Python interpreter, with its own TensorFlow, for the base.",
)
@click.option("--variants", default="alexnet", show_default=True, help="What to gate, as for `bench run`.")
@shared.time_topology
@shared.time_batch_size
@shared.time_threads
@shared.mode
@shared.precision
@shared.devices
@shared.ablations
@click.option("--budget", type=shared.SECONDS, help="Time for no longer than this; 2m by default.")
@click.option(
    "--quick",
    is_flag=True,
    help="Under a minute: training at 32 pixels, for losses of 3%.",
)
@click.option("--strict", is_flag=True, help="Leave with 3 where something cannot be told.")
@click.option("--markdown", type=click.Path(path_type=Path), help="Write a table for a pull request.")
@click.option("--junit", type=click.Path(path_type=Path), help="Write JUnit XML.")
@click.option(
    "--github-benchmark",
    type=click.Path(path_type=Path),
    help="Write JSON for github-action-benchmark (customBiggerIsBetter).",
)
@click.option("--bencher", type=click.Path(path_type=Path), help="Write Bencher's metric format.")
@click.option(
    "--history",
    default="results/history.jsonl",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Add what was measured to this file, for `bench history`.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Run folder; results/runs/TIME by default.")
@shared.as_json
@click.pass_context
def command(
    context: click.Context,
    base: str | None,
    base_python: Path | None,
    quick: bool,
    strict: bool,
    markdown: Path | None,
    junit: Path | None,
    github_benchmark: Path | None,
    bencher: Path | None,
    history: Path,
    out: Path | None,
    as_json: bool,
    **options: Any,
) -> int:
    """Decide whether this code is slower, bigger or later to start than its base.

    Both are timed slice by slice in one job. What may be lost is set in pyproject.toml, under
    [tool.alexnet-bench.gate]. Exit codes: 0 nothing regressed, 1 something did, 3 nothing could be measured.
    """
    from alexnet_bench.cli.sides import time_sides
    from alexnet_bench.gating import formats
    from alexnet_bench.gating.history import append_history, make_rows
    from alexnet_bench.gating.quantities import Thresholds
    from alexnet_bench.gating.together import decisions, enough
    from alexnet_bench.runner.gate import gate_effort

    settings = context.obj
    thresholds: Thresholds = settings.thresholds
    if quick:
        options |= {name: value for name, value in QUICK.items() if not _was_given(context, name)}
        thresholds = Thresholds(
            general={"training": QUICK_THRESHOLD, "start-up": None} | dict(thresholds.general),
            own=thresholds.own,
        )
    if base is None and base_python is None:
        base = _merge_base()
    records, against, folder = time_sides(
        options | {"measure": ("throughput",)},
        base=base,
        base_python=base_python,
        out=out,
        quiet=as_json,
        effort=gate_effort,
        is_known=partial(enough, thresholds=thresholds),
    )
    rows = decisions(records, thresholds, settings.false_alarms)
    writers: list[tuple[Path | None, Callable[[], str]]] = [
        (markdown, lambda: formats.markdown(rows, against)),
        (junit, lambda: formats.junit(rows)),
        (github_benchmark, lambda: formats.github_benchmark(rows)),
        (bencher, lambda: formats.bencher(rows)),
    ]
    for file, render in writers:
        if file is not None:
            _write(file, render())
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        _write(Path(summary), formats.markdown(rows, against), append=True)
    if as_json:
        shown = [
            {
                name: None if isinstance(value, float) and math.isnan(value) else value
                for name, value in row.items()
            }
            for row in map(asdict, rows)
        ]
        print(json.dumps({"run": str(folder), "against": against, "decisions": shown}))
    else:
        from alexnet_bench.cli.tables import print_table

        print_table(*formats.terminal(rows))
        print(f"\nAgainst {against}: {formats.standing(rows)}. Records: {folder}")
    append_history(history, make_rows(records, rows))
    return _exit_code(rows, strict)


def _was_given(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT


def _merge_base() -> str:
    from alexnet_bench.runner.base import merge_base, repository_at

    return merge_base(repository_at(Path.cwd()))


def _write(file: Path, text: str, append: bool = False) -> None:
    from alexnet_bench.errors import RecordError

    try:
        with file.open("a" if append else "w", encoding="utf-8") as place:
            place.write(text)
    except OSError as error:
        raise RecordError(f"{file} cannot be written ({error.strerror}); give another") from None


def _exit_code(rows: Sequence[Any], strict: bool) -> int:
    from alexnet_bench.stats.gate import NOT_COMPARABLE, REGRESSED
    from alexnet_bench.stats.verdict import INCONCLUSIVE

    if any(row.decision == REGRESSED for row in rows):
        return FINDING
    if not any(row.measured for row in rows):
        print("Warning: nothing could be measured, so that nothing is decided", file=sys.stderr)
        return NOTHING_MEASURED
    untold = [row for row in rows if row.decision in (INCONCLUSIVE, NOT_COMPARABLE)]
    for row in untold:
        print(f"Warning: {row.variant}, {row.label}: {row.decision} {row.note}".rstrip(), file=sys.stderr)
    return NOTHING_MEASURED if untold and strict else DONE
