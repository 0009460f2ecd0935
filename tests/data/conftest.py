import sys
from types import SimpleNamespace

import pytest

from alexnet_bench.data import open_dataset
from alexnet_bench.errors import DataError


@pytest.fixture
def refusal():
    """The message with which a data set is refused: one line."""

    def of(spec):
        with pytest.raises(DataError) as caught:
            open_dataset(spec)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return of


@pytest.fixture
def downloads(monkeypatch):
    """Stands in for what Keras downloads under a name."""

    def stand_in(name, load_data):
        datasets = SimpleNamespace(**{name: SimpleNamespace(load_data=load_data)})
        monkeypatch.setitem(sys.modules, "keras", SimpleNamespace(datasets=datasets))

    return stand_in
