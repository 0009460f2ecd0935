"""AlexNet's design choices, each with and without: what they do to accuracy and to throughput."""

# Before the function of that name: a package that is loaded later would take its place.
import alexnet_bench.run  # noqa: F401
from alexnet_bench.api import (
    claims,
    compare,
    export,
    fit,
    gate,
    history,
    open_run,
    profile,
    run,
    write_report,
)
from alexnet_bench.errors import BenchError
from alexnet_bench.network.ablation import Ablation, Claim, LoggedRuns
from alexnet_bench.network.parts import Block, Initializer, Optimizer, block, initializer, optimizer
from alexnet_bench.network.recipe import Recipe
from alexnet_bench.network.variant import ALEXNET, Variant
from alexnet_bench.records.run_folder import read

__all__ = [
    "ALEXNET",
    "Ablation",
    "BenchError",
    "Block",
    "Claim",
    "Initializer",
    "LoggedRuns",
    "Optimizer",
    "Recipe",
    "Variant",
    "block",
    "claims",
    "compare",
    "export",
    "fit",
    "gate",
    "history",
    "initializer",
    "open_run",
    "optimizer",
    "profile",
    "read",
    "run",
    "write_report",
]
__version__ = "0.1.0"
