"""Every figure in the README's tables is what the committed records give."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alexnet_bench.network.registry import load_registry
from alexnet_bench.records.run_folder import read, read_manifest
from alexnet_bench.show.claims import read_ledger, runs_among
from alexnet_bench.show.report import effects, summarize

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
REFERENCE = ROOT / "results" / "reference"
ERROR_COLUMN = {"quick": "test_top1_error", "cifar10": "held_out_top1_error"}
# At the one rate for all, with few epochs; the README says so.
LEARN_LITTLE = {"quick": {"sigmoid", "paper-weights", "bias-1"}, "cifar10": set()}


def table_rows(name):
    """The README's table of a reference run: a line a variant."""
    folder = REFERENCE / name
    records, manifests = read(folder), [read_manifest(folder)]
    found = effects(records, manifests)
    return [_row(variant, records, found, name) for variant in summarize(records, manifests).itertuples()]


def _row(variant, records, found, name):
    trained = variant.same_as or variant.variant
    errors = 100 * records.loc[records["variant"] == trained, ERROR_COLUMN[name]].dropna()
    cells = [
        f"`{variant.variant}`",
        "" if variant.difference == "the paper's" else variant.difference,
        f"{errors.mean():.2f} ({errors.min():.2f} to {errors.max():.2f})",
        _effect(found, variant.variant, ERROR_COLUMN[name], "{:+.2f}"),
    ]
    if name == "quick":
        cells += [
            _number(variant.training_images_per_second, "{:.1f}"),
            _effect(found, variant.variant, "training_images_per_second", "{:.3f}"),
            _number(variant.inference_images_per_second, "{:.0f}"),
            _effect(found, variant.variant, "inference_images_per_second", "{:.3f}"),
        ]
    else:
        training = 100 * records.loc[records["variant"] == trained, "train_error"].dropna()
        cells.append(f"{training.mean():.2f}")
    return "| " + " | ".join(cells) + " |"


def _number(value, form):
    """Nothing where a variant's timed step is the control's, so that it is not timed."""
    return "" if value != value else form.format(value)


def _effect(found, variant, measure, form):
    values = found.loc[(found["arm"] == variant) & (found["measure"] == measure), "effect"].dropna()
    return form.format(values.iloc[0]).replace("-", "−") if len(values) else ""


@pytest.mark.parametrize("name", sorted(ERROR_COLUMN))
def test_the_readme_shows_the_figures_of_the_committed_records(name):
    rows = table_rows(name)

    assert rows
    assert [row for row in rows if row not in README] == []


@pytest.mark.parametrize("name", sorted(ERROR_COLUMN))
def test_every_reference_run_has_its_report(name):
    report = REFERENCE / name / "report"

    assert {"index.html", "report.md", "effects.csv", "records.parquet", "table.tex"} <= {
        path.name for path in report.iterdir()
    }
    assert (report / "error.png").exists()


@pytest.mark.parametrize("name", sorted(ERROR_COLUMN))
def test_the_trained_variants_beat_chance_by_far_but_for_those_that_the_readme_names(name):
    records = read(REFERENCE / name)
    errors = records.loc[records["kind"] == "trial"].groupby("variant")[ERROR_COLUMN[name]].max()

    assert set(errors.index[errors >= 0.5]) == LEARN_LITTLE[name]
    assert all(f"`{variant}`" in README for variant in LEARN_LITTLE[name])


def test_the_readme_shows_the_figure_of_the_paper_as_it_was_measured():
    records, manifest = read(REFERENCE / "figure-1"), read_manifest(REFERENCE / "figure-1")
    found = effects(records, [manifest]).set_index(["arm", "measure"])
    results = records[records["purpose"] == "result"].drop_duplicates("variant").set_index("variant")
    rates = {name: settings["learning_rate"] for name, settings in results["recipe_settings"].items()}

    _, _, rest = README.partition("<!-- figure-1 -->\n")
    shown = rest.partition("\n<!-- /figure-1 -->")[0].splitlines()[2:]
    assert shown == [
        _pair(
            title,
            found.loc[f"tanh-{name}", "epochs_to_25_percent"],
            rates[f"relu-{name}"],
            rates[f"tanh-{name}"],
        )
        for title, name in (("N(0, 0.01), the paper's", "normal"), ("Glorot's", "glorot"), ("He's", "he"))
    ]
    errors = found.xs("held_out_top1_error", level="measure")
    shares = ", ".join(f"{errors['effect'][f'tanh-{name}']:.1f}" for name in ("normal", "glorot"))
    assert f"(by {shares} and {errors['effect']['tanh-he']:.1f} points worse" in " ".join(README.split())
    assert list(errors["verdict"] == "worse").count(True) == 1


def _pair(title, row, relu, tanh):
    return (
        f"| {title} | {row.control_value:.1f} | {row.arm_value:.1f} | "
        f"{row.effect:.2f} ({row.low:.2f} to {row.high:.2f}) | {relu:.3g}, {tanh:.3g} |"
    )


def test_the_readme_says_of_lrn_what_was_measured():
    found = effects(read(REFERENCE / "lrn-cifar10"), [read_manifest(REFERENCE / "lrn-cifar10")])
    (row,) = found[found["measure"] == "held_out_top1_error"].itertuples()
    errors = f"{row.control_value:.1f}% with LRN, {row.arm_value:.1f}% without."

    said = " ".join(README.partition("<!-- lrn -->")[2].partition("<!-- /lrn -->")[0].split())
    assert row.verdict == "worse"
    assert said == (
        f"Leaving it out costs {row.effect:.1f} points of held-out error (95% interval {row.low:.1f} to "
        f"{row.high:.1f}; four seeds, paired): {errors}"
    )
    assert row.pairs == 4


def test_the_ledger_is_what_the_committed_runs_say():
    folders, _ = runs_among(sorted(REFERENCE.iterdir()))
    found = read_ledger(load_registry(), folders)
    kept = pd.read_csv(REFERENCE / "claims" / "claims.csv")

    assert list(kept["verdict"]) == list(found["verdict"])
    assert np.allclose(kept["effect"], found["effect"].astype(float), equal_nan=True, atol=1e-8)
    decided = found["verdict"].isin(["supported", "contradicted"])
    assert f"has six verdicts in {len(found)} rows" in " ".join(README.split())
    assert decided.sum() == 6
