import pytest

from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.recipe import PAPER, scale_to_small_images
from alexnet_bench.network.topology import find_topology

DEVICES = ("cpu:0", "cpu:1")


@pytest.fixture(autouse=True, scope="session")
def ready(tensorflow_ready):
    """Every test here uses TensorFlow."""


@pytest.fixture(scope="session")
def recipe():
    """The paper's training of small networks."""
    return scale_to_small_images(PAPER, 1293)


@pytest.fixture(scope="session")
def build(recipe):
    """Build a variant's model; a split variant's on two logical CPU devices."""
    from alexnet_bench.model.build import build_model

    def build(variant, topology="alexnet-8", *, classes=10, channels=1, **options):
        plan = make_plan(variant, find_topology(topology), classes=classes, channels=channels)
        devices = DEVICES if variant.placement == "split" else ()
        return build_model(plan, recipe, devices=devices, **options)

    return build
