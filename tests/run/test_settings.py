"""Whatever a setting is given, from Python too, is used or is one line that says what it must be."""

import dataclasses
import json
import math
import subprocess
import sys
from functools import partial
from numbers import Real
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import alexnet_bench
from alexnet_bench import BenchError
from alexnet_bench.run.settings import MOST, MOST_OF_OTHERS, Settings

FIELDS = {item.name: item for item in dataclasses.fields(Settings)}
WHOLE, NUMBER = int | None, float | None


class Unprintable:
    def __repr__(self):
        raise RuntimeError


def is_right(name, value):
    """Whether a value is of the kind that a field takes; names that stand for nothing are left to others."""
    kind = FIELDS[name].type
    if value is None:
        return FIELDS[name].default is None or name == "time_batch_size"
    if kind in (str, str | None):
        return isinstance(value, str)
    if kind is bool:
        return isinstance(value, bool)
    if kind == WHOLE:
        return type(value) is int and 1 <= value <= MOST.get(name, MOST_OF_OTHERS)
    if kind == NUMBER:
        number = isinstance(value, Real) and not isinstance(value, bool)
        return number and 0 < value < (1 if name == "interval" else 10**300)
    items = value if isinstance(value, list | tuple) else [value]
    if kind == tuple[int, int] | None:
        return isinstance(value, list | tuple) and len(value) == 2 and all(is_right("jobs", x) for x in value)
    if kind == tuple[int, ...]:
        return all(item is not None and is_right("seeds", item) for item in items)
    return all(isinstance(item, str) or (name == "ablations" and isinstance(item, Path)) for item in items)


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.binary(max_size=3),
    st.complex_numbers(),
    st.dates(),
    st.decimals(),
    st.fractions(),
    st.sampled_from([10**9, 10**400, 10**5000, -(10**400), 2.0, 2.5, math.nan, math.inf, "nan", "1e9"]),
    st.sampled_from([int, object(), Unprintable(), np.float32("nan"), np.int64(0), np.array(2.5), Ellipsis]),
)
VALUES = st.one_of(
    SCALARS,
    st.lists(SCALARS, max_size=3),
    st.lists(SCALARS, max_size=3).map(tuple),
    st.dictionaries(st.text(max_size=3), SCALARS, max_size=2),
    st.lists(st.lists(SCALARS, max_size=2), min_size=1, max_size=2),
    st.sampled_from([np.zeros((2, 2)), np.array([1.5, 2.5]), range(-1, 2), {1: 2}, b"12", frozenset({0})]),
)


@given(st.sampled_from(list(FIELDS)), VALUES)
def test_a_value_is_used_or_refused_in_one_line(name, value):
    try:
        settings = Settings(**{name: value})
    except BenchError as error:
        assert str(error)
        assert len(str(error).splitlines()) == 1
    else:
        json.dumps(dataclasses.asdict(settings), allow_nan=False)
        assert Settings(**dataclasses.asdict(settings)) == settings


