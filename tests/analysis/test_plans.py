"""What is read from the plans of runs, those of older manifests too."""

from pathlib import Path

import msgspec
import pytest
from report_runs import manifest

from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.manifest import read_manifest
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import Settings

REFERENCE = Path(__file__).parents[2] / "results" / "reference"


def planned(run="run-a", **asked):
    return msgspec.structs.replace(manifest(run), plan=Schedule(Settings(**asked)).manifest_plan())


@pytest.mark.parametrize(
    ("asked", "expected", "controls"),
    [
        (
            {"variants": "tanh-he,no-lrn"},
            {"tanh-he": "relu-he", "no-lrn": "alexnet", "relu-he": "relu-he", "alexnet": "alexnet"},
            ["relu-he", "alexnet"],
        ),
        ({"variants": "tanh,lrn", "control": "gelu"}, {"tanh": "gelu", "lrn": "gelu"}, ["gelu"]),
        ({"variants": "tanh", "preset": "standard"}, {"tanh": "alexnet", "lrn": "alexnet"}, ["alexnet"]),
    ],
)
def test_a_plan_says_what_each_variant_is_held_against(asked, expected, controls):
    plans = Plans([planned(**asked)])

    assert {name: plans.control("run-a", name) for name in expected} == expected
    assert plans.controls("run-a") == controls
    assert [name for name in plans.variants if plans.is_control(name)] == controls
    assert plans.variants[: len(controls)] == controls


def test_fields_and_names_are_those_of_a_variants_own_control():
    plans = Plans([planned(variants="tanh-he,lrn,alexnet")])

    own = {"activation", "normalization", "towers", "recipe.initialization"}
    assert plans.fields("run-a", "tanh-he") == own
    assert plans.fields("run-a", "lrn") == set()
    assert (plans.same_as("lrn"), plans.same_as("tanh-he"), plans.same_as("alexnet")) == ("alexnet", "", "")


def test_what_was_not_timed_names_the_control_whose_step_it_has():
    runs = [
        planned("run-a", variants="bias-1,tanh", measure="accuracy"),
        planned("run-b", variants="bias-1,tanh"),
    ]

    plans = Plans(runs)

    assert (plans.same_step("bias-1"), plans.same_step("tanh")) == ("alexnet", "")
    assert Plans(runs[:1]).same_step("bias-1") == ""


def test_a_claim_is_shown_where_every_run_of_its_ablation_may_show_it():
    own, other = planned("run-a", variants="no-lrn"), planned("run-b", variants="no-lrn", control="tanh")

    def claims(*runs):
        return [bool(item.claims) for item in Plans(runs).ablations if item.name == "lrn"]

    assert (claims(own), claims(other)) == ([True], [False])
    assert claims(own, other) == claims(other, own) == [False]


# -- older manifests


@pytest.mark.parametrize(
    ("run", "controls"),
    [
        ("quick", {"no-lrn": "alexnet", "lrn": "alexnet", "alexnet": "alexnet"}),
        ("lrn-cifar10", {"no-lrn": "lrn", "lrn": "lrn"}),
        ("figure-1", {"relu-normal": "relu-normal", "tanh-normal": "relu-normal", "tanh-he": "relu-he"}),
    ],
)
def test_the_controls_of_the_committed_runs(run, controls):
    known = read_manifest(REFERENCE / run)
    plans = Plans([known])

    assert not known.plan.controls
    assert {name: plans.control(known.run_id, name) for name in controls} == controls
    assert [name for name in plans.variants if plans.is_control(name)] == plans.controls(known.run_id)


def test_an_older_plan_leaves_out_of_what_is_timed_what_has_the_papers_step():
    def same_step(control, variants, timed):
        plans = Plans([manifest(control=control, variants=variants, timed=timed)])
        return [plans.same_step(name) for name in variants]

    variants = {"alexnet": [], "tanh": ["activation"], "bias-1": ["recipe.bias"]}
    assert same_step("alexnet", variants, ["alexnet", "tanh"]) == ["", "", "alexnet"]
    assert same_step("alexnet", variants, []) == ["", "", ""]
    # That of another control is not known.
    assert same_step("tanh", variants, ["alexnet", "tanh"]) == ["", "", ""]
    assert Plans([read_manifest(REFERENCE / "quick")]).same_step("ten-crops") == "alexnet"


def test_all_that_was_planned_can_be_held_against_another_control():
    plans = Plans([planned(variants="tanh-he,no-lrn"), planned("run-b", variants="lrn")])

    other = plans.held_against("no-lrn")
    assert {other.control("run-a", name) for name in ("tanh-he", "relu-he", "alexnet", "no-lrn")} == {
        "no-lrn"
    }
    assert other.control("run-b", "lrn") == "no-lrn"
    assert other.controls("run-a") == other.controls("run-b") == ["no-lrn"]
    assert plans.control("run-a", "tanh-he") == "relu-he"
