"""Runs with real workers, real training and real timing, on the digits at their smallest.

Few runs are made here, and shared; loading TensorFlow is what takes longest.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import fmean
from types import ModuleType

import msgspec
import numpy as np
import psutil
import pytest

import alexnet_bench
from alexnet_bench.analysis.conditions import grouped
from alexnet_bench.records.manifest import read_manifest
from alexnet_bench.records.run_folder import run_records
from alexnet_bench.run import run as runs
from alexnet_bench.run.executors.local import LocalExecutor
from alexnet_bench.run.local import Zygote
from alexnet_bench.run.observer import Observer
from alexnet_bench.run.run import continue_run, resume_settings, start_run
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import PRESETS, Settings
from alexnet_bench.run.trials import run_trials
from alexnet_bench.run.tuning import RATE_GRID, TUNING_SEEDS

CONTRIBUTING = Path(__file__).parents[2] / "CONTRIBUTING.md"
SMALL = {"epochs": 1, "seeds": 1, "time_topology": "alexnet-8", "time_batch_size": 8}
QUICK = replace(PRESETS["quick"], slice_seconds=0.05)
PATIENCE_SECONDS = 60

BROKEN = """
    import os
    import signal

    from alexnet_bench import ALEXNET, Ablation, block


    @block()
    def crashing(**layer):
        raise ValueError("no layer [/b] today")


    @block()
    def killed(**layer):
        os.kill(os.getpid(), signal.SIGKILL)


    @block()
    def starved(**layer):
        raise MemoryError("no room")


    BROKEN = Ablation(
        name="broken",
        factor="normalization",
        control=ALEXNET,
        arms=[ALEXNET.but(item.name, normalization=item) for item in (crashing, killed, starved)],
    )
"""

# With the line of the file above, as it is written.
CRASH = "ValueError: no layer [/b] today (broken.py:10)"
STARVATION = "MemoryError: no room (broken.py:20)"

# None of it may change a number, or stop a worker; `test_worker_environment` has more.
USERS_ENVIRONMENT = {"KERAS_BACKEND": "jax", "PYTHONWARNINGS": "error", "LC_ALL": "C", "TMPDIR": "/nowhere"}
KERAS_SETTINGS = {"image_data_format": "channels_first", "floatx": "float16", "epsilon": 0.5}
KERAS_SETTINGS["backend"] = "torch"


def options(settings):
    """Settings as they are typed."""
    return [word for name, value in settings.items() for word in ("--" + name.replace("_", "-"), value)]


def of_kind(records, kind):
    return [record for record in records if record.kind == kind]


class Told(Observer):
    """An observer that keeps what it is told."""

    def __init__(self):
        self.plans, self.epochs, self.records, self.events = [], [], [], []

    def planned(self, tuning, trials, draws):
        self.plans.append((tuning, trials, draws))

    def epoch(self, task, row):
        self.epochs.append((task.network.variant.name, row["epoch"]))

    def recorded(self, record):
        self.records.append(record)

    def timing(self, task, event):
        self.events.append((task.draw, event))


def drawn(records):
    """The numbers of a run's draws: as many as planned, and more for those that were not steady."""
    numbers = sorted({record.draw for record in of_kind(records, "draw")})
    assert numbers == list(range(len(numbers)))
    assert QUICK.draws <= len(numbers) <= 2 * QUICK.draws
    return numbers


@pytest.fixture(scope="module", autouse=True)
def short_slices():
    """Of the preset."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PRESETS, "quick", QUICK)
        yield


@pytest.fixture(scope="module")
def zygote(tmp_path_factory):
    """One for the tests that ask for no more than its workers."""
    with Zygote(tmp_path_factory.mktemp("zygote") / "workers.log") as zygote:
        yield zygote


@pytest.fixture
def do(zygote, monkeypatch):
    """Make a run in a folder; returns the observer that watched it."""

    def do(folder, **settings):
        schedule, told = Schedule(Settings(**settings)), Told()
        start_run(schedule, folder, "bench run")
        continue_run(schedule, folder, told)
        return told

    monkeypatch.setattr(runs, "Zygote", lambda log: contextlib.nullcontext(zygote))
    return do


@pytest.fixture(scope="module")
def layer_norm(write_ablations):
    """The ablation that CONTRIBUTING shows, in a folder of a user's own."""
    shown = re.findall(r"```python\n(.*?)```", CONTRIBUTING.read_text(encoding="utf-8"), re.DOTALL)
    (text,) = [text for text in shown if "Ablation(" in text]
    assert len(text.splitlines()) <= 25
    return write_ablations({"layer_norm.py": text})


