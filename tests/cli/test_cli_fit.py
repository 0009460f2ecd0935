"""`bench fit`: what it would do, what it refuses, and a whole one within a second's budget."""

import json

import numpy as np
import pytest
from PIL import Image

import alexnet_bench
from alexnet_bench.run import fit, run
from alexnet_bench.show import report


@pytest.fixture
def photos(tmp_path):
    """Twenty photographs of two classes."""
    rng = np.random.default_rng(0)
    for kind in ("cat", "dog"):
        (tmp_path / "pets" / kind).mkdir(parents=True)
        for number in range(10):
            pixels = rng.integers(0, 255, (40, 40, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pets" / kind / f"{number}.png")
    return tmp_path / "pets"


def test_a_dry_run_says_what_would_be_done_and_for_how_long(bench, photos, no_workers):
    code, out, err = bench("fit", photos, "--budget", "1h", "--dry-run")

    assert (code, err) == (0, "")
    assert "folds:pets" in out
    assert "the first look, at 4 seeds of each variant, is likely after" in out
    planned = json.loads(bench("fit", photos, "--budget", "90s", "--dry-run", "--json").out)
    assert planned["folds"] == 4
    assert planned["estimate"]["seconds"] <= 90
    assert planned["images"] == {
        "cat": {"training": 6, "validation": 1, "held-out": 3},
        "dog": {"training": 6, "validation": 2, "held-out": 2},
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give a folder of photographs, or --resume RUN"),
        (["digits", "--resume", "RUN"], "give a folder of photographs, or --resume RUN"),
        (["--resume", "RUN", "--variants", "tanh"], "leave out --variants"),
        (["nowhere"], "nowhere: no such folder"),
        (["digits", "--budget", "0s"], "budget is 0; it must be more than 0"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_is_refused(bench, no_workers, arguments, message):
    code, out, err = bench("fit", *arguments)

    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


@pytest.fixture
def hardly_trained(monkeypatch):
    """Two steps for each network, so that a test does not take minutes."""
    monkeypatch.setattr(fit, "TRAINING_STEPS", (2,))
    monkeypatch.setattr(fit, "FEWEST_STEPS", 2)


def test_a_budget_that_is_too_small_is_no_answer_and_can_be_asked_again(
    bench, photos, tmp_path, hardly_trained
):
    folder = tmp_path / "run"

    code, out, err = bench("fit", photos, "--budget", "1s", "--variants", "no-lrn", "--out", folder, "--json")

    answer = json.loads(out)
    assert (code, err, answer["best"]) == (0, "", None)
    assert answer["sentences"][0].startswith("Cannot tell: ")
    assert (folder / "report" / "index.html").is_file()
    again = bench("fit", "--resume", folder)
    assert again.code == 0
    assert answer["sentences"][0] in again.out


def test_an_interruption_of_its_report_says_how_to_go_on_too(bench, photos, tmp_path, monkeypatch):
    def interrupted(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "continue_run", lambda schedule, folder, observer: [])
    monkeypatch.setattr(report, "write_report", interrupted)

    code, _, err = bench("fit", photos, "--variants", "no-lrn", "--out", tmp_path / "run")

    assert code == 130
    assert err.endswith(f"Go on with:\nbench fit --resume {tmp_path / 'run'}\n")


def test_python_gives_the_same(photos, tmp_path, hardly_trained, monkeypatch):
    """Where nothing has been trained, too."""
    monkeypatch.setattr(run, "continue_run", lambda schedule, folder, observer: [])

    found = alexnet_bench.fit(photos, budget=1, variants="no-lrn", out=tmp_path / "run")

    assert (found.run, found.answer.best) == (tmp_path / "run", None)
    assert str(found).startswith("Cannot tell: no trial of alexnet has succeeded.")
