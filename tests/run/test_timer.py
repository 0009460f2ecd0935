"""What a timer does with its workers' answers; stand-ins answer, so that nothing is timed."""

import itertools
import math
import threading
import time

import pytest

from alexnet_bench.errors import BenchError
from alexnet_bench.network.registry import load_registry
from alexnet_bench.run import timer
from alexnet_bench.run.code import Code
from alexnet_bench.run.limits import LONGEST_END
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import Settings
from alexnet_bench.run.sides import Side
from alexnet_bench.run.timer import MOST_WARM_STEPS, Timer
from alexnet_bench.run.timing_plan import FEWEST_ROUNDS, DrawTask

ROUNDS = 20
STEP_SECONDS = 0.05


class Answers:
    """What every worker answers, and what they were asked."""

    def __init__(self):
        self.asked = []
        self.devices = iter(())
        self.step_seconds = lambda variant, step: STEP_SECONDS
        self.fails = None
        self.on_build = lambda worker: None
        self.on_peak = lambda worker: None
        self.computing = threading.Lock()


@pytest.fixture
def answers(monkeypatch):
    answers = Answers()
    pids = itertools.count(2**22 + 1)

    class StandIn:
        versions, build = {"tensorflow": "2"}, {"tensorflow": "v2"}

        def __init__(self, zygote, **settings):
            self.pid, self.variant, self.steps = next(pids), None, 0
            self.killed = threading.Event()
            self.device = next(answers.devices, "a processor")

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def kill(self):
            self.killed.set()

        def ask(self, request, limit):
            assert limit >= LONGEST_END
            if request["do"] == "build":
                return self._answer(request)
            assert answers.computing.acquire(blocking=False), "two workers compute at once"
            try:
                return self._answer(request)
            finally:
                answers.computing.release()

        def _answer(self, request):
            answers.asked.append((request["do"], self.variant))
            if request["do"] == "peak":
                if (instead := answers.on_peak(self)) is not None:
                    return instead
                return {"is": "peak", "flops_per_second": 1e9, "bytes_per_second": 1e8}
            if request["do"] == "build":
                self.variant = request["variant"]
            if answers.fails == (self.variant, request["do"]):
                return {"is": "failed", "status": "crashed", "error": "no more"}
            if request["do"] == "build":
                if (instead := answers.on_build(self)) is not None:
                    return instead
                flops = {"training": 100, "inference": 30}
                return {"is": "built", "compile_seconds": 1.0, "flops": flops, "peak_memory_bytes": 5}
            first, self.steps = self.steps, self.steps + request["steps"]
            seconds = sum(answers.step_seconds(self.variant, step) for step in range(first, self.steps))
            return {"is": "slice", "seconds": seconds, "started_at": 0.0, "joules": None}

    class NoZygote:
        def __init__(self, log, code):
            pass

        __enter__, __exit__ = StandIn.__enter__, StandIn.__exit__

    monkeypatch.setattr(timer, "Worker", StandIn)
    monkeypatch.setattr(timer, "Zygote", NoZygote)
    return answers


@pytest.fixture
def run(answers, tmp_path):
    """The training records of one draw of some variants, the last of several, by variant."""

    def run(
        variants="alexnet,tanh,no-lrn",
        rounds=ROUNDS,
        slice_seconds=0.1,
        seconds=math.inf,
        modes=("training",),
        told=lambda task, event: None,
        draws=1,
    ):
        asked = Settings(variants=variants, time_threads=(1, 2), devices="cpu")
        contenders = tuple(Schedule(asked, load_registry()).timing.contenders)
        how = {"modes": modes, "rounds": rounds, "slice_seconds": slice_seconds, "seconds": seconds}
        task = DrawTask(draw=3, contenders=contenders, **how)
        sides = {"head": Side(code=Code())}
        with Timer(sides, asked, log=tmp_path / "log", run_id="run-a") as timing:
            *_, last = [timing.run(task, told) for _ in range(draws)]
            return {record.variant: record for record in last}

    return run


def test_every_round_has_a_slice_of_each_as_long_as_asked(run, answers):
    records = run()

    for record in records.values():
        assert record.round_ids == tuple(f"3.{number}" for number in range(ROUNDS))
        assert record.slice_steps == (2,) * ROUNDS
        assert record.images_per_second == pytest.approx(16 / STEP_SECONDS)
        assert (record.steady, record.status, record.thread_pools) == (True, "ok", "1x2")
    slices = [variant for what, variant in answers.asked if what == "slice"][-3 * ROUNDS :]
    rounds = [tuple(slices[start : start + 3]) for start in range(0, len(slices), 3)]
    assert all(set(names) == set(records) for names in rounds)
    assert len(set(rounds)) > 3


def test_a_step_longer_than_a_slice_is_a_slice_and_a_single_one_is_enough(run):
    """As where benchmarks are disabled, and all that is asked is whether a variant can be built."""
    assert run(slice_seconds=0.01)["tanh"].slice_steps == (1,) * ROUNDS
    (record,) = run("alexnet", rounds=1, slice_seconds=0.0).values()

    assert (record.slice_steps, record.steady, record.status) == ((1,), True, "ok")


def test_what_others_do_before_a_draw_is_no_part_of_it(run, monkeypatch):
    """A report is renewed when a draw is about to begin."""
    report_seconds, late, clock = 1e6, [0.0], time.perf_counter
    monkeypatch.setattr(timer.time, "perf_counter", lambda: clock() + late[0])

    def renew(task, event):
        late[0] += report_seconds * event.startswith("build")

    (record,) = run("alexnet", rounds=6, seconds=report_seconds / 2, told=renew).values()

    assert late[0] == report_seconds
    assert record.duration_seconds < report_seconds
    assert len(record.round_ids) == 6


