"""`bench show`."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alexnet_bench.cli import completion, options
from alexnet_bench.cli.terminal import native_errors_unsaid, print_table, say, say_json
from alexnet_bench.words import MISSING

if TYPE_CHECKING:
    from alexnet_bench.network.side_by_side import Part
    from alexnet_bench.network.variant import Variant

ALEXNET = "alexnet"


EXAMPLE = """\b
Examples:
  bench show no-lrn+tanh --topology alexnet-32 --classes 10
  bench show --keras my_model.py
"""


def _or_file(context: click.Context, argument: click.Parameter, value: str | None) -> str:
    """A variant must be named; beside a file it is alexnet by default."""
    if value is None and context.params.get("keras") is None:
        raise click.UsageError("give a variant, such as alexnet; `bench list` names them all")
    return value or ALEXNET


@click.command(epilog=EXAMPLE)
@click.argument("variant", required=False, callback=_or_file, shell_complete=completion.variant)
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
@click.option(
    "--keras",
    type=options.FILE,
    metavar="FILE",
    is_eager=True,
    help="Your own Keras Sequential, held against the variant layer by layer (alexnet by default): a Python "
    "file that defines `model`, or a function `build()`. It is executed: give files you trust.",
)
@options.ablations
@options.as_json
@click.pass_context
def command(
    context: click.Context,
    variant: str,
    topology: str,
    classes: int,
    channels: int,
    keras: Path | None,
    ablations: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Show a variant's layers: shapes, parameters, MACs, and how it differs from alexnet or your model."""
    if keras is not None:
        # The file says both.
        options.refuse(context, "--keras", "classes", "channels")
        _show_beside(keras, variant, topology, ablations, as_json)
        return
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
    from alexnet_bench.network.plan import make_plan
    from alexnet_bench.network.topology import find_topology

    variant = _chosen(name, folders)
    plan = make_plan(variant, find_topology(topology), classes=classes, channels=channels)
    return {
        "variant": variant.name,
        "difference": variant.difference,
        "topology": topology,
        "parameters": plan.parameters,
        "macs": plan.macs,
        "layers": [
            {"name": layer.name, "what": layer.what}
            | {name: getattr(layer, name) for name in ("shape", "towers", "parameters", "macs")}
            for layer in plan.layers
        ],
    }


def _chosen(name: str, folders: tuple[Path, ...]) -> "Variant":
    from alexnet_bench.errors import BenchError
    from alexnet_bench.network.registry import load_registry

    chosen = load_registry(folders).select(name)
    if len(chosen) != 1:
        raise BenchError(f"'{name}' means {len(chosen)} variants; name one")
    return chosen[0]


def _show_beside(file: Path, name: str, topology: str, folders: tuple[Path, ...], as_json: bool) -> None:
    """Show a user's own model beside a variant for the same channels and as many classes."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with native_errors_unsaid():
        from alexnet_bench.model.own_model import read_own_model
    from alexnet_bench.network.plan import make_plan
    from alexnet_bench.network.side_by_side import parts_of, side_by_side
    from alexnet_bench.network.topology import find_topology

    variant, scale = _chosen(name, folders), find_topology(topology)
    own = read_own_model(file)
    classes, channels = own[-1].shape[-1], own[0].shape[-1]
    reference = parts_of(make_plan(variant, scale, classes=classes, channels=channels).layers)
    pairs = side_by_side(reference, own)
    parameters = [sum(part.parameters for part in side) for side in (reference, own)]
    macs = [_macs_of(side) for side in (reference, own)]
    if as_json:
        layers = [
            {"reference": pair.reference, "own": pair.own, "differences": pair.differences} for pair in pairs
        ]
        shown = {"variant": variant.name, "topology": topology, "file": str(file), "layers": layers}
        totals = [{"parameters": count, "macs": some} for count, some in zip(parameters, macs, strict=True)]
        say_json(shown | {"totals": dict(zip(("reference", "own"), totals, strict=True))}, indent=2)
        return
    from alexnet_bench.show.table import Table

    rows = [
        [*_cells(pair.reference), *_cells(pair.own)[1:], "; ".join(pair.differences) or "equal"]
        for pair in pairs
    ]
    numbers, ratio = [f"{count:,}" for count in parameters], parameters[1] / parameters[0]
    rows.append(
        [
            "total",
            "",
            numbers[0],
            "",
            numbers[1],
            f"{ratio:.2f} times the parameters, {_macs_ratio(macs)}",
        ]
    )
    columns = ["layer", name, "parameters", file.name, "its parameters", "differs in"]
    print_table(Table(columns, rows), f"{file.name} beside {name} at {topology}")
    same = sum(not pair.differences for pair in pairs)
    say(f"\n{same} of {len(pairs)} layers are equal.")


def _macs_of(parts: Sequence["Part"]) -> int | None:
    """All of a network's; None where a layer's cannot be counted."""
    counts = [part.macs for part in parts if part.macs is not None]
    return sum(counts) if len(counts) == len(parts) else None


def _macs_ratio(macs: Sequence[int | None]) -> str:
    reference, own = macs
    return f"{own / reference:.2f} the MACs" if own is not None and reference else f"MACs {MISSING}"


def _cells(part: Any) -> list[str]:
    """A layer's name, what it is with its output, and its parameters; of none, dashes."""
    if part is None:
        return [MISSING, MISSING, ""]
    from alexnet_bench.network.side_by_side import sized

    what = f"{part.what} → {sized(part.shape)}"
    return [part.name, what, f"{part.parameters:,}" if part.parameters else ""]
