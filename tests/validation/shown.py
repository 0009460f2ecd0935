"""The table of a document that a script's results make."""

import sys
from pathlib import Path


def check(document: Path, name: str, expected: str) -> None:
    """Leave with 1 unless a document has this table between `<!-- name -->` and `<!-- /name -->`."""
    _, _, rest = document.read_text(encoding="utf-8").partition(f"<!-- {name} -->\n")
    if rest.partition(f"\n<!-- /{name} -->")[0] != expected:
        sys.exit(f"{document.name}: the table '{name}' is not that of the results; it should be\n{expected}")
