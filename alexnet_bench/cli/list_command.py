"""`bench list`."""

from pathlib import Path

import click

from alexnet_bench.cli import options
from alexnet_bench.cli.terminal import print_table, say_json


@click.command(epilog="Example: bench list --ablations my-ablations")
@options.ablations
@options.as_json
def command(ablations: tuple[Path, ...], as_json: bool) -> None:
    """List variants, ablations, data sets, topologies and recipes."""
    from alexnet_bench.data import DATASETS
    from alexnet_bench.network.recipes import RECIPES
    from alexnet_bench.network.registry import load_registry
    from alexnet_bench.network.topology import TOPOLOGIES
    from alexnet_bench.show.table import Table

    registry = load_registry(ablations)
    found = {
        "variants": {name: variant.difference for name, variant in registry.variants.items()},
        "ablations": {
            f"@{name}": f"{', '.join(arm.name for arm in ablation.arms)} against {ablation.control.name}"
            for name, ablation in registry.ablations.items()
        },
        "datasets": {description.spec: description.help for description in DATASETS.values()},
        "topologies": {name: topology.about for name, topology in TOPOLOGIES.items()},
        "recipes": {
            name: f"{recipe.optimizer}, rate {recipe.learning_rate:g}, batch {recipe.batch_size}, "
            f"initialization {'by layer' if recipe.layers else recipe.initialization}"
            for name, recipe in RECIPES.items()
        },
    }
    if as_json:
        say_json(found, indent=2)
        return
    for kind, rows in found.items():
        print_table(Table([kind, ""], [[name, about] for name, about in rows.items()]))
        print()
