"""What `bench compare` prints of rows that are there."""

import pytest

from alexnet_bench.analysis.comparison import Comparison
from alexnet_bench.cli.tables import print_comparison


@pytest.fixture
def printed(capsys, monkeypatch):
    """The words of a table of some rows."""
    monkeypatch.setenv("COLUMNS", "250")

    def words(*rows):
        print_comparison(rows, ("base", "head"))
        return " ".join(capsys.readouterr().out.split())

    return words


def row(**values):
    return Comparison(
        **{"variant": "alexnet", "precision": "float32", "batch_size": 16, "measure": "training throughput"}
        | values
    )


def test_a_ratio_is_a_change_with_its_interval(printed):
    found = printed(
        row(
            base=100.0,
            head=103.0,
            effect=1.03,
            low=1.02,
            high=1.04,
            pairs=5,
            base_milliseconds=(10.0, 9.0, 12.0),
            head_milliseconds=(9.7, 9.0, 11.0),
        )
    )
    assert "+3.00% [+2.00%, +4.00%]" in found
    assert "10.0 (9.0-12.0) -> 9.7 (9.0-11.0)" in found
    assert "float32, 16" in found


def test_an_error_is_a_change_in_points(printed):
    found = printed(row(measure="test top-1 error", unit="%", base=3.0, head=2.5, effect=-0.5, pairs=3))
    assert "-0.50 points" in found
    assert "3 pairs: no interval" in found


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"effect": 1.0, "pairs": 3}, "3 pairs: no interval"),
        ({"note": "not measured in the second run"}, "not measured in the second run"),
    ],
)
def test_what_must_be_known_stands_beside_it(printed, values, words):
    assert words in printed(row(**values))
