"""AlexNet's design choices, each with and without: what they do to accuracy and to throughput."""

from alexnet_bench.ablation import Ablation, Claim
from alexnet_bench.api import compare, gate, run, write_report
from alexnet_bench.blocks import Block, block
from alexnet_bench.errors import BenchError
from alexnet_bench.recipe import Recipe
from alexnet_bench.run_folder import read
from alexnet_bench.variant import ALEXNET, Variant

__all__ = [
    "ALEXNET",
    "Ablation",
    "BenchError",
    "Block",
    "Claim",
    "Recipe",
    "Variant",
    "block",
    "compare",
    "gate",
    "read",
    "run",
    "write_report",
]
__version__ = "0.1.0"
