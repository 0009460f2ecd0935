import functools

import made_up_runs
import pytest


@pytest.fixture
def carry_out(tmp_path):
    """Carry out a run, or go on with it, with trials that are made up by a function of the task."""
    return functools.partial(made_up_runs.carry_out, tmp_path / "run")
