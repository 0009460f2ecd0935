"""Blocks that end, stop or flood the worker that trains them, each in a real one: the sweep goes on.

Meanwhile the wall clock goes backwards, an hour whenever it is looked at.
"""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from alexnet_bench import environment
from alexnet_bench.records.run_folder import run_records
from alexnet_bench.run import limits
from alexnet_bench.run.log import LAST_BYTES, MOST_BYTES

# What a user mended is another network; what comes from outside is mended by removing a file.
FAULTY = """
    import ctypes
    import os
    import signal
    from pathlib import Path

    from alexnet_bench import ALEXNET, Ablation, block

    IS_ILL = Path({ill!r}).exists


    def no_layer():
        import keras

        return keras.layers.Identity()


    @block()
    def exits(**layer):
        if IS_ILL():
            os._exit(7)
        return no_layer()


    @block()
    def faults(**layer):
        if IS_ILL():
            ctypes.string_at(0)
        return no_layer()


    @block()
    def stops(**layer):
        if IS_ILL():
            os.kill(os.getpid(), signal.SIGSTOP)
        return no_layer()


    @block()
    def floods(**layer):
        for _ in range(70):
            os.write(2, b"!" * 2**20)
        return no_layer()


    FAULTY = Ablation(
        name="faulty",
        factor="normalization",
        control=ALEXNET,
        arms=[ALEXNET.but(item.name, normalization=item) for item in (exits, faults, stops, floods)],
    )
"""
OUTCOMES = {
    "alexnet": ("ok", None),
    "floods": ("ok", None),
    "exits": ("crashed", "ended with exit code 7"),
    "faults": ("crashed", "SIGSEGV"),
    "stops": ("timed-out", "was silent for 1 s and was ended"),
}


class Backwards(datetime):
    """What tells the time of day."""

    looks = count()

    @classmethod
    def now(cls, tz=None):
        return datetime(2026, 1, 2, tzinfo=UTC) - timedelta(hours=next(cls.looks))


@pytest.fixture(scope="module")
def folders(bench, write_ablations, tmp_path_factory):
    """The run, the file that makes blocks fail, and how the run ended."""
    place = tmp_path_factory.mktemp("runs")
    (ill := place / "ill").touch()
    ablations = write_ablations({"faulty.py": FAULTY.format(ill=str(ill))})
    limit = limits.of_epoch

    def of_epoch(network, dataset, always=None):
        # Another limit would end what works, on a busy machine.
        stops = network.variant.name == "stops" and ill.exists()
        return limit(network, dataset, 1.0 if stops else always)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "of_epoch", of_epoch)
        patch.setattr(environment, "datetime", Backwards)
        arguments = ["--variants", "@faulty", "--measure", "accuracy", "--epochs", 1, "--seeds", 1]
        outcome = bench("run", *arguments, "--ablations", ablations, "--out", place / "run")
        yield place / "run", ill, outcome


def outcomes(folder):
    return {record.variant: (record.status, record.error) for record in run_records(folder)}


def test_each_is_recorded_with_what_ended_it_and_the_others_are_trained(folders):
    folder, _, (code, _, err) = folders
    assert code == 1, err
    found = outcomes(folder)
    assert found.keys() == OUTCOMES.keys()
    for name, (status, said) in OUTCOMES.items():
        assert found[name][0] == status
        assert said is None or said in found[name][1]
        assert said is None or f"{name}: {status}: " in err
    assert (folder / "report" / "index.html").is_file()


def test_what_one_prints_without_end_does_not_fill_the_disk(folders):
    folder, _, _ = folders
    assert MOST_BYTES <= (folder / "workers.log").stat().st_size <= MOST_BYTES + 2 * LAST_BYTES


def test_a_clock_that_goes_backwards_makes_no_time_negative(folders):
    folder, _, _ = folders
    records = run_records(folder)
    assert [record.started_at for record in records] != sorted(record.started_at for record in records)
    assert all(record.duration_seconds > 0 for record in records)
    assert all(row.seconds > 0 for record in records for row in record.curve)


def test_going_on_does_again_what_hung_and_if_asked_what_crashed(folders, bench):
    folder, ill, _ = folders
    before = {record.variant: record for record in run_records(folder)}
    ill.unlink()

    assert bench("run", "--resume", folder).code == 1
    now = outcomes(folder)
    assert now["stops"] == ("ok", None)
    assert {name for name, (status, _) in now.items() if status != "ok"} == {"exits", "faults"}

    assert bench("run", "--resume", folder, "--retry").code == 0
    after = {record.variant: record for record in run_records(folder)}
    assert {record.status for record in after.values()} == {"ok"}
    assert [after[name] == before[name] for name in OUTCOMES] == [True, True, False, False, False]
