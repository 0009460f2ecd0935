"""The tables of `docs/throughput.md` are those of the committed measurements."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "throughput.md"
REFERENCE = ROOT / "results" / "reference"
VALIDATION = ROOT / "tests" / "validation"


@pytest.fixture(scope="module")
def summarize():
    """The script that makes the tables."""
    sys.path.insert(0, str(VALIDATION))
    import summarize

    yield summarize
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
