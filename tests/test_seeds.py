from hypothesis import given
from hypothesis import strategies as st

from alexnet_bench.seeds import derive_seed

LAYERS = ("conv1", "conv2", "fc6", "fc7", "fc8")


@given(st.integers(0, 2**63), st.text(), st.text())
def test_a_seed_is_one_that_every_library_takes(seed, purpose, name):
    assert 0 <= derive_seed(seed, purpose, name) < 2**31


def test_the_same_draw_has_the_same_seed_on_every_machine():
    assert derive_seed(0, "weights", "conv1") == 1070146752
    assert derive_seed(1, "order") == 1128133242


def test_every_trial_purpose_and_layer_has_its_own():
    seeds = [
        derive_seed(seed, purpose, layer)
        for seed in range(20)
        for purpose in ("weights", "dropout", "order", "crops")
        for layer in LAYERS
    ]

    assert len(set(seeds)) == len(seeds)


def test_removing_a_layer_leaves_the_others_draws():
    with_all = {layer: derive_seed(3, "dropout", layer) for layer in LAYERS}
    without = {layer: derive_seed(3, "dropout", layer) for layer in LAYERS if layer != "fc6"}

    assert without.items() <= with_all.items()
