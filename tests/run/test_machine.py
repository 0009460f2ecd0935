import os
from collections import namedtuple
from types import SimpleNamespace

import psutil
import pytest

from alexnet_bench.run import machine as module
from alexnet_bench.run.machine import LoadMeter, complaints, read_machine

Times = namedtuple("Times", "user system idle iowait steal")

QUIET = {"others_share": 0.0, "steal_share": 0.0}
GOOD_MACHINE = {
    "governor": "performance",
    "huge_pages": "madvise",
    "autogroup": "0",
    "cpu_quota": None,
    "glibc": "2.36",
}
GOOD_MEASUREMENT = {
    "cores": 4,
    "available_memory_bytes": 2**34,
    "build": {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"},
    "load": QUIET,
    "noise_floor": 0.004,
    "steady": True,
}


def said(machine=None, measured=None):
    return list(complaints(GOOD_MACHINE | (machine or {}), GOOD_MEASUREMENT | (measured or {})))


def test_a_good_machine_has_nothing_to_complain_of():
    assert said() == []
    assert said(machine=dict.fromkeys(GOOD_MACHINE), measured={"noise_floor": None, "build": {}}) == []


@pytest.mark.parametrize(
    ("machine", "measured", "words"),
    [
        ({}, {"load": QUIET | {"others_share": 0.2}}, "other programs use 20% of the processors"),
        ({}, {"load": QUIET | {"steal_share": 0.02}}, "the host takes 2.0%"),
        ({"governor": "powersave"}, {}, "governor powersave"),
        ({"huge_pages": "never"}, {}, "huge pages are off"),
        ({"glibc": "2.31"}, {}, "glibc 2.31"),
        ({}, {"build": {"GLIBC_TUNABLES": "glibc.malloc.check=1"}}, "GLIBC_TUNABLES"),
        ({"cpu_quota": 1.5}, {}, "1.5 of 4 cores"),
        ({"autogroup": "1"}, {}, "`nice` does nothing"),
        ({}, {"build": {"TF_ENABLE_ONEDNN_OPTS": "0"}}, "oneDNN is off"),
        ({}, {"available_memory_bytes": 2**30}, "1.0 GiB of memory"),
        ({}, {"steady": False}, "no steady state"),
        ({}, {"noise_floor": 0.03}, "differs from itself by up to 3.0%"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_what_spoils_results_is_named_with_what_to_do(machine, measured, words):
    (complaint,) = said(machine, measured)

    assert words in complaint
    assert ":" in complaint or ";" in complaint


def test_settings_are_read_where_linux_keeps_them(tmp_path):
    files = {
        "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "powersave\n",
        "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
        "proc/sys/kernel/sched_autogroup_enabled": "1\n",
        "sys/fs/cgroup/cpu.max": "150000 100000\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")

    expected = {"governor": "powersave", "huge_pages": "madvise", "autogroup": "1", "cpu_quota": 1.5}
    assert read_machine(tmp_path).items() >= expected.items()
    # What the system does not tell is null.
    (tmp_path / "sys/fs/cgroup/cpu.max").write_text("max 100000\n", encoding="utf-8")
    assert read_machine(tmp_path)["cpu_quota"] is None
    nothing = read_machine(tmp_path / "nothing")
    assert {nothing[name] for name in expected} == {None}


# -- what else keeps it busy


def test_ones_own_work_is_not_others_load(monkeypatch):
    """Ten seconds of two cores: 8 s are this process's and its worker's, 5 s others', 1 s the host's."""
    clock, own = iter([0.0, 10.0]), iter([1.0, 2.0, 4.0, 7.0])
    times = iter([Times(50.0, 10.0, 100.0, 3.0, 2.0), Times(60.0, 13.0, 105.0, 4.0, 3.0)])

    def process(pid):
        return SimpleNamespace(cpu_times=lambda: SimpleNamespace(user=next(own), system=0.0))

    monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    monkeypatch.setattr(psutil, "cpu_times", lambda: next(times))
    monkeypatch.setattr(psutil, "cpu_count", lambda: 2)
    monkeypatch.setattr(psutil, "Process", process)

    found = LoadMeter([1]).read()

    assert (found.others_share, found.steal_share) == (0.25, 0.05)


def test_a_process_that_has_ended_is_passed_over():
    assert LoadMeter([os.getpid(), 2**22 + 1]).read().others_share >= 0