@pytest.fixture(scope="module")
def broken(write_ablations):
    """A folder of blocks that fail."""
    return write_ablations({"broken.py": BROKEN})


# -- a run by the command


@pytest.fixture(scope="module")
def finished(bench, layer_norm, tmp_path_factory):
    """What `bench run` left of alexnet and a user's variant, trained and timed: (folder, outcome)."""
    folder = tmp_path_factory.mktemp("runs") / "finished"
    arguments = ["--variants", "@layer-norm", "--ablations", layer_norm, "--out", folder]
    return folder, bench("run", *arguments, *options(SMALL))


def test_a_run_ends_well_and_says_where_its_report_is(finished):
    folder, (code, out, err) = finished

    assert code == 0, err
    assert f"Report: {folder / 'report' / 'index.html'}" in "".join(out.splitlines())
    assert "layer-norm" in out
    compared, first, *lines = [line for line in err.splitlines() if line.strip()]
    assert compared == "Variants: alexnet and layer-norm."
    assert first.startswith("Starting workers for ")
    assert len(lines) == len(run_records(folder))
    assert sum("images/s training" in line for line in lines) == 2 * len(drawn(run_records(folder)))
    assert sum("seed 0:" in line for line in lines) == 2


def test_the_manifest_holds_plan_settings_and_environment(finished, layer_norm):
    manifest, records = read_manifest(finished[0]), run_records(finished[0])

    assert manifest.command.startswith("bench")
    assert manifest.plan.control == "alexnet"
    assert list(manifest.plan.variants) == ["alexnet", "layer-norm"]
    assert manifest.settings["ablations"] == [str(layer_norm)]
    assert manifest.environment.versions["tensorflow"]
    assert {(record.run_id, record.status) for record in records} == {(manifest.run_id, "ok")}
    assert sorted(trial.variant for trial in of_kind(records, "trial")) == ["alexnet", "layer-norm"]


def test_a_trial_keeps_its_curve_and_its_predictions(finished):
    folder, _ = finished

    for trial in of_kind(run_records(folder), "trial"):
        (row,) = trial.curve
        assert (row.epoch, row.loss) == (1, trial.loss)
        assert (trial.dataset, trial.epochs, trial.tuned) == ("digits", 1, False)
        with np.load(folder / trial.predictions) as kept:
            hits = kept["likeliest"] == kept["labels"][:, None]
        assert trial.test_top1_error == pytest.approx(1 - hits[:, 0].mean())
        assert trial.test_top5_error == pytest.approx(1 - hits.any(1).mean())
        assert trial.held_out_top1_error is None


def test_the_users_block_is_in_the_network(finished):
    counts = {record.variant: record.parameters for record in of_kind(run_records(finished[0]), "trial")}

    assert counts["layer-norm"] - counts["alexnet"] == 2 * (16 + 48)


def test_variants_are_timed_in_the_same_rounds_each_after_the_other(finished):
    draws = of_kind(run_records(finished[0]), "draw")

    for number in drawn(draws):
        beside = [draw for draw in draws if draw.draw == number]
        assert len({(draw.variant, draw.mode) for draw in beside}) == len(beside) == 2 * 2
        (ids,) = {draw.round_ids for draw in beside}
        assert ids == tuple(f"{number}.{index}" for index in range(QUICK.rounds))
        started = np.array([draw.slice_started_at for draw in beside])
        assert (started[:, :-1].max(0) < started[:, 1:].min(0)).all()


