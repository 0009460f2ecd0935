"""A run that goes on does so with the images it was begun with, from whichever folder, or not at all."""

import json
import os
import shutil

import pytest
from made_up_runs import goes_on
from made_up_trials import made_up_trial
from PIL import Image
from report_runs import manifest, trials, write_run

from alexnet_bench.errors import RecordError
from alexnet_bench.records.run_folder import add_record
from alexnet_bench.run import capacity
from alexnet_bench.run.run import planned_draws, resume_settings, start_run, trial_threads
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import Settings


def write_images(folder, shade):
    for label in ("cat", "dog"):
        (folder / label).mkdir(parents=True, exist_ok=True)
        for number in range(8):
            Image.new("RGB", (4, 4), (shade, number, 0)).save(folder / label / f"{number}.png")
            # What is written at once may bear one time.
            os.utime(folder / label / f"{number}.png", ns=(0, shade))


@pytest.fixture
def begun(tmp_path, monkeypatch):
    """The folder of a run that was begun in another one, which its paths are relative to."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write_images(tmp_path / "pets", 0)
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    asked = Settings(
        variants="alexnet", measure="accuracy", dataset="folder:pets", ablations=("mine",), batch_size=2
    )
    start_run(Schedule(asked), tmp_path / "run", "bench run")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path / "run"


def test_it_goes_on_from_another_folder_with_the_same_data_and_ablations(begun):
    root = begun.parent
    write_images(root / "elsewhere" / "pets", 1)

    settings = resume_settings(begun, None)

    assert (settings.dataset, settings.ablations) == (f"folder:{root / 'pets'}", (str(root / "mine"),))
    plan = json.loads((begun / "run.json").read_text())["plan"]
    assert plan["data_digest"] == Schedule(settings).dataset.digest


def test_it_is_refused_where_the_images_are_others_now(begun, bench):
    before = (begun / "run.json").read_bytes()
    write_images(begun.parent / "pets", 1)

    code, _, err = bench("run", "--resume", begun, "--seeds", 6)

    assert code == 2
    assert f"{begun} was begun with other images or labels than folder:{begun.parent / 'pets'}" in " ".join(
        err.split()
    )
    assert (begun / "run.json").read_bytes() == before


@pytest.mark.parametrize(("reading", "is_refused"), [(1, False), (None, False), (0, True), (2, True)])
def test_it_is_refused_where_the_same_files_were_read_otherwise(begun, reading, is_refused):
    run = json.loads((begun / "run.json").read_text())
    assert run["plan"]["reading"] == 1
    run["plan"]["reading"] = reading
    (begun / "run.json").write_text(json.dumps(run))
    schedule = Schedule(resume_settings(begun, None))
    (task, *_) = schedule.trials()
    add_record(begun, made_up_trial(task, run["run_id"], data_digest=schedule.dataset.digest))

    if is_refused:
        with pytest.raises(RecordError, match="was begun when image files were read otherwise"):
            goes_on(schedule, begun, lambda task: {})
    else:
        goes_on(schedule, begun, lambda task: {})


def test_as_many_seeds_are_planned_as_before(begun):
    """Whatever the preset says by now."""
    manifest = json.loads((begun / "run.json").read_text())
    manifest["plan"]["seeds"] = [0, 1, 2]
    (begun / "run.json").write_text(json.dumps(manifest))

    assert resume_settings(begun, None).seeds == 3
    assert resume_settings(begun, 4).seeds == 4


def test_as_many_draws_are_planned_as_before(tmp_path):
    """Quick runs had two once."""
    start_run(Schedule(Settings(variants="@lrn", measure="throughput")), tmp_path / "run", "bench run")
    manifest = json.loads((tmp_path / "run" / "run.json").read_text())
    manifest["plan"]["draws"] = 2
    (tmp_path / "run" / "run.json").write_text(json.dumps(manifest))

    schedule = Schedule(resume_settings(tmp_path / "run", None), draws=planned_draws(tmp_path / "run"))

    assert schedule.manifest_plan().draws == schedule.timing.effort.draws == 2


@pytest.mark.parametrize(("threads", "jobs"), [(8, 1), (2, 4), (1, 8), (3, 2)])
def test_trials_have_the_threads_that_those_before_had(tmp_path, monkeypatch, threads, jobs):
    """With others they would give other numbers, and not be compared."""
    monkeypatch.setattr(capacity, "usable_cores", lambda: 8)
    settings = {"variants": "alexnet", "measure": ["accuracy"]}
    folder = write_run(tmp_path / "run", trials("alexnet", 0.1, threads=threads), manifest(settings=settings))

    schedule = Schedule(
        resume_settings(folder, 6), available_memory=lambda: 2**40, threads=trial_threads(folder)
    )

    assert (schedule.capacity.threads, schedule.capacity.jobs) == (threads, jobs)


def test_a_folder_whose_data_are_gone_says_so(begun, bench):
    shutil.rmtree(begun.parent / "pets")

    code, _, err = bench("run", "--resume", begun)

    assert (code, "no such folder" in err) == (2, True)


def test_throughput_needs_no_digest(tmp_path):
    """It is timed with made-up images."""
    start_run(Schedule(Settings(variants="alexnet", measure="throughput")), tmp_path / "run", "bench run")

    assert json.loads((tmp_path / "run" / "run.json").read_text())["plan"]["data_digest"] is None
