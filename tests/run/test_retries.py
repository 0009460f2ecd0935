"""What a run that goes on does again: what a fault ended, and only if asked what a program's error ended."""

import msgspec
import pytest
from made_up_runs import goes_on
from msgspec.structs import replace
from report_runs import curve_point

from alexnet_bench.records.run_folder import CHECKPOINTS, RETRIED, run_records
from alexnet_bench.run.observer import Observer
from alexnet_bench.run.resuming import resumed
from alexnet_bench.run.run import resume_settings
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import Settings
from alexnet_bench.run.task import checkpoint_file, make_task

FAULTS = ("killed", "timed-out", "out-of-memory")


class Told(Observer):
    def __init__(self):
        self.again = []

    def retried(self, records):
        self.again.append([(record.variant, record.seed, record.status) for record in records])


def failing(statuses):
    """The columns of trials that end so, by variant and seed, and well where nothing is said."""

    def columns(task):
        name = task.network.variant.name
        status = statuses.get((name, task.seed), "ok")
        if status != "ok":
            return {"status": status, "error": "it is a test"}
        epochs = task.most_epochs or task.network.recipe.epochs
        return {"test_top1_error": 0.1, "curve": [curve_point(epoch + 1, 0.5) for epoch in range(epochs)]}

    return columns


def outcomes(folder):
    return {(record.variant, record.seed): record.status for record in run_records(folder)}


@pytest.fixture
def run(carry_out):
    """Carry out a run of two variants and two seeds, or go on with it; its folder, and what was told."""

    def do(statuses=None, **how):
        told = Told()
        asked = {"variants": "alexnet,no-lrn", "seeds": 2}
        return carry_out(failing(statuses or {}), told, **asked, **how), told.again

    return do


@pytest.mark.parametrize("status", FAULTS)
def test_what_a_fault_ended_is_done_again_and_its_record_kept_beside(run, status):
    folder, told = run({("no-lrn", 1): status})
    assert outcomes(folder)["no-lrn", 1] == status and told == [[]]
    before = (folder / "records.jsonl").read_bytes().splitlines(keepends=True)

    _, told = run()

    assert told == [[("no-lrn", 1, status)]]
    assert set(outcomes(folder).values()) == {"ok"} and len(run_records(folder)) == 4
    after = (folder / "records.jsonl").read_bytes().splitlines(keepends=True)
    (moved,) = (folder / RETRIED).read_bytes().splitlines(keepends=True)
    assert [line for line in before if line != moved] == after[:3]


@pytest.mark.parametrize("status", ["crashed", "diverged"])
def test_what_would_likely_end_so_again_is_not(run, status):
    folder, _ = run({("no-lrn", 1): status})
    _, told = run()
    assert told == [[]] and outcomes(folder)["no-lrn", 1] == status
    assert not (folder / RETRIED).exists()


def test_a_programs_error_is_if_asked_and_a_divergence_never(run):
    folder, _ = run({("no-lrn", 0): "diverged", ("no-lrn", 1): "crashed"})
    _, told = run(retries_errors=True)
    assert told == [[("no-lrn", 1, "crashed")]]
    assert outcomes(folder) == {
        ("alexnet", 0): "ok",
        ("alexnet", 1): "ok",
        ("no-lrn", 0): "diverged",
        ("no-lrn", 1): "ok",
    }


def test_what_fails_once_more_is_recorded_once(run):
    folder, _ = run({("no-lrn", 1): "killed"})
    run({("no-lrn", 1): "timed-out"})
    assert outcomes(folder)["no-lrn", 1] == "timed-out" and len(run_records(folder)) == 4


def test_a_rate_whose_trial_was_killed_is_tried_again(run, carry_out):
    """A choice of rates that is not made yet waits for it."""
    statuses = {("no-lrn", seed): "killed" for seed in range(1_000_000, 1_000_003)}
    folder, _ = run(statuses, tune="lr")
    _, told = run(tune="lr")
    assert {status for _, _, status in told[0]} == {"killed"}
    assert "killed" not in outcomes(folder).values()


