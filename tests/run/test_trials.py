"""Which worker runs which trial, with stand-ins for workers."""

from dataclasses import dataclass, field

import pytest

from alexnet_bench.run import trainers
from alexnet_bench.run.capacity import Capacity
from alexnet_bench.run.executors.local import LocalExecutor
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import Settings
from alexnet_bench.run.trials import run_trials

OUTCOME = {"status": "ok", "curve": [], "loss": 1.0, "validation_top1_error": 0.5, "train_error": 0.5}


@dataclass
class Started:
    """The workers that were started: the (variant, seed) of each one's trials, and whether it was ended."""

    trained: list[list[tuple[str, int]]] = field(default_factory=list)
    ended: list[bool] = field(default_factory=list)


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run the trials of variants; `reply` says what a worker answers to its n-th trial, from 0 on."""

    def run(variants, seeds, reply=lambda variant, number: {}, **asked):
        started = Started()

        class StandIn:
            device, versions, build, pid = "a processor", {}, {}, 0

            def __init__(self, *given, **how):
                self.number = len(started.trained)
                started.trained.append([])
                started.ended.append(False)

            def ask(self, request, limit, on_progress):
                own = started.trained[self.number]
                own.append((request["variant"], request["seed"]))
                usual = {"is": "trained", "outcome": OUTCOME, "can_go_on": True, "peak_memory_bytes": 1}
                return usual | reply(request["variant"], len(own) - 1)

            def close(self):
                assert not started.ended[self.number]
                started.ended[self.number] = True

        monkeypatch.setattr(trainers, "Worker", StandIn)
        settings = Settings(variants=variants, measure="accuracy", seeds=seeds, jobs=1, **asked)
        schedule, records = Schedule(settings, alone=True), []
        executor = LocalExecutor(schedule, None, tmp_path)
        run_trials(schedule, schedule.trials(), executor, "run", records.append, lambda *epoch: None)
        assert all(started.ended)
        return started.trained, records

    return run


def test_a_worker_trains_all_seeds_of_its_network(run):
    trained, records = run("alexnet,tanh", 3)

    assert trained == [
        [("alexnet", 0), ("alexnet", 1), ("alexnet", 2)],
        [("tanh", 0), ("tanh", 1), ("tanh", 2)],
    ]
    assert [(record.variant, record.seed) for record in records] == [
        (name, seed) for seed in range(3) for name in ("alexnet", "tanh")
    ]


def test_a_worker_that_cannot_go_on_is_followed_by_another(run):
    trained, _ = run("alexnet", 2, lambda variant, number: {"can_go_on": False})

    assert trained == [[("alexnet", 0)], [("alexnet", 1)]]


def test_workers_that_wait_hold_no_more_than_is_left_beside_those_that_train(run, monkeypatch):
    monkeypatch.setattr(Capacity, "memory_to_wait_in", 1)

    trained, _ = run("alexnet,tanh", 2)

    assert trained == [[("alexnet", 0), ("alexnet", 1)], [("tanh", 0)], [("tanh", 1)]]


def test_what_fails_in_a_used_worker_is_tried_in_a_new_one(run):
    """An earlier seed may have left too little memory; what fails by itself fails again."""
    failed = {"is": "failed", "status": "out-of-memory", "error": "no more", "can_go_on": None}

    trained, records = run("alexnet", 3, lambda variant, number: failed if number else {})
    assert trained == [[("alexnet", 0), ("alexnet", 1)], [("alexnet", 1), ("alexnet", 2)], [("alexnet", 2)]]
    assert [record.status for record in records] == ["ok"] * 3

    trained, records = run("alexnet", 2, lambda variant, number: failed)
    assert trained == [[("alexnet", 0)], [("alexnet", 1)]]
    assert [(record.status, record.error) for record in records] == [("out-of-memory", "no more")] * 2


OF_TWO_NAMES = """
from alexnet_bench import ALEXNET, Ablation

Q = Ablation(
    name="q", factor="dropout", control=ALEXNET,
    arms=[ALEXNET.but("q", dropout=0.1), ALEXNET.but("q-mixed_bfloat16", dropout=0.2)],
)
"""


def test_no_two_trials_share_a_file(run, write_ablations):
    folder = write_ablations({"q.py": OF_TWO_NAMES})
    precision = ("float32", "mixed_bfloat16")

    _, records = run("q,q-mixed_bfloat16", 2, ablations=(str(folder),), precision=precision)

    assert len(records) > 4
    assert len({record.predictions for record in records}) == len(records)
