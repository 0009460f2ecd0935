"""AlexNet's design choices, each with and without: what they do to accuracy and to throughput."""

from alexnet_bench.ablation import Ablation, Claim
from alexnet_bench.block import Block, block
from alexnet_bench.errors import BenchError
from alexnet_bench.recipe import Recipe
from alexnet_bench.variant import ALEXNET, Variant

__all__ = ["ALEXNET", "Ablation", "BenchError", "Block", "Claim", "Recipe", "Variant", "block"]
__version__ = "0.1.0"
