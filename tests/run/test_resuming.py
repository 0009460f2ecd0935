"""A run goes on with the code, the machine and the files that it was begun with, or not at all."""

import json
import os

import pytest
from made_up_trials import made_up_trial

from alexnet_bench.environment import cache_folder
from alexnet_bench.errors import BenchError, RecordError
from alexnet_bench.records.files import append_rows
from alexnet_bench.records.manifest import read_manifest
from alexnet_bench.records.run_folder import RECORDS
from alexnet_bench.records.schema import AnyRecord
from alexnet_bench.run.resuming import resumed
from alexnet_bench.run.run import start_run
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import Settings

MINE = """
from pathlib import Path

from alexnet_bench import ALEXNET, Ablation, block


@block(parameters=lambda channels: 2 * channels)
def mine(**layer):
    import keras

    return keras.layers.LayerNormalization(**layer)


ARM = ALEXNET.but("mine", normalization=mine, dropout=0.5)
MINE = Ablation(name="mine", factor="several", control=ALEXNET, arms=[ARM])
(Path(__file__).parent / "executed").touch()
"""


@pytest.fixture(autouse=True)
def nothing_set(tmp_path, monkeypatch):
    """A user who has asked for nothing so far, in an environment without settings of TensorFlow."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in [name for name in os.environ if name.startswith(("TF_", "XLA_", "OMP_"))]:
        monkeypatch.delenv(name)


@pytest.fixture
def ablations(write_ablations):
    return write_ablations({"mine.py": MINE})


@pytest.fixture
def begun(tmp_path, ablations):
    """The folder of a run that has a trial of each of its two variants."""
    settings = Settings(variants="@mine", measure="accuracy", seeds=2, ablations=str(ablations))
    schedule, folder = Schedule(settings), tmp_path / "run"
    start_run(schedule, folder, "bench run")
    run_id = read_manifest(folder).run_id
    trials = [made_up_trial(task, run_id) for task in schedule.trials()[:2]]
    append_rows(folder / RECORDS, trials, AnyRecord, "")
    (ablations / "executed").unlink()
    return folder


def edit(file, before, after):
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8")


def refusal(*arguments, **options):
    with pytest.raises(RecordError) as raised:
        resumed(*arguments, **options)
    assert len(str(raised.value).splitlines()) == 1
    return str(raised.value)


def test_it_goes_on_as_it_was_begun(begun):
    assert resumed(begun, seeds=3).seeds == range(3)


def test_its_folder_may_have_a_name_that_no_text_has(tmp_path):
    name = os.fsdecode(b"run\xff")

    start_run(Schedule(Settings(variants="@lrn")), tmp_path / name, f"bench run --out {name}")

    assert read_manifest(tmp_path / name).command == r"bench run --out run\udcff"
    assert resumed(tmp_path / name).seeds == range(5)


# -- code


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("(**layer)", "(epsilon=0.1, **layer)", "the code of it or of its blocks was changed"),
        ("dropout=0.5", "dropout=0.25", "normalization mine, dropout 0.25)"),
        ("dropout=0.5", "recipe={'momentum': 0.5}", "momentum 0.9 (now 0.5)"),
    ],
    ids=["block", "variant", "recipe"],
)
def test_an_edited_variant_is_refused_and_named(begun, ablations, before, after, told):
    edit(ablations / "mine.py", before, after)

    message = refusal(begun)

    assert message.startswith(f"{begun} was begun with another mine: ")
    assert told in message
    assert "bring back the former one, or start a new run" in message


def test_what_is_edited_and_brought_back_goes_on(begun, ablations):
    edit(ablations / "mine.py", "(**layer)", "(epsilon=0.1, **layer)")
    edit(ablations / "mine.py", "(epsilon=0.1, **layer)", "(**layer)")

    assert resumed(begun).seeds == range(2)


def test_a_variant_without_a_record_may_be_edited(begun, ablations):
    lines = (begun / RECORDS).read_bytes().splitlines(keepends=True)
    (begun / RECORDS).write_bytes(b"".join(line for line in lines if b'"alexnet"' in line))
    edit(ablations / "mine.py", "(**layer)", "(epsilon=0.1, **layer)")

    assert resumed(begun).seeds == range(2)


# -- the machine


def test_other_settings_of_the_environment_are_refused(begun, monkeypatch):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")

    assert "was begun with TF_ENABLE_ONEDNN_OPTS unset (now 0), and what is measured now" in refusal(begun)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"cpu": "Another CPU"}, "processor Another CPU (now "),
        ({"versions": {"tensorflow": "1.0"}}, "tensorflow 1.0 (now "),
    ],
    ids=["processor", "versions"],
)
def test_another_machine_is_refused(begun, change, told):
    found = json.loads((begun / "run.json").read_text(encoding="utf-8"))
    found["environment"] |= change
    (begun / "run.json").write_text(json.dumps(found), encoding="utf-8")

    assert told in refusal(begun)


def test_a_run_without_records_has_nothing_to_be_mixed_with(begun, monkeypatch):
    (begun / RECORDS).write_bytes(b"")
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")

    assert resumed(begun).seeds == range(2)


# -- files that are executed


@pytest.mark.parametrize("given", ["elsewhere", "."], ids=["absolute", "relative"])
def test_files_that_a_run_from_elsewhere_names_are_not_executed(
    begun, ablations, write_ablations, monkeypatch, given
):
    other = write_ablations({"mine.py": MINE})
    monkeypatch.chdir(other)
    edit(begun / "run.json", f'"{ablations}"', f'"{other if given == "elsewhere" else given}"')

    assert f"if you trust them, add --ablations {other}" in refusal(begun)
    assert not (other / "executed").exists()

    resumed(begun, ablations=[ablations])
    assert not (other / "executed").exists()
    resumed(begun, ablations=[other])
    assert (other / "executed").exists()
    # What was typed once is known.
    resumed(begun)


def test_without_a_place_to_keep_it_in_the_folder_is_asked_for(begun, ablations, monkeypatch):
    folder = cache_folder()
    for mark in (folder / "ablations").iterdir():
        mark.unlink()
    (folder / "ablations").rmdir()
    (folder / "ablations").touch()

    assert f"add --ablations {ablations}" in refusal(begun)
    assert not (ablations / "executed").exists()
    assert resumed(begun, ablations=[ablations]).seeds == range(2)


def test_the_command_asks_as_the_library_does(begun, ablations, bench, monkeypatch, tmp_path, no_workers):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another"))

    for options in ([], ["--dry-run"]):
        code, out, err = bench("run", "--resume", begun, *options)
        assert (code, out) == (2, "")
        assert err.startswith(f"Error: {begun} names ablation files that no run of yours was given on this")
        assert not (ablations / "executed").exists()
    assert bench("run", "--resume", begun, "--dry-run", "--ablations", ablations).code == 0


def test_ablations_that_are_typed_must_hold_what_the_run_is_of(begun, write_ablations):
    with pytest.raises(BenchError, match="unknown ablation '@mine'"):
        resumed(begun, ablations=[write_ablations({})])
