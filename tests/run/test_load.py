import os
import time

from alexnet_bench.run.machine import LoadMeter


def busy(seconds):
    ends = time.process_time() + seconds
    while time.process_time() < ends:
        pass


def test_ones_own_work_is_not_others_load():
    meter = LoadMeter([])
    busy(0.3)
    with_own = meter.read()
    stranger = LoadMeter([])
    stranger._pids = []
    stranger._own = 0.0
    busy(0.3)
    without = stranger.read()

    assert set(with_own) == {"others_share", "steal_share", "run_queue"}
    assert 0 <= with_own["others_share"] < without["others_share"] <= 1


def test_a_process_that_has_ended_is_passed_over():
    assert LoadMeter([os.getpid(), 2**22 + 1]).read()["others_share"] >= 0
