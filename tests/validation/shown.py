"""The table of a document that a script's results make."""

import sys
from pathlib import Path


def check(document: Path, name: str, expected: str) -> None:
    """Leave with 1 if a document's table, between `<!-- name -->` and `<!-- /name -->`, is not as expected."""
    _, _, rest = document.read_text(encoding="utf-8").partition(f"<!-- {name} -->\n")
    if rest.partition(f"\n<!-- /{name} -->")[0] != expected:
        sys.exit(f"{document.name}: the table '{name}' is not that of the results; it should be\n{expected}")
