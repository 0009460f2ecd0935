"""The tables of `docs/throughput.md` are those of the committed measurements."""

import importlib
import re
import sys
from pathlib import Path

import pytest

from alexnet_bench.analysis.effects import effects
from alexnet_bench.records.run_folder import read, read_manifest

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "throughput.md"
REFERENCE = ROOT / "results" / "reference"
VALIDATION = ROOT / "tests" / "validation"


@pytest.fixture(scope="module")
def summarize():
    """The script that makes the tables."""
    yield from _script("summarize")


@pytest.fixture(scope="module")
def redraw():
    """The script that tells ways of redrawing apart."""
    yield from _script("redraw")


def _script(name):
    sys.path.insert(0, str(VALIDATION))
    yield importlib.import_module(name)
    sys.path.remove(str(VALIDATION))


MEASURED = re.findall(r"<!-- (throughput-\S+) -->", DOCUMENT.read_text(encoding="utf-8"))


def test_every_committed_measurement_is_told():
    assert sorted(path.name for path in REFERENCE.glob("throughput-*"))[::-1] == MEASURED


@pytest.mark.parametrize("name", MEASURED)
def test_the_tables_are_what_the_records_say(summarize, name):
    text = DOCUMENT.read_text(encoding="utf-8")
    _, _, rest = text.partition(f"<!-- {name} -->\n")
    shown, _, _ = rest.partition(f"<!-- /{name} -->")

    assert shown.strip() == summarize.tables(summarize.summary(REFERENCE / name)).strip()


def test_the_table_of_redraws_is_what_its_records_say(redraw):
    lines = redraw.summary(REFERENCE / "redraw-32.jsonl")

    assert len(lines) == 2 + 5
    assert "\n".join(lines) in DOCUMENT.read_text(encoding="utf-8")


def test_the_table_of_the_sweep_is_what_its_records_say():
    """Of each precision and batch size: images a second of both variants, and their ratio in each draw."""
    run = REFERENCE / "sweep"
    found = effects(read(run), [read_manifest(run)])
    rows = [
        f"| {row.precision} | {row.batch_size} | {row.control_value:.1f} | {row.arm_value:.1f} "
        f"| {' and '.join(f'{ratio:.3f}' for ratio in row.values)} |"
        for row in found.itertuples()
    ]

    text = DOCUMENT.read_text(encoding="utf-8")
    assert len(rows) == 6
    assert [row for row in rows if row not in text] == []
