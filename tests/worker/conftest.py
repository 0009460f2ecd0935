import pytest

from alexnet_bench.network.recipe import PAPER


@pytest.fixture(autouse=True, scope="session")
def ready(tensorflow_ready):
    """Every test here uses TensorFlow."""


@pytest.fixture(scope="session")
def recipe():
    """The paper's, with a batch that a small network takes."""
    return PAPER.but(batch_size=8)
