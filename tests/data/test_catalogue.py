import subprocess
import sys

import pytest
from PIL import Image

from alexnet_bench.data import DATASETS, open_dataset
from alexnet_bench.errors import DataError, UnknownNameError


def test_names():
    assert list(DATASETS) == ["digits", "fashion-mnist", "cifar10", "folder"]


@pytest.mark.parametrize("name", DATASETS)
def test_description_is_one_line_and_spec_begins_with_the_name(name):
    description = DATASETS[name]
    assert description.help and "\n" not in description.help
    assert description.spec.split("[")[0].split(":")[0] == name


def test_default_topologies():
    assert {name: description.default_topology for name, description in DATASETS.items()} == {
        "digits": "alexnet-8",
        "fashion-mnist": "alexnet-32",
        "cifar10": "alexnet-32",
        "folder": "alexnet-227",
    }


def test_data_sets_have_the_topology_the_catalogue_promises(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for number in range(3):
            Image.new("RGB", (2, 2)).save(tmp_path / name / f"{number}.png")
    for spec in ("digits", f"folder:{tmp_path}"):
        assert open_dataset(spec).default_topology == DATASETS[spec.split(":")[0]].default_topology


@pytest.mark.parametrize("spec", ["cifar", "cifar:/data", "", ":folder"])
def test_unknown_name(spec):
    with pytest.raises(UnknownNameError, match=r"unknown data set .*; choose from: cifar10, digits, "):
        open_dataset(spec)


def test_unknown_name_has_its_closest_match():
    with pytest.raises(UnknownNameError, match=r"'digit' .did you mean 'digits'"):
        open_dataset("digit")


def test_path_where_none_is_taken():
    with pytest.raises(DataError, match="'digits:/data': digits takes no path; write digits"):
        open_dataset("digits:/data")


@pytest.mark.parametrize("spec", ["folder", "folder:", "cifar10:", "fashion-mnist:"])
def test_no_path_where_one_is_needed(spec):
    with pytest.raises(DataError, match=f"'{spec}' names no folder; write "):
        open_dataset(spec)


def test_path_reaches_the_data_set(tmp_path):
    for spec in ("cifar10", "fashion-mnist", "folder"):
        with pytest.raises(DataError, match="absent: no such folder"):
            open_dataset(f"{spec}:{tmp_path / 'absent'}")


def test_home_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(DataError, match=f"{tmp_path}/absent: no such folder"):
        open_dataset("cifar10:~/absent")


def test_unreadable_file_is_an_error_of_the_data(tmp_path):
    """A folder stands in for a file without permission, which root would read."""
    for number in range(1, 6):
        (tmp_path / f"data_batch_{number}.bin").write_bytes(bytes(3073))
    unreadable = tmp_path / "batches.meta.txt"
    unreadable.mkdir()
    with pytest.raises(DataError, match=f"{unreadable} cannot be read .Is a directory.; check the path"):
        open_dataset(f"cifar10:{tmp_path}")


def test_importing_loads_nothing_heavy():
    code = (
        "import sys, alexnet_bench.data; "
        "print(*sorted({'sklearn', 'tensorflow', 'keras', 'PIL', 'pandas'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""
