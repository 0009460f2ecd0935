"""`bench doctor`, on the smallest network."""

import json

import pytest

from alexnet_bench.run import doctor


def test_the_doctor_says_what_it_found(monkeypatch, bench):
    monkeypatch.setattr(doctor, "TOPOLOGY", "alexnet-8")
    monkeypatch.setattr(doctor, "BATCH_SIZE", 4)

    code, out, err = bench("doctor", "--budget", "1s", "--json")

    assert (code, err) == (0, "")
    found = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert min(found["peak"]["flops_per_second"], found["peak"]["bytes_per_second"]) > 0
    assert found["noise_floor"]["draws"] >= 1
    assert found["noise_floor"]["ratio"] > 0
    assert found["environment"]["versions"]["tensorflow"]
    assert found["build"]["tensorflow"]
    assert 0 <= found["load"]["others_share"] <= 1
    assert all("\n" not in line for line in (*found["complaints"], *found["gpus"]["missing"]))
    assert found["gpus"]["visible"] == []


def test_the_doctors_words(monkeypatch, bench):
    told = {
        "environment": {
            "cpu": "a cpu",
            "cores": 2,
            "memory_bytes": 2**34,
            "platform": "an os",
            "versions": {},
        },
        "git_commit": None,
        "device": "a cpu",
        "threads": 2,
        "build": {"tensorflow": "v2"},
        "machine": {"governor": None, "autogroup": "1"},
        "peak": {"flops_per_second": 3e11, "bytes_per_second": 4e10},
        "noise_floor": {
            "what": "alexnet against itself",
            "ratio": 1.001,
            "low": 0.99,
            "high": 1.01,
            "draws": 5,
            "seconds": 40.0,
        },
        "load": {"others_share": 0.0, "steal_share": 0.0},
        "complaints": ["stop that"],
        "gpus": {"visible": ["H200"], "missing": ["one GPU"]},
    }
    monkeypatch.setattr(doctor, "examine", lambda *arguments, **options: told)

    code, out, _ = bench("doctor")

    assert code == 0
    for words in (
        "300 GFLOP/s",
        "40 GB/s",
        "+0.10% [−1.00%, +1.00%]",
        "autogroup 1",
        "- stop that",
        "H200",
        "- one GPU",
    ):
        assert words in out
    assert "governor" not in out
    told["complaints"] = []
    told["gpus"] = {"visible": [], "missing": []}
    out = bench("doctor").out
    assert "Nothing here would spoil results." in out
    assert "To run on GPUs" not in out