@pytest.mark.parametrize("tune", ["lr", "lr-per-seed"])
def test_nothing_is_trained_before_its_rate_is_chosen_or_at_two_rates(run, tune):
    """A choice of which a fault ended a part is made first; one that was used stands."""
    tuning = {("no-lrn", seed): "killed" for seed in range(1_000_000, 1_000_003)}
    folder, _ = run(tuning, tune=tune)
    trained = [(one.variant, one.seed) for one in run_records(folder) if one.purpose == "result"]
    assert sorted(trained) == [("alexnet", 0), ("alexnet", 1)]

    run(tune=tune)
    trained = [(one.variant, one.seed) for one in run_records(folder) if one.purpose == "result"]
    assert sorted(trained) == [(name, seed) for name in ("alexnet", "no-lrn") for seed in range(2)]

    late = [one for one in run_records(folder) if one.purpose == "tuning" and one.variant == "no-lrn"][-1]
    lines = (
        (folder / "records.jsonl")
        .read_text()
        .replace(
            msgspec.json.encode(late).decode(), msgspec.json.encode(replace(late, status="killed")).decode()
        )
    )
    (folder / "records.jsonl").write_text(lines)
    _, told = run(tune=tune)
    assert told == [[]] and len(run_records(folder)) == lines.count("\n")


def test_half_as_many_run_at_a_time_each_time_that_memory_runs_out(tmp_path):
    """Of two variants with two seeds, the last trial fails again and again."""
    folder, fails = tmp_path / "run", failing({("no-lrn", 1): "out-of-memory"})
    asked = Settings(variants="alexnet,no-lrn", measure="accuracy", seeds=2, jobs=5)
    goes_on(Schedule(asked), folder, fails)
    for jobs in (2, 1, 1):
        schedule = resumed(folder)
        assert schedule.capacity.jobs == jobs
        threads = Schedule(asked).capacity.threads
        assert schedule.capacity.threads == threads, "with others, the numbers would be others"
        goes_on(schedule, folder, fails)
    goes_on(resumed(folder), folder, failing({}))
    assert resumed(folder).capacity.jobs == 1, "what did not fit does not fit later"


def test_that_holds_on_clusters_but_not_elsewhere(tmp_path):
    folder = tmp_path / "run"
    asked = Settings(variants="alexnet,no-lrn", measure="accuracy", seeds=2, jobs=4)
    goes_on(Schedule(asked), folder, failing({("alexnet", 0): "out-of-memory"}))
    assert resumed(folder, changed={"executor": "local"}).capacity.jobs == 2, "as it was begun"
    elsewhere = resumed(folder, changed={"executor": "slurm"})
    assert elsewhere.capacity.places(32) == 4

    on_a_cluster = Settings(variants="alexnet", measure="accuracy", executor="slurm")
    assert Schedule(on_a_cluster, most_jobs=3).capacity.places(32) == 3


def test_a_checkpoint_stays_until_its_trial_is_recorded(run, carry_out):
    folder, _ = run({("no-lrn", 1): "killed"})
    schedule = Schedule(resume_settings(folder, None))
    made = [make_task(schedule, task, "run").request["checkpoint"] for task in schedule.trials()]
    assert len(set(made)) == 4 and {name.partition("/")[0] for name in made} == {CHECKPOINTS}
    (folder / CHECKPOINTS).mkdir()
    for name in made:
        (folder / name).write_bytes(b"")

    def while_it_is_trained(task):
        assert [name for name in made if (folder / name).exists()] == made[3:]
        return failing({})(task)

    carry_out(while_it_is_trained, Told(), variants="alexnet,no-lrn", seeds=2)
    assert not (folder / CHECKPOINTS).exists()


@pytest.mark.parametrize(
    "other", [{"seed": 1}, {"threads": 2}, {"data_digest": "b"}, {"fingerprint": "g"}, {"hosts": 2}]
)
def test_the_name_of_a_checkpoint_tells_apart_what_goes_on_to_other_numbers(other):
    columns = {"fingerprint": "f", "precision": "float32", "seed": 0, "purpose": "result"}
    columns |= {"data_digest": "a", "threads": 1, "hosts": 1}
    assert checkpoint_file(columns) == checkpoint_file(columns | {"variant": "x"})
    assert checkpoint_file(columns) != checkpoint_file(columns | other)


def test_retry_goes_with_resume(bench):
    code, _, err = bench("run", "--retry")
    assert code == 2 and "--retry is for a run that goes on; give it with --resume RUN" in err
