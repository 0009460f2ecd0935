"""How often `bench history` is wrong, and what it finds: simulated histories.

    python tests/validation/history.py results/reference/history.json
    python tests/validation/history.py results/reference/history.json --table

A history is a series of speeds against the yardstick, whose noise has a standard deviation of 1.6%, and a
chain of ratios, each the mean of eight paired draws and known to a standard deviation of 0.3%. Noise is
normal, of Student's t with three degrees of freedom, or has a memory: a correlation of 0.3 from entry to
entry. A change is found where one of the right sign is no more than two entries from where it was planted.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from script import markdown, share, simulate

from alexnet_bench.stats.changes import changes
from alexnet_bench.stats.drift import chain_drift, trend_drift
from alexnet_bench.stats.estimate import Mean

HISTORIES, DRAWS = 2000, 8
NOISE, PAIRED, LOSS = 0.016, 0.003, -np.log1p(-0.02)
MEMORY, BURN_IN, NEAR = 0.3, 50, 2
COUNTS = (12, 20, 50, 200)
STEPS = (1.0, 2.0, 3.0)
DRIFT, DRIFTING = 0.003, 12
NORMAL, TAILED, REMEMBERING = "normal", "t, 3 degrees", "memory 0.3"


def main() -> None:
    simulate(__doc__, _histories, table)


def _histories() -> list[dict[str, Any]]:
    rng = np.random.default_rng(2026)
    return [
        *(_series(rng, noise, count, 0.0) for noise in (NORMAL, TAILED, REMEMBERING) for count in COUNTS),
        *(_series(rng, NORMAL, count, step) for step in STEPS for count in COUNTS[1:]),
        *(_chains(rng, count, 0.0, 0) for count in COUNTS),
        *(_chains(rng, count, DRIFT, DRIFTING) for count in COUNTS),
    ]


def _series(rng: np.random.Generator, noise: str, count: int, step: float) -> dict[str, Any]:
    """Histories with a loss of so many deviations of the noise in their middle, or with none."""
    middle = count // 2
    changed = warned = 0
    for errors in _noise(rng, noise, count):
        values = NOISE * (errors - step * (np.arange(count) >= middle))
        found = changes(values)
        hits = [at for at, change in found.items() if change.mean < 0 and abs(at - middle) <= NEAR]
        changed += bool(hits if step else found)
        latest = values[max(found, default=0) :]
        warned += trend_drift(latest, LOSS) is not None
    what = f"a loss of {step:g} deviation{'s' * (step > 1)}" if step else "nothing"
    return {
        "what": what,
        "noise": noise,
        "entries": count,
        "histories": HISTORIES,
        "changed": changed,
        "drifting": warned,
    }


def _noise(rng: np.random.Generator, kind: str, count: int) -> NDArray[np.float64]:
    """Noise with a standard deviation of one: (histories, entries)."""
    if kind == TAILED:
        return rng.standard_t(3, (HISTORIES, count)) / np.sqrt(3)
    errors = rng.normal(size=(HISTORIES, count + BURN_IN))
    if kind == REMEMBERING:
        for entry in range(1, count + BURN_IN):
            errors[:, entry] = MEMORY * errors[:, entry - 1] + np.sqrt(1 - MEMORY**2) * errors[:, entry]
    return errors[:, BURN_IN:]


def _chains(rng: np.random.Generator, count: int, loss: float, losing: int) -> dict[str, Any]:
    """Chains of paired ratios, the last ones of which lose."""
    truth = np.zeros(count)
    truth[count - losing :] = -loss
    draws = truth[:, None] + rng.normal(0, PAIRED * np.sqrt(DRAWS), (HISTORIES, count, DRAWS))
    gains, errors = draws.mean(axis=2), draws.std(axis=2, ddof=1) / np.sqrt(DRAWS)
    chains = (
        [Mean(value=gain, error=error, freedom=DRAWS - 1) for gain, error in zip(*chain, strict=True)]
        for chain in zip(gains, errors, strict=True)
    )
    warned = sum(chain_drift(chain, LOSS) is not None for chain in chains)
    return {
        "what": f"{loss:.1%} lost in each of the last {losing}" if losing else "nothing",
        "noise": "paired",
        "entries": count,
        "histories": HISTORIES,
        "changed": None,
        "drifting": warned,
    }


def table(rows: list[dict[str, Any]]) -> str:
    """What was found, as Markdown."""
    lines = []
    for row in rows:
        changed, drifting = (
            "–" if row[name] is None else share(row[name], row["histories"], 1)
            for name in ("changed", "drifting")
        )
        lines.append([row["what"], row["noise"], str(row["entries"]), changed, drifting])
    return markdown(["planted", "noise", "entries", "change found", "drift warned of"], lines)


if __name__ == "__main__":
    main()
