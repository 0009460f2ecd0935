"""The files beside the records: what can be read of them, and what counts as absent."""

import io
import os
import pickle
import warnings
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.lib import format as npy
from report_runs import trial

from alexnet_bench.errors import BenchWarning
from alexnet_bench.records.predictions import Predictions

LABELS = np.array([3, 1], "int64")
ARRAYS = {
    "labels": LABELS,
    "likeliest": np.array([[3, 5, 0, 1, 2], [0, 1, 2, 3, 4]], "int16"),
    "filters": np.ones((1, 3, 3, 1, 4), "float32"),
}


def kept(file, **arrays):
    file.parent.mkdir(exist_ok=True)
    np.savez_compressed(file, **ARRAYS | arrays)
    return file


def right(folder, name="predictions/a.npz"):
    """What is found, and whether there was a warning."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        files = Predictions({"run-a": folder})
        item = trial("alexnet", 0, run_id="run-a", predictions=name)
        found = files.right(item, 1)
        files.filters(item)
    assert {item.category for item in said} <= {BenchWarning}
    return None if found is None else found.tolist(), {str(item.message) for item in said}


def test_what_a_trial_got_right_is_read(tmp_path):
    kept(tmp_path / "predictions" / "a.npz")

    assert right(tmp_path) == ([True, False], set())


def test_a_file_that_is_missing_is_no_damage(tmp_path):
    assert right(tmp_path) == (None, set())


def archive(file, **members):
    with zipfile.ZipFile(file, "w") as packed:
        for name, content in members.items():
            packed.writestr(f"{name}.npy", content)


def array_file(header, data=b""):
    """An array's file that declares what it likes."""
    made = io.BytesIO()
    npy.write_array_header_1_0(made, {"fortran_order": False} | header)
    return made.getvalue() + data


def executed():
    raise AssertionError("a pickle was loaded")


class Pickled:
    def __reduce__(self):
        return executed, ()


DAMAGED = {
    "empty": b"",
    "truncated": None,
    "text": b"no archive",
    "pickle": pickle.dumps(Pickled()),
    "too large": {"labels": array_file({"descr": "<i8", "shape": (2**30,)})},
    "pickled objects": {"labels": array_file({"descr": "|O", "shape": (1,)}, pickle.dumps([Pickled()]))},
    "another shape": {"labels": array_file({"descr": "<i8", "shape": (1, 1)}, bytes(8))},
    "nothing in it": {"labels": array_file({"descr": "<i8", "shape": (0,)})},
    "text for numbers": {"labels": array_file({"descr": "<U1", "shape": (1,)}, bytes(4))},
    "no array": {"labels": b"labels"},
    "one label": {"labels": array_file({"descr": "<i8", "shape": (1,)}, bytes(8))},
    "a header without its end": {
        "labels": array_file({"descr": "<i8", "shape": (1,)}, bytes(8)).replace(b"}", b" ")
    },
    "a header of minuses": {"labels": b"\x93NUMPY\x01\x00\x28\x23" + b"-" * 9000},
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_what_cannot_be_read_counts_as_absent_and_is_said(tmp_path, content):
    file = kept(tmp_path / "predictions" / "a.npz")
    if isinstance(content, dict):
        whole = {
            name: array_file({"descr": a.dtype.str, "shape": a.shape}, a.tobytes())
            for name, a in ARRAYS.items()
        }
        archive(file, **whole | content | {"filters": next(iter(content.values()))})
    else:
        file.write_bytes(file.read_bytes()[:-30] if content is None else content)

    found, said = right(tmp_path)
    assert found is None
    assert said and all(text.startswith(f"{file} cannot be read (") for text in said)


def test_one_that_unpacks_to_more_than_anybody_wrote_is_not_unpacked(tmp_path):
    file = kept(tmp_path / "predictions" / "a.npz", labels=np.zeros(2**23 + 1, "int64"))
    assert file.stat().st_size < 2**20

    with pytest.warns(BenchWarning, match=f"labels.npy has more than {2**26} bytes"):
        item = trial("alexnet", 0, run_id="run-a", predictions="predictions/a.npz")
        assert Predictions({"run-a": tmp_path}).right(item, 1) is None


@pytest.mark.parametrize("way", ["upwards", "absolute", "link", "link of a folder", "within and out"])
def test_nothing_outside_of_the_runs_folder_is_read(tmp_path, way):
    folder, outside = tmp_path / "run", kept(tmp_path / "outside" / "a.npz")
    (folder / "predictions").mkdir(parents=True)
    (folder / "predictions" / "link.npz").symlink_to(outside)
    (folder / "linked").symlink_to(outside.parent)
    names = {
        "upwards": "../outside/a.npz",
        "absolute": str(outside),
        "link": "predictions/link.npz",
        "link of a folder": "linked/a.npz",
        "within and out": "predictions/../../outside/a.npz",
    }

    found, said = right(folder, names[way])
    assert found is None
    assert all("it lies outside of its run's folder" in text for text in said) and said


@pytest.mark.parametrize("name", ["", ".", "predictions", "predictions/pipe", "a\0b", "x" * 5000])
def test_what_is_no_file_is_not_waited_for(tmp_path, name):
    (tmp_path / "predictions").mkdir()
    os.mkfifo(tmp_path / "predictions" / "pipe")

    assert right(tmp_path, name)[0] is None


@given(st.floats(0, 1, exclude_max=True), st.integers(0, 255), st.booleans())
def test_no_damage_ends_in_anything_else(tmp_path_factory, share, byte, is_cut):
    folder = tmp_path_factory.mktemp("run")
    file = kept(folder / "predictions" / "a.npz")
    content = bytearray(file.read_bytes())
    at = int(share * len(content))
    content[at:] = content[at:][:0] if is_cut else bytes([byte]) + content[at + 1 :]
    file.write_bytes(content)

    assert right(folder)[0] in (None, [True, False])
