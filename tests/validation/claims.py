"""How often the verdict on a claim is false, and how often there is one: simulated differences of pairs.

    python tests/validation/claims.py results/reference/claims-rule.json
    python tests/validation/claims.py results/reference/claims-rule.json --table
    python tests/validation/claims.py results/reference/claims-rule.json --check

A claim names a size, or none; then the margin is what counts. Either is given in standard deviations of the
differences of pairs, which are normal. The true effect is nothing, half of the size (or the margin), all of
it, or twice as much. Pairs are made once, or added up to 4, 8, 16 and 32 until there is a verdict. A
question has one claim, or three that share a control and the error rate.
"""

import argparse
import json
import sys
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

sys.path.insert(0, str(Path(__file__).parent))

from shown import check

from alexnet_bench.run.settings import LOOKS
from alexnet_bench.stats.claim import CONTRADICTED, SUPPORTED, judge_claim
from alexnet_bench.stats.verdict import INCONCLUSIVE, LEVEL

QUESTIONS, COMPARED = 40_000, 50
SIZES, PAIRS = (1.0, 2.0, 4.0), (4, 5, 8, 16)
TRUTHS = {"nothing": 0.0, "half": 0.5, "all": 1.0, "twice": 2.0}
# Which verdicts are false, for a claim with a size and for one without.
FALSE = {
    "size": {SUPPORTED: ("nothing", "half"), CONTRADICTED: ("half", "all", "twice")},
    "margin": {SUPPORTED: ("nothing",), CONTRADICTED: ("all", "twice")},
}
DOCUMENT = Path(__file__).parents[2] / "docs" / "claims.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--table", action="store_true", help="print the table of what is there")
    parser.add_argument("--check", action="store_true", help="compare the table with that of the docs")
    options = parser.parse_args()
    if not options.table and not options.check:
        cases = product(("size", "margin"), (1, 3), SIZES, (*((pairs,) for pairs in PAIRS), LOOKS))
        rows = [_case(number, *case) for number, case in enumerate(cases)]
        options.out.write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n", encoding="utf-8")
    found = table(json.loads(options.out.read_text(encoding="utf-8")))
    if options.check:
        check(DOCUMENT, "claims-rule", found)
    print(found)


def _case(number: int, named: str, claims: int, size: float, looks: tuple[int, ...]) -> dict[str, Any]:
    rng = np.random.default_rng([2026, number])
    case: dict[str, Any] = {
        "named": named,
        "claims": claims,
        "size": size,
        "pairs": list(looks),
        "questions": QUESTIONS,
    }
    for truth, share in TRUTHS.items():
        values = rng.normal(0, np.sqrt(0.5), (QUESTIONS, claims + 1, looks[-1]))
        differences = share * size + values[:, 1:] - values[:, :1]
        words = _judged(differences, named, size, looks)
        _compare(words, differences, named, size, looks)
        case[truth] = {
            # Of a question with several claims: on any of them.
            "any_supported": float((words == SUPPORTED).any(axis=1).mean()),
            "any_contradicted": float((words == CONTRADICTED).any(axis=1).mean()),
            "supported": float((words == SUPPORTED).mean()),
            "contradicted": float((words == CONTRADICTED).mean()),
        }
    print(json.dumps(case), flush=True)
    return case


def _judged(
    differences: NDArray[np.float64], named: str, size: float, looks: tuple[int, ...]
) -> NDArray[np.str_]:
    """The verdict on every claim, as `judge_claim` gives it: (questions, claims)."""
    enough, too_little = (size / 2, size / 2) if named == "size" else (0.0, size)
    words = np.full(differences.shape[:2], INCONCLUSIVE, dtype="<U12")
    for look in looks:
        seen = differences[..., :look]
        critical = stats.t.isf(LEVEL / differences.shape[1] / len(looks) / 2, look - 1)
        mean, width = seen.mean(axis=2), critical * seen.std(axis=2, ddof=1) / np.sqrt(look)
        undecided = words == INCONCLUSIVE
        words[undecided & (mean + width < too_little)] = CONTRADICTED
        words[undecided & (mean - width > enough)] = SUPPORTED
    return words


def _compare(
    words: NDArray[np.str_],
    differences: NDArray[np.float64],
    named: str,
    size: float,
    looks: tuple[int, ...],
) -> None:
    """Stop if the suite itself judges some of the claims otherwise."""
    limits: dict[str, Any] = {"size": size} if named == "size" else {"margin": size}
    how = limits | {"predicts": "higher", "looks": looks[:-1] and looks, "family": words.shape[1]}
    for row, values in zip(words[:COMPARED], differences, strict=False):
        assert [judge_claim(claim, **how).verdict for claim in values] == row.tolist()


def table(rows: list[dict[str, Any]]) -> str:
    """What was found, as Markdown: the worst false rates over sizes, and the verdicts by size."""
    return f"{_false_rates(rows)}\n\n{_verdicts(rows)}"


def _false_rates(rows: list[dict[str, Any]]) -> str:
    titles = ["claim", "claims of the question", "pairs", "falsely supported", "falsely contradicted"]
    lines = [titles, ["---"] * len(titles)]
    for named, claims, pairs in dict.fromkeys(
        (row["named"], row["claims"], tuple(row["pairs"])) for row in rows
    ):
        alike = [
            row
            for row in rows
            if (row["named"], row["claims"], tuple(row["pairs"])) == (named, claims, pairs)
        ]
        shares = [
            max(row[truth][f"any_{word}"] for row in alike for truth in truths)
            for word, truths in FALSE[named].items()
        ]
        kind = "with a size" if named == "size" else "without a size"
        lines.append([kind, str(claims), _pairs(pairs), *(f"{share:.1%}" for share in shares)])
    return _markdown(lines)


def _verdicts(rows: list[dict[str, Any]]) -> str:
    titles = ["claim", "size or margin, deviations", "pairs"]
    titles += [f"true effect {truth}" for truth in ("0", "half of it", "all of it", "twice it")]
    lines = [titles, ["---"] * len(titles)]
    for row in rows:
        if row["claims"] == 1:
            shares = [f"{row[truth][SUPPORTED]:.0%} / {row[truth][CONTRADICTED]:.0%}" for truth in TRUTHS]
            kind = "with a size" if row["named"] == "size" else "without a size"
            lines.append([kind, f"{row['size']:g}", _pairs(row["pairs"]), *shares])
    return _markdown(lines)


def _pairs(looks: Any) -> str:
    return f"up to {looks[-1]}" if len(looks) > 1 else f"{looks[0]}"


def _markdown(lines: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