def test_a_draw_keeps_its_raw_slices(finished):
    for draw in of_kind(run_records(finished[0]), "draw"):
        steps, seconds = draw.slice_steps, draw.slice_seconds
        assert len(steps) == len(seconds) == len(draw.slice_started_at) == QUICK.rounds
        assert min(seconds) > 0
        # Seconds are rounded to a tenth of a microsecond, and a slice may last some milliseconds.
        assert draw.images_per_second == pytest.approx(sum(steps) * 8 / sum(seconds), rel=1e-4)
        assert (draw.batch_size, draw.topology) == (8, "alexnet-8")
        assert draw.compile_seconds > 0
        assert draw.peak_memory_bytes > 0


def test_the_report_is_there_and_can_be_made_again(finished, bench, tmp_path):
    folder, _ = finished
    names = {path.name for path in (folder / "report").iterdir()}
    assert {"index.html", "report.md", "effects.csv", "records.parquet", "table.tex"} <= names
    assert {name.rpartition(".")[2] for name in names} >= {"png", "svg"}

    code, out, err = bench("report", folder, "--out", tmp_path / "again", "--json")

    assert (code, err) == (0, "")
    assert {row["arm"] for row in json.loads(out)} == {"layer-norm"}
    again, before = (path / "effects.csv" for path in (tmp_path / "again", folder / "report"))
    assert again.read_text(encoding="utf-8") == before.read_text(encoding="utf-8")


# -- the same from Python


def test_a_script_does_what_the_command_does(finished, tmp_path, monkeypatch, capsys):
    """It needs no main guard: workers do not execute the program that started them.

    And the user's settings of Python and Keras are not the workers'.
    """
    script = ModuleType("__main__")
    script.__file__ = str(tmp_path / "script.py")
    Path(script.__file__).write_text("raise SystemExit('a worker executed this')\n", encoding="utf-8")
    monkeypatch.setitem(sys.modules, "__main__", script)
    (tmp_path / "keras.json").write_text(json.dumps(KERAS_SETTINGS), encoding="utf-8")
    for name, value in USERS_ENVIRONMENT.items() | {("KERAS_HOME", str(tmp_path))}:
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("HOME", raising=False)

    run = alexnet_bench.run("alexnet", out=tmp_path / "run", **SMALL | {"measure": ("accuracy",)})

    folder = tmp_path / "run"
    assert (run.folder, capsys.readouterr().out) == (folder, "")
    (row,) = run.records.to_dict("records")
    frame = alexnet_bench.read(finished[0])
    (typed,) = frame[(frame["variant"] == "alexnet") & (frame["kind"] == "trial")].to_dict("records")
    # The same network and seed: the same numbers, to the last bit.
    columns = ("fingerprint", "seed", "test_top1_error", "validation_top1_error", "train_error", "loss")
    assert {name: row[name] for name in columns} == {name: typed[name] for name in columns}
    assert (folder / "report" / "index.html").is_file()
    assert read_manifest(folder).command == "alexnet_bench.run('alexnet')"


# -- resuming


@pytest.fixture(scope="module")
def resumed(finished, bench, tmp_path_factory):
    """The finished run without its last draw and one trial, and the same after going on: (before, folder)."""
    folder = tmp_path_factory.mktemp("runs") / "resumed"
    shutil.copytree(finished[0], folder)
    shutil.rmtree(folder / "report")
    kept = [
        record
        for record in run_records(folder)
        if (record.draw < QUICK.draws - 1 if record.kind == "draw" else record.variant != "layer-norm")
    ]
    lines = [msgspec.json.encode(record) for record in kept]
    # As a crash would leave it.
    (folder / "records.jsonl").write_bytes(b"\n".join([*lines, b'{"schema_version": 1, "kind": "tri']))
    outcome = bench("run", "--resume", folder, "--seeds", 2, "--json")
    return kept, folder, outcome


