"""`bench profile`."""

import shlex
from pathlib import Path
from typing import Any

import click

from alexnet_bench.cli import completion
from alexnet_bench.cli import options as shared
from alexnet_bench.cli.terminal import print_table, say, say_json
from alexnet_bench.words import counted

EXAMPLE = """\b
Examples:
  bench profile alexnet
  bench profile no-lrn --topology alexnet-32 --batch-size 128 --steps 20
  bench profile tanh --mode inference --out traces/tanh
"""


@click.command(epilog=EXAMPLE)
@click.argument("variant", shell_complete=completion.variant)
@click.option(
    "--topology",
    default="alexnet-227",
    show_default=True,
    shell_complete=completion.topology,
    help="Scale of the network.",
)
@click.option("--batch-size", type=int, help="Images a step; 16 by default, on GPUs 128.")
@click.option("--steps", type=int, default=10, show_default=True, help="Steps that are traced.")
@click.option(
    "--mode",
    type=click.Choice(["training", "inference"]),
    default="training",
    show_default=True,
    help="Which step.",
)
@click.option("--precision", default="float32", show_default=True, help="As for `bench run`.")
@shared.devices
@shared.ablations
@click.option("--out", type=shared.FOLDER, help="Folder for the trace; results/profiles/TIME by default.")
@shared.as_json
def command(variant: str, steps: int, out: Path | None, as_json: bool, **options: Any) -> None:
    """Show where a step's time goes: by layer and by operation.

    Both tables add up to the step, with what is left over in which no operation ran. Where several operations
    run at a moment, each has an equal part of it. The trace is one that XProf and TensorBoard's Profile tab
    open.
    """
    from alexnet_bench.api import profile

    found = profile(variant, steps=steps, out=out, **options)
    if as_json:
        say_json(found, indent=2)
        return
    from alexnet_bench.show.profile import layers_table, operations_table, standing

    print_table(layers_table(found.profile), f"{found.variant} at {found.topology}: ms of a step, by layer")
    say()
    print_table(operations_table(found.profile), "The same by operation, as TensorFlow calls them")
    say(f"\n{standing(found)}")
    say(f"\nTrace of {counted(steps, 'step')}: {found.trace}")
    trace = shlex.quote(str(found.trace))
    say(f"Open it: xprof {trace}, or tensorboard --logdir {trace}")
