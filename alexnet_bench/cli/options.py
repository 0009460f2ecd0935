"""Options that several commands share."""

from pathlib import Path

import click

ablations = click.option(
    "--ablations",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A folder of your own ablation files; they are executed. May be repeated.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
