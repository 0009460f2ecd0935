import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import alexnet_bench
from alexnet_bench.data import DATASETS, open_dataset
from alexnet_bench.errors import UnknownNameError


def test_names():
    assert list(DATASETS) == ["cifar10", "digits", "fashion-mnist", "folder", "folds", "tfds"]


@pytest.mark.parametrize("name", DATASETS)
def test_description_is_one_line_and_spec_begins_with_the_name(name):
    description = DATASETS[name]
    assert description.help and "\n" not in description.help
    assert description.spec.split("[")[0].split(":")[0] == name


@pytest.mark.parametrize("spec", ["cifar", "cifar:/data", "", ":folder"])
def test_unknown_name(spec):
    with pytest.raises(UnknownNameError, match=r"unknown data set .*; choose from: cifar10, digits, "):
        open_dataset(spec)


def test_path_where_none_is_taken(refusal):
    assert refusal("digits:/data") == "the data set digits takes no path; write digits"


@pytest.mark.parametrize("spec", ["folder", "folder:", "cifar10:", "fashion-mnist:"])
def test_no_path_where_one_is_needed(spec, refusal):
    assert refusal(spec).startswith(f"'{spec}' names no folder; write {spec.partition(':')[0]}")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cifar10", "the binary batches of CIFAR-10"),
        ("fashion-mnist", "the four gzipped IDX files of Fashion-MNIST"),
        ("folder", "JPEG, PNG, WebP, BMP or GIF files in PATH/<class>/"),
    ],
)
def test_path_reaches_the_data_set(tmp_path, monkeypatch, refusal, name, expected):
    monkeypatch.setenv("HOME", str(tmp_path))
    absent = f"{tmp_path}/absent: no such folder; expected {expected}"
    assert absent in refusal(f"{name}:{tmp_path / 'absent'}")
    assert absent in refusal(f"{name}:~/absent")


def test_unreadable_file_is_an_error_of_the_data(tmp_path, refusal):
    """A folder stands in for a file without permission, which root would read."""
    for number in range(1, 6):
        (tmp_path / f"data_batch_{number}.bin").write_bytes(bytes(3073))
    unreadable = tmp_path / "batches.meta.txt"
    unreadable.mkdir()
    expected = f"{unreadable} cannot be read (Is a directory); check the path and its permissions"
    assert refusal(f"cifar10:{tmp_path}") == expected


ONE_MORE = """
import numpy as np

from alexnet_bench.data.dataset import Dataset, Description, Split

SPLIT = Split(labels=np.zeros(2, np.int64), images=np.zeros((2, 8, 8, 1), np.uint8))


def open_blanks(path=None):
    return Dataset(
        name="blanks", classes=("blank",), train=SPLIT, test=SPLIT, mirrored=False, size=8, channels=1
    )


BLANKS = Description(spec="blanks", help="two blank pictures", topology="alexnet-8", open=open_blanks)
"""


def test_a_new_data_set_is_one_new_file(tmp_path):
    package = Path(alexnet_bench.__file__).parent
    shutil.copytree(package, tmp_path / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / package.name / "data" / "blanks.py").write_text(ONE_MORE, encoding="utf-8")
    code = "from alexnet_bench.data import *; print(*DATASETS, open_dataset('blanks').name)"

    command = [sys.executable, "-P", "-c", code]
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)

    assert found.stdout.split() == ["blanks", *DATASETS, "blanks"]