def test_going_on_adds_what_was_missing_and_the_new_seeds(resumed):
    """And prints no more than JSON, as asked."""
    kept, folder, (code, out, err) = resumed

    assert code == 0
    assert err.startswith(f"Warning: {folder / 'records.jsonl'}, line ") and err.count("\n") == 1
    printed = json.loads(out)
    assert printed["run"] == str(folder)
    assert {row["variant"] for row in printed["variants"]} == {"alexnet", "layer-norm"}
    records = run_records(folder)
    assert records[: len(kept)] == kept
    trials = sorted((trial.variant, trial.seed) for trial in of_kind(records, "trial"))
    assert trials == [("alexnet", 0), ("alexnet", 1), ("layer-norm", 0), ("layer-norm", 1)]
    draws = sorted((draw.draw, draw.variant, draw.mode) for draw in of_kind(records, "draw"))
    assert len(draws) == len(set(draws)) == len(drawn(records)) * 2 * 2
    assert len({record.run_id for record in records}) == 1


def test_going_on_repeats_a_lost_trial_to_the_last_bit(resumed, finished):
    """And leaves what the plan says up to date."""
    _, folder, _ = resumed
    before, after = (
        [trial.loss for trial in of_kind(run_records(path), "trial") if trial.seed == 0]
        for path in (finished[0], folder)
    )

    assert sorted(before) == sorted(after)
    assert read_manifest(folder).plan.seeds == (0, 1)
    assert resume_settings(folder, None).seeds == 2
    assert (folder / "report" / "index.html").is_file()


# -- failures


@pytest.fixture(scope="module")
def failed(bench, broken, tmp_path_factory):
    """What `bench run` left of three variants that fail and of their control: (folder, outcome)."""
    folder = tmp_path_factory.mktemp("runs") / "failed"
    arguments = ["--variants", "crashing,killed,starved", "--measure", "accuracy"]
    return folder, bench("run", *arguments, "--ablations", broken, "--out", folder, *options(SMALL))


def test_a_failure_is_a_recorded_outcome_and_the_others_finish(failed):
    folder, (code, _, err) = failed

    assert code == 1
    assert "Traceback" not in err
    outcomes = {record.variant: (record.status, record.error) for record in run_records(folder)}
    assert outcomes["alexnet"] == ("ok", None)
    assert outcomes["crashing"] == ("crashed", CRASH)
    assert outcomes["starved"] == ("out-of-memory", STARVATION)
    status, error = outcomes["killed"]
    assert status == "killed"
    assert error.startswith("the worker was ended by signal SIGKILL; see ")
    log = (folder / "workers.log").read_text(encoding="utf-8")
    assert "Traceback" in log
    assert "ValueError: no layer [/b] today" in log


def test_a_run_says_that_it_adds_a_control_and_what_failed(failed):
    folder, (_, out, err) = failed

    assert err.startswith("alexnet is added, as the control of crashing, killed and starved\n")
    assert read_manifest(folder).plan.added_controls == ("alexnet",)
    assert f"crashing: crashed: {CRASH}\n" in err
    assert f"starved: out-of-memory: {STARVATION}\n" in err
    assert f"Report: {folder / 'report' / 'index.html'}" in "".join(out.splitlines())


def test_only_what_a_fault_ended_is_tried_again(failed):
    folder, _ = failed
    before, told = run_records(folder), Told()

    records = continue_run(Schedule(resume_settings(folder, None)), folder, told)

    assert records == run_records(folder)
    kept = [record for record in before if record.variant in ("alexnet", "crashing")]
    assert records[:2] == kept
    assert {record.variant for record in told.records} == {"killed", "starved"}
    assert [record.status for record in records[2:]] == [record.status for record in told.records]


def test_a_failure_while_timing_is_recorded_in_every_mode_and_draw(do, broken, tmp_path):
    do(
        tmp_path / "run",
        variants="crashing",
        control="crashing",
        measure="throughput",
        ablations=(broken,),
        **SMALL,
    )

    records = run_records(tmp_path / "run")
    assert sorted((draw.draw, draw.mode) for draw in records) == [
        (number, mode) for number in range(QUICK.draws) for mode in ("inference", "training")
    ]
    for draw in records:
        assert (draw.status, draw.error) == ("crashed", CRASH)
        assert (draw.images_per_second, draw.round_ids) == (None, ())


