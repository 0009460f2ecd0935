"""How often the verdict on a claim is false, and how often there is one: simulated differences of pairs.

    python tests/validation/claims.py results/reference/claims-rule.json
    python tests/validation/claims.py results/reference/claims-rule.json --table
    python tests/validation/claims.py results/reference/claims-rule.json --check

A claim names a size, or none; then the margin is what counts. Either is given in standard deviations of the
differences of pairs, which are normal. The true effect is nothing, half of the size (or the margin), all of
it, or twice as much. Pairs are made once, or added up to 4, 8, 16 and 32 until there is a verdict. A
question has one claim, or three that share a control and the error rate.
"""

import json
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from script import markdown, simulate

from alexnet_bench.run.settings import LOOKS
from alexnet_bench.stats.claim import CONTRADICTED, SUPPORTED, judge_claim
from alexnet_bench.stats.verdict import INCONCLUSIVE, LEVEL

QUESTIONS, COMPARED = 40_000, 50
SIZES, PAIRS = (1.0, 2.0, 4.0), (4, 5, 8, 16)
TRUTHS = {"nothing": 0.0, "half": 0.5, "all": 1.0, "twice": 2.0}
KINDS = {"size": "with a size", "margin": "without a size"}
# Which verdicts are false, for a claim with a size and for one without.
FALSE = {
    "size": {SUPPORTED: ("nothing", "half"), CONTRADICTED: ("half", "all", "twice")},
    "margin": {SUPPORTED: ("nothing",), CONTRADICTED: ("all", "twice")},
}


def main() -> None:
    simulate(__doc__, _cases, table, shown=("docs/claims.md", "claims-rule"))


def _cases() -> list[dict[str, Any]]:
    cases = product(("size", "margin"), (1, 3), SIZES, (*((pairs,) for pairs in PAIRS), LOOKS))
    return [_case(number, *case) for number, case in enumerate(cases)]


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
    by_question: dict[Any, list[dict[str, Any]]] = {}
    for row in rows:
        by_question.setdefault((row["named"], row["claims"], tuple(row["pairs"])), []).append(row)
    lines = []
    for (named, claims, pairs), alike in by_question.items():
        shares = [
            max(row[truth][f"any_{word}"] for row in alike for truth in truths)
            for word, truths in FALSE[named].items()
        ]
        lines.append([KINDS[named], str(claims), _pairs(pairs), *(f"{share:.1%}" for share in shares)])
    return markdown(titles, lines)


def _verdicts(rows: list[dict[str, Any]]) -> str:
    titles = ["claim", "size or margin, deviations", "pairs"]
    titles += [f"true effect {truth}" for truth in ("0", "half of it", "all of it", "twice it")]
    lines = []
    for row in rows:
        if row["claims"] == 1:
            shares = [f"{row[truth][SUPPORTED]:.0%} / {row[truth][CONTRADICTED]:.0%}" for truth in TRUTHS]
            lines.append([KINDS[row["named"]], f"{row['size']:g}", _pairs(row["pairs"]), *shares])
    return markdown(titles, lines)


def _pairs(looks: Any) -> str:
    return f"up to {looks[-1]}" if len(looks) > 1 else f"{looks[0]}"


if __name__ == "__main__":
    main()
