"""Which records are held against each other, and what is said of those that are not."""

import math

import pytest
from report_runs import DEVICE, VERSIONS, changed, draw, effect_rows, in_run, manifest, trial

from alexnet_bench.analysis.effects import effects
from alexnet_bench.errors import RecordError

TWO, TWO_HOSTS = f"2 logical CPU devices ({DEVICE})", f"2 hosts ({DEVICE})"


def only(records, runs=None, measure="test_top1_error", arm="no-lrn"):
    return effect_rows(records, runs, measure=measure, arm=arm)


def both(run, control=0.02, arm=0.03, seed=0, **changes):
    """A trial of the control and one of the arm."""
    shares = {"alexnet": control, "no-lrn": arm}
    return [trial(name, seed, share, run_id=run, **changes) for name, share in shares.items()]


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"threads": 4}, "they differ in threads (4 for no-lrn, 2 for alexnet)"),
        ({"epochs": 3}, "they differ in epochs (3 for no-lrn, 2 for alexnet)"),
        ({"tuned": True}, "they differ in tuned (True for no-lrn, False for alexnet)"),
        (
            {"versions": VERSIONS | {"tensorflow": "2.20.0"}},
            "they differ in versions: tensorflow (2.20.0 for no-lrn, 2.21.0 for alexnet)",
        ),
        (
            {"placement": "split", "device": TWO},
            f"they differ in placement (split for no-lrn, one-device for alexnet) and in device "
            f"({TWO} for no-lrn, {DEVICE} for alexnet)",
        ),
    ],
)
def test_rows_that_disagree_are_refused_with_the_column_and_both_values(changes, note):
    (row,) = only([trial("alexnet", 0), trial("no-lrn", 0, **changes)])
    assert (row.kind, row.pairs, row.note) == ("not comparable", 0, note)
    assert math.isnan(row.effect)


def test_draws_that_disagree_are_refused_too():
    records = [draw("alexnet", 0, [10.0]), draw("no-lrn", 0, [10.0], precision="mixed_bfloat16")]
    (row,) = only(records, measure="training_images_per_second")
    assert row.note == "they differ in precision (mixed_bfloat16 for no-lrn, float32 for alexnet)"


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("placement", {"placement": "split", "device": TWO}),
        ("placement", {"placement": "data-parallel", "device": TWO_HOSTS, "hosts": 2}),
        ("recipe.batch_size", {"batch_size": 64}),
        ("recipe.epochs", {"epochs": 4}),
    ],
)
def test_what_an_arm_changes_by_intent_is_compared(field, changes):
    run = manifest(variants={"alexnet": [], "arm": [field]})
    (row,) = only([trial("alexnet", 0, 0.02), trial("arm", 0, 0.03, **changes)], [run], arm="arm")
    assert (row.kind, row.effect) == ("descriptive", pytest.approx(1))
    (refused,) = only([trial("alexnet", 0, 0.02), trial("no-lrn", 0, 0.03, **changes)])
    assert refused.kind == "not comparable"


@pytest.mark.parametrize(
    ("control", "arm", "comparable"),
    [
        (DEVICE, TWO, True),
        ("H200", "2 GPUs (H200)", True),
        ("H200", TWO, False),
        ("H200", "2 GPUs (A100)", False),
    ],
)
def test_two_devices_are_held_against_one_of_the_same_kind_alone(control, arm, comparable):
    run = manifest(variants={"alexnet": [], "arm": ["placement"]})
    records = [
        trial("alexnet", 0, 0.02, device=control),
        trial("arm", 0, 0.03, placement="split", device=arm),
    ]
    (row,) = only(records, [run], arm="arm")
    assert (row.kind != "not comparable") == comparable
    assert comparable or row.note == f"they differ in device ({arm} for arm, {control} for alexnet)"


