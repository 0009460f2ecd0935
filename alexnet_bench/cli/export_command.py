"""`bench export`."""

from pathlib import Path

import click

from alexnet_bench.cli import completion
from alexnet_bench.cli import options as shared
from alexnet_bench.cli.terminal import say, say_json
from alexnet_bench.words import counted

EXAMPLE = """\b
Examples:
  bench export results/runs/mine --to tensorboard
  MLFLOW_TRACKING_URI=sqlite:///mlflow.db bench export results/runs/mine --to mlflow
  WANDB_MODE=offline bench export results/runs/mine --to wandb
"""


@click.command(epilog=EXAMPLE)
@click.argument("run", type=shared.FOLDER, shell_complete=completion.run)
@click.option(
    "--to",
    required=True,
    type=click.Choice(["mlflow", "tensorboard", "wandb"]),
    help="The tool; each takes the extra of its name.",
)
@shared.as_json
def command(run: Path, to: str, as_json: bool) -> None:
    """Give a run's records to MLflow, TensorBoard or Weights & Biases.

    Each trial and draw becomes a run there, with its parameters, its metrics by epoch or slice, and tags.
    What was given before is left as it is. Where data go, the tools' own environment variables say;
    TensorBoard's are written to RUN/tensorboard.
    """
    from alexnet_bench.show.export import export

    done = export(run, to)
    if as_json:
        say_json(done)
        return
    known = f"; {done.known} were there before" if done.known else ""
    say(f"Exported {counted(done.added, 'record')}{known}.\nLook at them: {done.where}")