@given(st.sampled_from(list(FIELDS)), VALUES)
def test_no_wrong_value_is_used(name, value):
    if isinstance(value, np.ndarray | np.generic | range | frozenset) or is_right(name, value):
        return

    with pytest.raises(BenchError):
        Settings(**{name: value})


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize(
    "value",
    [3.5, math.nan, object(), b"digits", {"a": 1}],
    ids=["fraction", "nan", "object", "bytes", "dict"],
)
def test_every_setting_is_checked(name, value):
    if FIELDS[name].type == NUMBER and value == 3.5:
        value = -3.5

    with pytest.raises(BenchError) as caught:
        Settings(**{name: value})

    assert str(caught.value).startswith(name.replace("_", " "))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"seeds": 2.5}, "seeds is 2.5; it must be a whole number"),
        ({"seeds": True}, "seeds is True; it must be a whole number"),
        ({"seeds": "3"}, "seeds is '3'; it must be a whole number"),
        ({"seeds": 10**9}, "seeds is 1000000000; it must be at most 100,000"),
        ({"epochs": math.nan}, "epochs is nan; it must be a whole number"),
        ({"interval": 2.0}, "interval is 2; it must be a share below 1, such as 0.005"),
        ({"interval": math.nan}, "interval is nan; it must be a finite number"),
        ({"budget": "10m"}, "budget is '10m'; it must be a number"),
        ({"budget": 10**400}, "it must be a finite number"),
        ({"time_threads": 2}, "time threads is 2; it must be two whole numbers"),
        ({"time_threads": (1, 2, 3)}, "time threads is (1, 2, 3); it must be two whole numbers"),
        ({"variants": ["lrn"]}, "variants is ['lrn']; it must be text"),
        ({"measure": ("speed",)}, "unknown measure 'speed'; choose from: accuracy, throughput"),
        ({"measure": ()}, "no measure is given; choose from: accuracy, throughput"),
        ({"devices": "tpu"}, "unknown device kind 'tpu'"),
        ({"precision": "float8"}, "unknown precision 'float8'"),
        ({"tune": "momentum"}, "unknown tuning 'momentum'; choose from: lr"),
        ({"mode": ()}, "no mode is given"),
        ({"mode": "resting"}, "unknown mode 'resting'"),
        ({"jobs": 0}, "jobs is 0; it must be at least 1"),
        ({"budget": -1.0}, "budget is -1; it must be more than 0"),
        ({"until_conclusive": True, "measure": "throughput"}, "give --measure accuracy"),
        ({"until_conclusive": True, "seeds": 3}, "seeds is 3; a verdict takes at least 4"),
        ({"preset": "quik"}, "unknown preset 'quik' (did you mean 'quick'?); choose from: paper, quick, st"),
        ({"save_models": "no"}, "save models is 'no'; it must be True or False"),
        ({"ablations": ("mine", "")}, "ablations is ''; it must be a folder, or a list of folders"),
        ({"seds": 3}, "unknown setting 'seds' (did you mean 'seeds'?); choose from: ablations, batch_size, "),
        ({"seds": 3, "epoch": 1}, "unknown settings 'seds' (did you mean 'seeds'?), 'epoch' (did you mean"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said(given, expected):
    with pytest.raises(BenchError) as caught:
        Settings(**given)

    assert expected in str(caught.value)


def test_one_value_or_several_are_settings_alike():
    """As typed, as a string in Python, or as a run's manifest holds them."""
    one = Settings(measure="accuracy", precision="float32", time_batch_size=16, mode="training")
    several = {"measure": ("accuracy",), "precision": ["float32"], "time_batch_size": [16]}

    assert one == Settings(**several, mode=("training",))
    assert Settings(measure="accuracy, throughput").measure == ("accuracy", "throughput")


def test_every_setting_of_the_api_is_an_option_of_the_command():
    from alexnet_bench.cli.run_command import command

    assert FIELDS.keys() <= {option.name for option in command.params}


def test_settings_are_given_by_name():
    with pytest.raises(BenchError, match="'all' has no name; name every setting, such as seeds=3"):
        Settings("all")


def test_numbers_of_numpy_and_folders_of_any_kind_are_taken():
    settings = Settings(
        seeds=np.int64(3),
        interval=np.float32(0.5),
        time_batch_size=np.array([8, 16, 8]),
        ablations=Path("mine"),
    )

    assert json.dumps(settings.seeds) == "3"
    assert settings.interval == 0.5
    assert settings.time_batch_size == (8, 16)
    assert settings.ablations == Settings(ablations="mine").ablations == (str(Path.cwd() / "mine"),)


@pytest.mark.parametrize(
    "call",
    [
        alexnet_bench.run,
        partial(alexnet_bench.compare, base_python=sys.executable),
        partial(alexnet_bench.gate, base_python=sys.executable),
    ],
    ids=["run", "compare", "gate"],
)
def test_the_api_refuses_as_settings_do(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(TypeError, match="seds"):
        call(seds=3)
    with pytest.raises(BenchError, match="budget is -1"):
        call(budget=-1.0)
    with pytest.raises(BenchError, match="out is ''; it must be a folder"):
        call(out="")
    assert list(tmp_path.iterdir()) == []


def test_running_stays_a_function_whatever_is_imported():
    code = "import alexnet_bench, alexnet_bench.run.settings\nassert callable(alexnet_bench.run)"

    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("~nobodyhere/photos", "there is no such home folder"),
        ("circle/photos", "its links lead in a circle"),
        ("caf\udce9", r"caf\udce9: the path is not UTF-8, which a run's files cannot hold"),
    ],
)
def test_a_path_of_data_that_no_run_can_have(tmp_path, monkeypatch, path, expected):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "caf\udce9").mkdir()
    with pytest.raises(BenchError) as caught:
        Settings(dataset=f"folder:{path}")
    assert expected in str(caught.value) and "\n" not in str(caught.value)