def test_an_arm_may_differ_in_what_the_control_changes():
    run = manifest(control="two", variants={"two": ["placement"], "alexnet": []})
    records = [trial("two", 0, 0.02, placement="split", device=TWO), trial("alexnet", 0, 0.03)]
    (row,) = only(records, [run], arm="alexnet")
    assert row.effect == pytest.approx(1)
    assert (row.device, row.control_device) == (DEVICE, TWO)


def test_without_a_control_there_is_a_row_that_says_so():
    (row,) = only([trial("no-lrn", 0)])
    assert (row.kind, row.note) == ("not comparable", "there is no trial of the control alexnet")


def test_runs_that_agree_are_pooled():
    runs = [manifest("run-a"), manifest("run-b")]
    seeds = [("run-a", 0), ("run-a", 1), ("run-b", 2), ("run-b", 3)]
    (row,) = only([item for run, seed in seeds for item in both(run, seed=seed)], runs)
    assert (row.pairs, row.kind, row.runs) == (4, "interval", "run-a, run-b")


def test_a_seed_trained_in_two_runs_counts_once():
    runs = [manifest("run-a"), manifest("run-b")]
    records = [*both("run-a"), *both("run-b")]
    (row,) = only(records, runs)
    assert (row.pairs, row.effect) == (1, pytest.approx(1))


def test_runs_on_other_data_are_reported_apart():
    runs = [manifest("run-a"), manifest("run-b", dataset="cifar10")]
    records = [*both("run-a"), *both("run-b", 0.20, 0.10, dataset="cifar10")]
    found = {row.dataset: row.effect for row in only(records, runs)}
    assert found == {"digits": pytest.approx(1), "cifar10": pytest.approx(-10)}


def test_an_arm_of_one_run_is_refused_the_control_of_another_machine():
    runs = [manifest("run-a"), manifest("run-b")]
    records = [trial("alexnet", 0, run_id="run-a"), trial("no-lrn", 0, run_id="run-b", device="another")]
    (row,) = only(records, runs)
    assert row.note == f"they differ in device (another for no-lrn, {DEVICE} for alexnet)"


def test_a_variant_that_changed_between_runs_is_not_pooled():
    runs = [manifest("run-a"), manifest("run-b")]
    records = [
        *(trial("alexnet", seed, run_id=run) for seed, run in enumerate(("run-a", "run-b"))),
        trial("no-lrn", 0, run_id="run-a", fingerprint="before"),
        trial("no-lrn", 1, run_id="run-b", fingerprint="after"),
    ]
    (row,) = only(records, runs)
    assert row.kind == "not comparable"
    assert row.note == "fingerprint differs between the records of no-lrn: after, before"


def test_devices_of_one_host_and_of_two_are_not_pooled():
    runs = [manifest(run, variants={"alexnet": [], "arm": ["placement"]}) for run in ("run-a", "run-b")]
    records = [
        *(trial("alexnet", seed, run_id=run) for seed, run in enumerate(("run-a", "run-b"))),
        trial("arm", 0, run_id="run-a", placement="data-parallel", device=TWO),
        trial("arm", 1, run_id="run-b", placement="data-parallel", device=TWO_HOSTS, hosts=2),
    ]
    (row,) = only(records, runs, arm="arm")
    assert row.kind == "not comparable"
    assert row.note == f"device differs between the records of arm: {TWO_HOSTS}, {TWO}"


def test_a_control_that_changed_between_runs_is_paired_within_each():
    runs = [manifest("run-a"), manifest("run-b")]
    records = [
        item
        for run, shares in (("run-a", (0.02, 0.03)), ("run-b", (0.20, 0.25)))
        for record in both(run, *shares)
        for item in changed([record], fingerprint=f"{record.variant} of {run}")
    ]
    assert [row.effect for row in only(records, runs)] == pytest.approx([1, 5])


def test_records_of_a_run_without_its_manifest_are_refused():
    with pytest.raises(RecordError, match="run run-b, but its manifest"):
        effects(in_run([trial("alexnet", 0)], run_id="run-b"), [manifest()])
