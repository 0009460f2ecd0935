"""What a GPU needs, on machines that lack one thing or another."""

import re

import pytest

from alexnet_bench.run.gpus import lacks, read_gpus

GOOD = {
    "gpus": ["H200", "H200"],
    "driver": True,
    "visible_devices": None,
    "nvidia_ml_py": True,
    "libraries_missing": [],
}
CUDA = {"cuda_version": "12.5.1"}


def said(build=CUDA, **changes):
    return list(lacks(GOOD | changes, build))


def test_two_gpus_lack_nothing():
    assert said() == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"gpus": [], "driver": False}, "no NVIDIA driver is loaded"),
        ({"gpus": []}, "`--gpus all`"),
        ({"gpus": [], "visible_devices": ""}, "CUDA_VISIBLE_DEVICES= hides every GPU"),
        ({"gpus": [], "nvidia_ml_py": False}, 'nvidia-ml-py is missing, .* `pip install "alexnet-bench'),
        ({"libraries_missing": ["cudnn", "nccl", "cublas"]}, r"libraries are missing \(cudnn and 2 others\)"),
        ({"libraries_missing": ["cudnn"]}, r"libraries are missing \(cudnn\): `pip install"),
        ({"build": {}}, "built without CUDA"),
        ({"gpus": ["H200"]}, "one GPU: two-gpu and data-parallel take two"),
    ],
)
def test_what_is_missing_is_named_with_what_to_do(changes, words):
    (line,) = said(**changes)

    assert ":" in line
    assert re.search(words, line), line


def test_a_machine_without_any_of_it_is_told_each_thing(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    seen = read_gpus(tmp_path)

    assert (seen["gpus"], seen["driver"]) == ([], False)
    (tmp_path / "proc/driver/nvidia").mkdir(parents=True)
    (tmp_path / "proc/driver/nvidia/version").write_text("NVRM version", encoding="utf-8")
    assert read_gpus(tmp_path)["driver"]
