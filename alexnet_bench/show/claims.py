"""`bench claims`: the ledger of some runs, as table, Markdown, data and figure."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from alexnet_bench.analysis.claims import NOT_TESTED, Entry, ledger
from alexnet_bench.analysis.effects import effects
from alexnet_bench.analysis.metrics import RATIO
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.errors import RecordError
from alexnet_bench.network.registry import Registry, load_registry
from alexnet_bench.records.files import is_there, replacing
from alexnet_bench.records.manifest import holds_run, read_manifest
from alexnet_bench.show.figures import style
from alexnet_bench.show.figures.claims import draw_claims
from alexnet_bench.show.files import read_runs, write_csv, writing_into
from alexnet_bench.show.numbers import effect_text, value_text, verdict_text
from alexnet_bench.show.table import Cells, Table
from alexnet_bench.stats.verdict import INCONCLUSIVE
from alexnet_bench.words import MISSING, counted

NAME = "claims"


def runs_among(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """The run folders among some paths, and what else there is: comparisons, folders of runs, files.

    Raises:
        RecordError: a path does not exist.
    """
    if missing := [str(path) for path in paths if not is_there(path)]:
        raise RecordError(f"{', '.join(missing)} cannot be found; give folders that `bench run` wrote")
    runs = [path for path in paths if holds_run(path) and read_manifest(path).plan.kind != "comparison"]
    return runs, [path for path in paths if path not in runs]


def read_ledger(registry: Registry, runs: Sequence[Path]) -> pd.DataFrame:
    """The ledger of some runs; of none, the claims alone."""
    records, plans = read_runs(runs)
    return ledger(registry, effects(records, plans.manifests, plans.folders))


def run_ledger(plans: Plans, found: pd.DataFrame) -> pd.DataFrame:
    """The claims that some runs were planned to test, as the shipped ablations have them now.

    With those that their ablations have had since, of what was measured.

    Of an ablation that is not shipped, what the plan quotes: its files are not executed to write a report.
    """
    rows = ledger(load_registry(), found)
    planned = {(item.name, claim.says): claim for item in plans.ablations for claim in item.claims}
    shipped = set(zip(rows["ablation"], rows["claim"], strict=True))
    quoted = [
        vars(
            Entry(
                ablation=name,
                claim=says,
                arm=claim.arm or "",
                source=claim.source,
                setup=claim.setup,
                log_says=claim.log_says,
                note="give its ablations to `bench claims`",
            )
        )
        for (name, says), claim in planned.items()
        if (name, says) not in shipped
    ]
    asked = {item.name for item in plans.ablations}
    kept = [
        (ablation, claim) in planned or (ablation in asked and pairs > 0)
        for ablation, claim, pairs in zip(rows["ablation"], rows["claim"], rows["pairs"], strict=True)
    ]
    return pd.concat([rows[kept], pd.DataFrame(quoted, columns=rows.columns).astype(rows.dtypes)])


def ledger_table(found: pd.DataFrame) -> Table:
    """A row a claim and setting, with where it comes from."""
    table = claims_table(found)
    sources = zip(found["source"].map(str), found["setup"].map(str), strict=True)
    lines = [[*line, *source] for line, source in zip(table.rows, sources, strict=True)]
    return Table([*table.columns, "Source", "Found on"], lines)


def claims_table(found: pd.DataFrame) -> Table:
    """A row a claim and setting; where all were timed alike, the head says how."""
    timed = found.loc[found["price"].notna(), "price_where"].unique()
    once = f" ({timed[0]})" if len(timed) == 1 else ""
    cells: Cells = {
        "Claim": lambda row: row.claim,
        "The paper": lambda row: (
            f"{row.arm}: {row.measure.replace('_', ' ')} {row.predicted}" if row.arm else MISSING
        ),
        "The authors' log": lambda row: row.log_says or MISSING,
        "Measured": lambda row: (
            f"{effect_text(row.effect, row.low, row.high, row.unit)}, "
            f"control at {value_text(row.control_value, row.value_unit)}, {counted(row.pairs, 'pair')}"
            if row.pairs
            else MISSING
        ),
        "Where": lambda row: row.where or MISSING,
        "Verdict": _verdict,
        f"Training throughput{once}": lambda row: (
            effect_text(row.price, row.price_low, row.price_high, RATIO)
            + ("" if once else f" ({row.price_where})")
            if pd.notna(row.price)
            else MISSING
        ),
    }
    return Table.of(found.itertuples(), cells)


def render_markdown(found: pd.DataFrame) -> str:
    """A ledger as Markdown."""
    return f"# The paper's claims\n\n{standing(found)}\n\n{claims_table(found).markdown()}\n"


def standing(found: pd.DataFrame) -> str:
    """How to read a ledger."""
    tested = found[found["verdict"] != NOT_TESTED]
    return (
        f"{len(tested)} of {counted(len(found), 'row')} tested. The authors' log shows one run on each side, "
        "in points of error. A verdict holds for the data set and scale in its row, which are not the "
        "paper's. A claim that names a size is supported where the whole interval shows more than half of "
        "it, and contradicted where the whole interval shows less; one that names none is judged by its "
        "direction. The claims of a question that were tested in one place share an error rate of 5%, and "
        "the interval in brackets is the one that decides (paired t tests, Bonferroni)."
    )


def write_ledger(found: pd.DataFrame, out: Path) -> None:
    """Write a ledger as `claims.md`, `claims.csv` and, where anything was measured, a figure.

    Raises:
        RecordError: the folder cannot be written.
    """
    with writing_into(out):
        with replacing(out / f"{NAME}.md") as fresh:
            fresh.write_text(render_markdown(found), encoding="utf-8")
        write_csv(found, out / f"{NAME}.csv")
        with style.styled():
            style.save(draw_claims(found), out, NAME)


def _verdict(row: Any) -> str:
    detail = row.remark or (row.note if row.verdict == NOT_TESTED else "")
    text = verdict_text(row.verdict, row.pairs, row.pairs_wanted, "pair")
    return f"{text} ({detail})" if detail and row.verdict != INCONCLUSIVE else text
