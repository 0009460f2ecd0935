"""What `bench compare` shows of rows that are there."""

from alexnet_bench.analysis.comparison import Comparison
from alexnet_bench.show.tables import comparison_table


def shown(**values):
    """The cells of a row, by their titles."""
    row = Comparison(
        **{"variant": "alexnet", "precision": "float32", "batch_size": 16, "measure": "training throughput"}
        | values
    )
    table = comparison_table([row], ("before", "after"))
    return dict(zip(table.columns, table.rows[0], strict=True))


def test_a_ratio_is_a_change_with_its_interval():
    found = shown(
        base=100.0,
        head=103.0,
        effect=1.03,
        low=1.02,
        high=1.04,
        pairs=5,
        base_milliseconds=(10.0, 9.0, 12.0),
        head_milliseconds=(9.7, 9.0, 11.0),
    )
    assert found == {
        "Variant": "alexnet",
        "Measure": "training throughput",
        "Precision, batch": "float32, 16",
        "before": "100 images/s",
        "after": "103 images/s",
        "Change [95%]": "+3.00% [+2.00%, +4.00%]",
        "ms/step, base": "10.0 (9.00–12.0)",
        "ms/step, head": "9.70 (9.00–11.0)",
    }


def test_an_error_is_a_change_in_points():
    error = {"measure": "test top-1 error", "unit": "%", "base": 3.0, "head": 2.5, "effect": -0.5, "pairs": 3}

    assert shown(**error)["Change [95%]"] == "−0.50 points"
    assert shown(**error, low=-1.0, high=0.0)["Change [95%]"] == "−0.50 points [−1.00, +0.00]"


def test_what_must_be_known_stands_beside_it():
    assert shown(effect=1.0, pairs=3)["Note"] == "3 pairs: no interval"
    found = shown(note="not measured in the second run", effect=1.0, pairs=1)
    assert found["Note"] == "not measured in the second run; 1 pair: no interval"