def test_warm_up_goes_on_while_steps_get_faster(run, answers):
    answers.step_seconds = lambda variant, step: STEP_SECONDS * (1 + (0.5**step if variant == "tanh" else 0))

    records = run()

    assert len(records["tanh"].warm_up_seconds) > len(records["alexnet"].warm_up_seconds) == 6
    assert records["tanh"].steady is True


def test_long_steps_are_warm_after_two(run, answers):
    """However they differ: the first round is slow anyway, and the faster half leaves it out."""
    answers.step_seconds = lambda variant, step: 0.25 * (2 - min(step, 1))

    assert {len(record.warm_up_seconds) for record in run().values()} == {2}


def test_a_network_of_long_training_steps_is_warm_after_two_of_inference(run, answers):
    """Whose own are short."""
    answers.step_seconds = lambda variant, step: 0.25 if step < 2 else 0.01

    (record, *_) = run(modes=("training", "inference")).values()

    assert len(record.warm_up_seconds) == 2


def test_what_never_gets_warm_is_not_steady(run, answers):
    answers.step_seconds = lambda variant, step: 0.97**step * 0.01 if variant == "tanh" else STEP_SECONDS

    records = run(rounds=FEWEST_ROUNDS)

    assert len(records["tanh"].warm_up_seconds) == MOST_WARM_STEPS
    assert [name for name, record in records.items() if not record.steady] == ["tanh"]


def test_what_gets_slower_all_the_while_is_not_steady_and_the_others_are(run, answers):
    answers.step_seconds = lambda variant, step: STEP_SECONDS * (1 + 0.005 * step * (variant == "tanh"))

    assert [name for name, record in run().items() if not record.steady] == ["tanh"]


def test_a_machine_that_slows_down_slows_all_and_unsettles_none(run, answers):
    answers.step_seconds = lambda variant, step: STEP_SECONDS * (1 + 0.02 * step)

    assert {record.steady for record in run().values()} == {True}


@pytest.mark.parametrize("does", ["build", "slice"])
def test_one_that_fails_leaves_the_others_their_slices(run, answers, does):
    answers.fails = "tanh", does

    records = run()

    failed = records.pop("tanh")
    assert (failed.status, failed.error, failed.round_ids) == ("crashed", "no more", ())
    assert (failed.steady, failed.images_per_second, failed.utilization) == (None, None, None)
    assert {len(record.round_ids) for record in records.values()} == {ROUNDS}


def test_of_two_that_drift_apart_both_are_unsteady(run, answers):
    """Either may be the one that changes."""
    answers.step_seconds = lambda variant, step: STEP_SECONDS * (1 + 0.005 * step * (variant == "tanh"))

    assert {record.steady for record in run("alexnet,tanh").values()} == {False}


def test_networks_are_built_side_by_side(run, answers, monkeypatch):
    """Each waits for the other, so that one after the other would never end."""
    monkeypatch.setattr(timer, "usable_cores", lambda: 2)
    both = threading.Barrier(2, timeout=20)

    def build(worker):
        both.wait()

    answers.on_build = build

    assert {record.status for record in run("alexnet,tanh").values()} == {"ok"}


def test_code_that_changes_meanwhile_is_noticed(run, answers):
    """What a draw builds must be what the plan means, or two networks would be timed as one."""
    answers.on_build = lambda worker: {"is": "built", "fingerprint": f"another than that of {worker.variant}"}

    with pytest.raises(BenchError, match="the code of alexnet has changed since this began"):
        run("alexnet")


def test_a_build_that_is_refused_ends_those_beside_it(run, answers, monkeypatch):
    """The other one would go on until it is killed."""
    monkeypatch.setattr(timer, "usable_cores", lambda: 2)
    both, killed = threading.Barrier(2, timeout=20), []

    def build(worker):
        both.wait()
        if worker.variant == "tanh":
            raise BenchError("not this one")
        killed.append(worker.killed.wait(timeout=20))
        return {"is": "failed", "status": "crashed", "error": "killed"}

    answers.on_build = build

    with pytest.raises(BenchError, match="not this one"):
        run("alexnet,tanh")
    assert killed == [True]


def test_a_yardstick_that_was_killed_is_another_in_the_next_draw(run, answers):
    first = []

    def killed(worker):
        # Its first answer calibrates it.
        first.append(worker)
        is_killed = len(first) > 1 and worker is first[0]
        return {"is": "failed", "status": "killed", "error": "no more"} if is_killed else None

    answers.on_peak = killed

    assert run(draws=1)["tanh"].yardstick.flops_per_second == ()
    first.clear()
    assert run(draws=2)["tanh"].yardstick.flops_per_second != ()


def test_utilization_is_against_the_yardstick_of_the_same_device(run, answers):
    answers.devices = iter(["a processor", "a processor", "another"])

    used = sorted((record.device, record.utilization) for record in run("alexnet,tanh").values())

    assert used == [("a processor", pytest.approx(16 / STEP_SECONDS * 100 / 1e9)), ("another", None)]


def test_when_the_time_is_up_no_round_is_begun(run):
    assert {len(record.round_ids) for record in run(seconds=0.0).values()} == {FEWEST_ROUNDS}
