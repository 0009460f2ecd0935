import keras
import numpy as np
import pytest

from alexnet_bench import ALEXNET
from alexnet_bench.network.registry import load_registry

IMAGES = (20 * np.random.default_rng(0).standard_normal((4, 8, 8, 1))).astype("float32")


@pytest.mark.parametrize(
    "variant",
    [ALEXNET, ALEXNET.but("two-gpu", placement="split"), load_registry().variants["batch-norm"]],
    ids=lambda variant: variant.name,
)
@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_saved_model_gives_the_same_outputs(build, tmp_path, variant, precision):
    model = build(variant, precision=precision, seed=3)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(IMAGES), model(IMAGES))
