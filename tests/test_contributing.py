"""The ablation that CONTRIBUTING shows is one short file, and it works."""

import re
from pathlib import Path

import pytest

from alexnet_bench.data import open_dataset
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.recipe import PAPER
from alexnet_bench.network.registry import load_registry
from alexnet_bench.network.topology import ALEXNET_8

CONTRIBUTING = Path(__file__).parents[1] / "CONTRIBUTING.md"


@pytest.fixture
def example():
    (code,) = re.findall(r"```python\n(.*?)```", CONTRIBUTING.read_text(encoding="utf-8"), re.DOTALL)
    return code


@pytest.fixture
def registry(example, tmp_path):
    (tmp_path / "layer_norm.py").write_text(example, encoding="utf-8")
    return load_registry([tmp_path])


def test_it_is_one_file_of_at_most_25_lines(example):
    assert len(example.splitlines()) <= 25


def test_its_variants_can_be_selected_and_added(registry):
    assert [variant.name for variant in registry.select("@layer-norm,layer-norm+tanh")] == [
        "alexnet",
        "layer-norm",
        "layer-norm+tanh",
    ]


def test_its_block_counts_as_many_parameters_as_it_has(registry, tensorflow_ready):
    from alexnet_bench.model.build import build_model

    dataset = open_dataset("digits")
    (variant,) = registry.select("layer-norm")
    plan = make_plan(variant, ALEXNET_8, classes=len(dataset.classes), channels=dataset.channels)

    assert build_model(plan, PAPER).count_params() == plan.parameters
