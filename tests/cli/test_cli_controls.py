"""`bench run --dry-run` says which control is added, what is held against what, and what is not timed."""

import json

import pytest


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch, no_workers):
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def dry_run(bench):
    """The plan of a run as JSON, and the lines that are printed, their padding taken out."""

    def do(*arguments):
        printed = bench("run", "--dry-run", *arguments)
        plan = bench("run", "--dry-run", "--json", *arguments)
        assert (printed.code, printed.err, plan.code, plan.err) == (0, "", 0, "")
        return json.loads(plan.out), [" ".join(line.split()) for line in printed.out.splitlines()]

    return do


def test_a_control_that_nobody_named_is_added_and_that_is_said(dry_run):
    plan, lines = dry_run("--variants", "tanh,no-lrn")

    assert list(plan["variants"]) == ["alexnet", "tanh", "no-lrn"]
    assert plan["controls"] == {"alexnet": "alexnet", "tanh": "alexnet", "no-lrn": "alexnet"}
    assert plan["added_controls"] == ["alexnet"]
    assert plan["estimate"]["trials"] == 9
    assert "note: alexnet is added, as the control of tanh and no-lrn" in lines
    assert "tanh alexnet activation tanh" in lines


def test_another_control_may_be_given(dry_run):
    plan, lines = dry_run("--variants", "no-lrn,no-dropout", "--control", "tanh")

    assert (plan["control_given"], set(plan["controls"].values())) == ("tanh", {"tanh"})
    assert [item["claims"] for item in plan["ablations"] if item["name"] in ("lrn", "dropout")] == [[], []]
    assert "note: tanh is the control of all, as asked" in lines
    assert "no-lrn tanh normalization none" in lines


def test_what_has_its_controls_step_is_shown_with_that(dry_run):
    plan, lines = dry_run("--variants", "tanh,no-augmentation", "--measure", "throughput")

    assert plan["same_step"] == {"no-augmentation": "alexnet"}
    assert "no-augmentation alexnet same step as alexnet recipe.augmentation none" in lines
    assert "note: same step as alexnet, so not timed: no-augmentation" in lines


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["--variants", "no-augmentation", "--measure", "throughput"],
            "nothing is left to time: no-augmentation",
        ),
        (["--control", "no-lnr"], "unknown variant 'no-lnr' (did you mean 'no-lrn'?)"),
        (["--control", "@lrn"], "'@lrn' means 2 variants; name one"),
    ],
    ids=["nothing-to-time", "unknown", "several"],
)
def test_what_cannot_be_held_against_anything_is_refused_in_one_line(bench, arguments, words):
    code, out, err = bench("run", "--dry-run", *arguments)

    assert (code, out, err.count("\n")) == (2, "", 1)
    assert words in err
