"""What the scripts of this folder share: arguments, files of results, shares with intervals, tables."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from scipy import stats

ROOT = Path(__file__).parents[2]


def arguments(about: str | None) -> argparse.ArgumentParser:
    """A parser whose help is a script's docstring."""
    return argparse.ArgumentParser(description=about, formatter_class=argparse.RawTextHelpFormatter)


def simulate(
    about: str | None,
    measure: Callable[..., Any],
    table: Callable[[Any], str],
    *,
    records: int | str | None = None,
    shown: tuple[str, str] | None = None,
) -> None:
    """Measure and keep what was found, unless only what is there is asked for, and print its table.

    Args:
        about: the script's docstring.
        measure: makes the results, of the folders of records where there are such.
        table: makes Markdown of them.
        records: how many folders of records go before the file of results, as argparse's `nargs`.
        shown: the document that shows the table, and the table's name in it.
    """
    parser = arguments(about)
    parser.set_defaults(records=[], check=False)
    if records is not None:
        parser.add_argument("records", type=Path, nargs=records)
    parser.add_argument("out", type=Path)
    parser.add_argument("--table", action="store_true", help="print the table of what is there")
    if shown:
        parser.add_argument("--check", action="store_true", help="compare the table with that of the docs")
    options = parser.parse_args()
    if not options.table and not options.check:
        write(options.out, measure(*options.records))
    text = table(json.loads(options.out.read_text(encoding="utf-8")))
    if shown and options.check:
        document, name = shown
        if between((ROOT / document).read_text(encoding="utf-8"), name)[1] != text:
            sys.exit(
                f"{Path(document).name}: the table '{name}' is not that of the results; it should be\n{text}"
            )
    print(text)


def write(out: Path, found: Any) -> None:
    """Keep results as JSON: a list's entries on a line each."""
    if isinstance(found, list):
        text = "[\n" + ",\n".join(map(json.dumps, found)) + "\n]"
    else:
        text = json.dumps(found, indent=1)
    out.write_text(f"{text}\n", encoding="utf-8")


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The rows of a file of JSON lines; none where it is not there."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [json.loads(line) for line in lines]


def add_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Append rows to a file of JSON lines."""
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(row)}\n" for row in rows)


def between(text: str, name: str) -> tuple[str, str, str]:
    """A document before, within and after a table's markers, `<!-- name -->` and `<!-- /name -->`."""
    before, marker, rest = text.partition(f"<!-- {name} -->\n")
    shown, end, after = rest.partition(f"\n<!-- /{name} -->")
    return before + marker if marker and end else "", shown, end + after


def interval(count: int, of: int) -> list[float]:
    """The exact 95% interval of a share."""
    return list(map(float, stats.binomtest(count, of).proportion_ci()))


def span(ends: Sequence[float], digits: int = 0) -> str:
    """An interval in percent."""
    low, high = ends
    return f"({low:.{digits}%} to {high:.{digits}%})"


def share(count: int, of: int, digits: int = 0) -> str:
    """A share in percent with its exact 95% interval."""
    return f"{count / of:.{digits}%} {span(interval(count, of), digits)}"


def markdown(titles: Sequence[str], rows: Iterable[Sequence[str]], *, rule: str = " --- ") -> str:
    """A table of Markdown."""
    ruled = f"|{'|'.join([rule] * len(titles))}|"
    head, *lines = (f"| {' | '.join(row)} |" for row in (titles, *rows))
    return "\n".join([head, ruled, *lines])


def tabulated(lines: Sequence[Mapping[str, object]], **form: str) -> str:
    """A table of Markdown of lines that name their cells, all alike."""
    return markdown(list(lines[0]), [list(map(str, line.values())) for line in lines], **form)