# -- tuning


def test_a_trial_ends_with_the_last_epoch_that_its_task_wants(zygote, tmp_path):
    schedule = Schedule(Settings(variants="alexnet", measure="accuracy", epochs=2, seeds=1))
    task = replace(schedule.trials()[0], most_epochs=1)
    records = []

    executor = LocalExecutor(schedule, zygote, tmp_path)
    run_trials(schedule, [task], executor, "run", records.append, lambda *given: None)

    assert [len(record.curve) for record in records] == [1]


def test_tuning_records_its_trials_and_uses_the_best_rate(do, tmp_path):
    told = do(tmp_path / "run", variants="alexnet", measure=("accuracy",), tune="lr", **SMALL)

    records = run_records(tmp_path / "run")
    tuning = [record for record in records if record.purpose == "tuning"]
    (result,) = [record for record in records if record.purpose == "result"]
    own = Schedule(Settings()).recipe.learning_rate
    errors = grouped(tuning, lambda record: record.recipe_settings["learning_rate"])
    # Beyond the grid only where the best rate is its first or last.
    assert errors.keys() >= {own * factor for factor in RATE_GRID}
    assert {(record.test_top1_error, record.predictions) for record in tuning} == {(None, None)}
    means = {
        rate: fmean(record.validation_top1_error for record in some)
        for rate, some in errors.items()
        if sorted(record.seed for record in some) == list(TUNING_SEEDS)
    }
    assert len(means) >= 2
    best = min(means, key=lambda rate: (round(means[rate], 9), rate))
    assert result.recipe_settings["learning_rate"] == best
    assert {record.tuned for record in records} == {True}
    assert told.plans[0] == (len(RATE_GRID) + 2 * (len(TUNING_SEEDS) - 1), 1, 0)
    assert told.plans[-1] == (0, 1, 0)
    assert told.epochs == [("alexnet", 1)] * (len(tuning) + 1)
    assert told.records == records


# -- being interrupted


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "terminated"])
def test_an_interrupted_run_keeps_its_records_and_says_how_to_go_on(broken, tmp_path, asked):
    """Of two trials side by side one fails at once; the other would train for hours."""
    folder = tmp_path / "a run"
    command = [Path(sys.executable).parent / "bench", "run", "--variants", "crashing,alexnet"]
    command += ["--measure", "accuracy", "--epochs", "100000", "--seeds", "1", "--jobs", "2"]
    process = subprocess.Popen(
        [*command, "--ablations", broken, "--out", folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A suite that a script runs in the background ignores Ctrl-C, and so would what it starts.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    try:
        next(line for line in process.stderr if line.startswith("crashing"))
        started = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, asked)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    finally:
        orphans = [item.pid for item in started if _outlives(item)]

    assert len(started) >= 2
    assert process.returncode == 130, err
    assert orphans == []
    assert f"Go on with:\nbench run --resume '{folder}' --ablations {broken}\n" in err
    assert (out, "Traceback" in err) == ("", False)
    (record,) = run_records(folder)
    assert (record.variant, record.status) == ("crashing", "crashed")
    typed = read_manifest(folder).command
    assert typed.startswith("bench run --variants crashing,alexnet --measure accuracy --epochs 100000")


def test_a_trial_that_is_begun_as_the_interrupt_comes_is_ended_too(zygote, tmp_path):
    """It has no worker yet when the others are ended."""
    schedule = Schedule(Settings(variants="alexnet", measure="accuracy", epochs=60, seeds=1))
    told = []

    def interrupted():
        yield schedule.trials()[0]
        raise KeyboardInterrupt

    executor = LocalExecutor(schedule, zygote, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        run_trials(schedule, interrupted(), executor, "run", told.append, lambda *epoch: told.append(epoch))

    assert len(told) < 60


def _outlives(process):
    """Whether a process does not end by itself; it is ended then."""
    try:
        process.wait(timeout=PATIENCE_SECONDS)
    except psutil.TimeoutExpired:
        process.kill()
        return True
    return False
