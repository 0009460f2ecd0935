"""What a figure says to those who cannot see it: of each setting by itself, and of all seeds."""

import pandas as pd

from alexnet_bench.show.figure_data import in_words


def curves(*rows):
    return pd.DataFrame(rows, columns=["setting", "variant", "seed", "epoch", "validation_top1_error"])


def test_curves_of_several_settings_are_told_apart():
    data = curves(("a", "alexnet", 0, 1, 0.9), ("a", "alexnet", 0, 2, 0.02), ("b", "alexnet", 0, 1, 0.5))

    said = in_words("curves", data, {"a": "dataset digits", "b": "dataset cifar10"})

    assert "alexnet (dataset digits): validation error 90.00% after epoch 1, 2.00% after epoch 2." in said
    assert "alexnet (dataset cifar10): validation error 50.00% after epoch 1, 50.00% after epoch 1." in said


def test_the_end_is_the_end_of_every_seed():
    data = curves(
        ("a", "alexnet", 0, 1, 0.9),
        ("a", "alexnet", 0, 2, 0.8),
        ("a", "alexnet", 1, 1, 0.9),
        ("a", "alexnet", 1, 3, 0.1),
    )

    said = in_words("curves", data, {})

    assert said == "alexnet: validation error 90.00% after epoch 1, 45.00% at the end of each seed."
