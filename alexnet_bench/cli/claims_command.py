"""`bench claims`."""

from pathlib import Path

import click

from alexnet_bench.cli import completion
from alexnet_bench.cli import options as shared
from alexnet_bench.cli.terminal import print_table, say, say_json, say_prose
from alexnet_bench.words import counted

EXAMPLE = """\b
Examples:
  bench claims results/runs/mine
  bench claims results/reference/* --out claims
  bench claims results/runs/mine --all
  bench claims
"""


@click.command(epilog=EXAMPLE)
@click.argument("runs", nargs=-1, shell_complete=completion.run, type=shared.FOLDER, metavar="[RUN...]")
@shared.ablations
@click.option("--all", "show_all", is_flag=True, help="Show the claims, too, of which nothing was measured.")
@click.option("--out", type=shared.FOLDER, help="Folder for claims.md, claims.csv and a figure.")
@shared.as_json
def command(
    runs: tuple[Path, ...], ablations: tuple[Path, ...], show_all: bool, out: Path | None, as_json: bool
) -> None:
    """Hold the paper's claims against what runs measured.

    Each claim: what the paper says, what was measured, whether that supports it, and what the idea costs in
    throughput. Without runs, the claims alone. What is no run of `bench run` is left out. Files and JSON hold
    all claims.
    """
    from alexnet_bench.network.registry import load_registry
    from alexnet_bench.show.claims import claims_table, read_ledger, runs_among, standing, write_ledger

    folders, others = runs_among(runs)
    found = read_ledger(load_registry(ablations), folders)
    if out is not None:
        write_ledger(found, out)
    if as_json:
        say_json(found)
        return
    shown = found if show_all or not folders else found[found["pairs"] > 0]
    if len(shown):
        print_table(claims_table(shown))
        say()
    say_prose(standing(found))
    if hidden := len(found) - len(shown):
        say_prose(f"{counted(hidden, 'row')} of which nothing was measured here: --all shows them.")
    if others:
        say(f"\nNo runs, and left out: {', '.join(str(path) for path in others)}")
    if out is not None:
        say(f"\nLedger: {out / 'claims.md'}")
