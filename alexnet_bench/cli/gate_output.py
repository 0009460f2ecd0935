"""What a gate found, on the terminal and in files."""

import json
import math
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from alexnet_bench.words import plain

if TYPE_CHECKING:
    from alexnet_bench.cli.gate_ways import Found

FILES = ("markdown", "junit", "github_benchmark", "bencher")


def write_files(found: "Found", files: Mapping[str, Path | None]) -> bool:
    """Write what was asked for, and return whether all of it could be written.

    Args:
        found: decisions, and what against.
        files: by name, those of `FILES`; None where it is not wanted.
    """
    from alexnet_bench.show import gate as formats

    rendered = {
        "markdown": lambda: formats.markdown(found.rows, found.against),
        "junit": lambda: formats.junit(found.rows),
        "github_benchmark": lambda: formats.github_benchmark(found.rows),
        "bencher": lambda: formats.bencher(found.rows),
    }
    written = [_write(file, rendered[name]()) for name, file in files.items() if file is not None]
    return all(written)


def write_summary(found: "Found") -> None:
    """Add the table to a job's summary, where there is one; as nobody asked for it, it may fail."""
    from alexnet_bench.show import gate as formats

    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        _write(Path(summary), formats.markdown(found.rows, found.against), mode="a", level="Warning")


def keep_history(found: "Found", file: Path | None, default: Path) -> bool:
    """Add what was measured to the history, and return whether a file that was asked for could be written."""
    from alexnet_bench.analysis.history import make_rows
    from alexnet_bench.errors import RecordError
    from alexnet_bench.records.history import append_history

    try:
        append_history(file or default, make_rows(found.records, found.rows))
    except RecordError as error:
        _complain("Error" if file else "Warning", str(error))
        return file is None
    return True


def warn(found: "Found") -> None:
    """Say what could not be told and what is broken, and why."""
    from alexnet_bench.stats.gate import REGRESSED, UNTOLD

    for note in found.notes:
        _complain("Warning", note)
    for row in found.rows:
        if row.decision in UNTOLD or (row.decision == REGRESSED and not row.compared):
            told = ": ".join(filter(None, (row.decision, row.note)))
            _complain("Warning", f"{row.variant}, {row.label}: {told}")
    if not any(row.measured for row in found.rows):
        _complain("Warning", "nothing could be measured of this code")


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
    print(f"\nAgainst {plain(found.against)}: {formats.standing(found.rows)}.{records}")


def _write(file: Path, text: str, mode: str = "w", level: str = "Error") -> bool:
    try:
        if mode == "w":
            file.parent.mkdir(parents=True, exist_ok=True)
        with file.open(mode, encoding="utf-8") as place:
            place.write(text)
    except OSError as error:
        _complain(level, f"{file} cannot be written: {error.strerror}")
        return False
    return True


def _complain(level: str, text: str) -> None:
    print(f"{level}: {plain(text)}", file=sys.stderr)
