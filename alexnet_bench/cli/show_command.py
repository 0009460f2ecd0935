"""`bench show`."""

from pathlib import Path
from typing import Any

import click

from alexnet_bench.cli import completion, options
from alexnet_bench.cli.terminal import print_table, say_json


@click.command(epilog="Example: bench show no-lrn+tanh --topology alexnet-32 --classes 10")
@click.argument("variant", shell_complete=completion.variant)
@click.option(
    "--topology",
    default="alexnet-227",
    show_default=True,
    shell_complete=completion.topology,
    help="Scale of the network.",
)
@click.option(
    "--classes", type=click.IntRange(2, 10**6), default=1000, show_default=True, help="Classes to tell apart."
)
@click.option(
    "--channels", type=click.IntRange(1, 1000), default=3, show_default=True, help="Of the images: 1 or 3."
)
@options.ablations
@options.as_json
def command(
    variant: str, topology: str, classes: int, channels: int, ablations: tuple[Path, ...], as_json: bool
) -> None:
    """Show a variant's layers: shapes, parameters, MACs, and how it differs from alexnet."""
    shown = _described(variant, topology, classes, channels, ablations)
    if as_json:
        say_json(shown, indent=2)
        return
    from alexnet_bench.network.variant import THE_PAPERS
    from alexnet_bench.show.table import Table

    rows = [
        [
            layer["name"],
            layer["what"],
            "x".join(map(str, layer["shape"])),
            f"{layer['parameters']:,}" if layer["parameters"] else "",
            f"{layer['macs'] / 1e6:,.1f}" if layer["macs"] else "",
        ]
        for layer in shown["layers"]
    ]
    total = ["total", "", "", f"{shown['parameters']:,}", f"{shown['macs'] / 1e6:,.1f}"]
    title = f"{variant} at {topology}"
    if shown["difference"] != THE_PAPERS:
        title += f": {shown['difference']}"
    columns = ["layer", "what", "output", "parameters", "MACs, million"]
    print_table(Table(columns, [*rows, total]), title)


def _described(
    name: str, topology: str, classes: int, channels: int, folders: tuple[Path, ...]
) -> dict[str, Any]:
    from alexnet_bench.errors import BenchError
    from alexnet_bench.network.plan import make_plan
    from alexnet_bench.network.registry import load_registry
    from alexnet_bench.network.topology import find_topology

    chosen = load_registry(folders).select(name)
    if len(chosen) != 1:
        raise BenchError(f"'{name}' means {len(chosen)} variants; name one")
    plan = make_plan(chosen[0], find_topology(topology), classes=classes, channels=channels)
    return {
        "variant": chosen[0].name,
        "difference": chosen[0].difference,
        "topology": topology,
        "parameters": plan.parameters,
        "macs": plan.macs,
        "layers": [
            {"name": layer.name, "what": layer.what}
            | {name: getattr(layer, name) for name in ("shape", "towers", "parameters", "macs")}
            for layer in plan.layers
        ],
    }
