import pytest

from alexnet_bench.stats import beats_chance, chance_error


def test_a_guess_among_ten_classes_is_wrong_nine_times_in_ten():
    assert chance_error(10) == 0.9


@pytest.mark.parametrize(("error", "expected"), [(0.80, True), (0.82, False), (0.95, False)])
def test_to_beat_chance_is_to_lie_below_nine_tenths_of_it(error, expected):
    assert beats_chance(error, 10) is expected
