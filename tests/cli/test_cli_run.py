"""What `bench run` ends with, and what it says when it is interrupted."""

import shlex

import pytest
from report_runs import in_run, manifest, timing, trials

from alexnet_bench.analysis.effects import effects
from alexnet_bench.cli.group import INTERRUPTED
from alexnet_bench.run import run as runs
from alexnet_bench.show.sentences import reservations
from alexnet_bench.show.tables import changes_table

EFFECT = 3


def of(records):
    return effects(in_run(records), [manifest()])


def changes(records):
    return {(row[0], row[2]): row[EFFECT:] for row in changes_table(of(records)).rows}


@pytest.mark.parametrize("seeds", [1, 2, 3])
def test_with_fewer_than_four_seeds_changes_are_described(seeds):
    records = [*trials("alexnet", *[0.04] * seeds), *trials("no-lrn", *[0.05] * seeds)]

    of_few = ["+1.00", f"none ({seeds} seed{'s' * (seeds > 1)})"]
    assert changes(records) == {("no-lrn", "test top-1 error"): of_few}
    (said,) = reservations(of(records))
    assert said.startswith("A change over fewer than 4 seeds, or draws, is a description")


def test_with_four_they_have_an_interval_and_a_verdict():
    wrong = [0.04, 0.05, 0.06, 0.05]
    records = [*trials("alexnet", *wrong), *trials("no-lrn", *(share + 0.01 for share in wrong))]

    effect, verdict = changes(records)["no-lrn", "test top-1 error"]
    assert effect.startswith("+1.00 [")
    assert not verdict.startswith("none")
    assert list(reservations(of(records))) == []


def test_draws_are_described_likewise():
    effect, verdict = changes(timing())["no-lrn", "training throughput"]

    assert effect.startswith("×")
    assert verdict == "none (2 draws)"


def test_why_no_change_is_told_is_said():
    records = [*trials("alexnet", 0.9, 0.9), *trials("no-lrn", 0.9, 0.9)]

    assert changes(records) == {}
    (said,) = reservations(of(records))
    assert said.startswith(
        "No change in test top-1 error is told of no-lrn: the control alexnet did not learn"
    )


# -- going on


@pytest.fixture
def told_how_to_go_on(bench, monkeypatch, tmp_path):
    """The words of the command that an interrupted one names."""

    def call(*words):
        def interrupted(*arguments, **options):
            raise KeyboardInterrupt

        monkeypatch.setattr(runs, "continue_run", interrupted)
        code, _, err = bench("run", *words)
        assert code == INTERRUPTED
        return shlex.split(err.splitlines()[-1])

    return call


def test_how_to_go_on_names_the_folders_of_ablations_and_can_be_typed(
    told_how_to_go_on, bench, write_ablations, tmp_path
):
    ablations = write_ablations({}).rename(tmp_path / "my ablations")
    run = tmp_path / "a run"

    words = told_how_to_go_on("--variants", "alexnet", "--ablations", ablations, "--out", run)

    assert words == ["bench", "run", "--resume", str(run), "--ablations", str(ablations)]
    assert bench(*words[1:], "--dry-run").code == 0


def test_what_was_typed_beside_resume_is_named_again(told_how_to_go_on, tmp_path):
    run = tmp_path / "run"
    told_how_to_go_on("--variants", "alexnet", "--measure", "accuracy", "--out", run)

    words = told_how_to_go_on(
        "--resume", run, "--retry", "--json", "--executor", "ray", "--ray-address", "auto"
    )

    assert words[4:] == ["--executor", "ray", "--ray-address", "auto", "--retry", "--json"]
