"""What a gate found, on the terminal and in files."""

import json
import math
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alexnet_bench.analysis.decision import Decision
    from alexnet_bench.cli.gate_ways import Found

FILES = ("markdown", "junit", "github_benchmark", "bencher")


def write_files(found: "Found", files: Mapping[str, Path | None]) -> None:
    """Write what was asked for, and a job's summary where there is one.

    Args:
        found: decisions, and what against.
        files: by name, those of `FILES`; None where it is not wanted.

    Raises:
        RecordError: a file cannot be written.
    """
    from alexnet_bench.show import gate as formats

    rendered = {
        "markdown": lambda: formats.markdown(found.rows, found.against),
        "junit": lambda: formats.junit(found.rows),
        "github_benchmark": lambda: formats.github_benchmark(found.rows),
        "bencher": lambda: formats.bencher(found.rows),
    }
    for name, file in files.items():
        if file is not None:
            _write(file, rendered[name]())
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        _write(Path(summary), rendered["markdown"](), append=True)


def warn(rows: Iterable["Decision"]) -> None:
    """Say what could not be told, and why."""
    from alexnet_bench.stats.gate import UNTOLD

    rows = list(rows)
    for row in rows:
        if row.decision in UNTOLD:
            told = ": ".join(filter(None, (row.decision, row.note)))
            print(f"Warning: {row.variant}, {row.label}: {told}", file=sys.stderr)
    if not any(row.measured for row in rows):
        print("Warning: nothing could be measured, so that nothing is decided", file=sys.stderr)


def show(found: "Found", as_json: bool) -> None:
    """Print the decisions."""
    from alexnet_bench.show import gate as formats

    if as_json:
        decisions = [
            {
                name: None if isinstance(value, float) and math.isnan(value) else value
                for name, value in asdict(row).items()
            }
            for row in found.rows
        ]
        run = None if found.run is None else str(found.run)
        print(json.dumps({"run": run, "against": found.against, "decisions": decisions}))
        return
    from alexnet_bench.cli.tables import print_table

    print_table(*formats.terminal(found.rows))
    records = "" if found.run is None else f" Records: {found.run}"
    print(f"\nAgainst {found.against}: {formats.standing(found.rows)}.{records}")


def _write(file: Path, text: str, append: bool = False) -> None:
    from alexnet_bench.errors import RecordError

    try:
        with file.open("a" if append else "w", encoding="utf-8") as place:
            place.write(text)
    except OSError as error:
        raise RecordError(f"{file} cannot be written ({error.strerror}); give another") from None
