"""The ledger: what is said of a claim for what was measured."""

import math

import numpy as np
import pandas as pd
import pytest
from report_runs import draws, manifest, trial, write_run

from alexnet_bench.analysis.claims import ledger
from alexnet_bench.analysis.rows import Row
from alexnet_bench.errors import AblationError, RecordError, UnknownNameError
from alexnet_bench.network.ablation import Ablation, Claim, LoggedRuns
from alexnet_bench.network.registry import Registry, load_registry
from alexnet_bench.network.variant import ALEXNET
from alexnet_bench.show.claims import (
    claims_table,
    read_ledger,
    render_markdown,
    runs_among,
    write_ledger,
)

SHIPPED = load_registry()
WITHOUT = {"arm": "without", "measure": "top1_error", "predicts": "higher"}


def claim(**changes):
    return Claim(**{"says": "it helps", "source": "section 1", "setup": "ImageNet"} | WITHOUT | changes)


def registry(*claims):
    ablation = Ablation(
        name="idea",
        factor="several",
        control=ALEXNET.but("with"),
        arms=[ALEXNET.but("without", dropout=0.0), ALEXNET.but("other", dropout=0.1)],
        claims=claims,
    )
    found = Registry()
    found.add(ablation, "idea.py")
    return found


def effect(*values, **changes):
    """An effect on test error of these points."""
    known, mean = len(values) >= 4, np.mean(values) if values else math.nan
    return {
        "ablation": "idea",
        "control": "alexnet",
        "arm": "without",
        "difference": "",
        "measure": "test_top1_error",
        "label": "test top-1 error",
        "better": "lower",
        "unit": "percentage points",
        "value_unit": "%",
        "effect": mean,
        "pairs": len(values),
        "low": mean - 1 if known else math.nan,
        "high": mean + 1 if known else math.nan,
        "kind": "interval" if known else "descriptive",
        "values": tuple(values),
        "margin": 0.5,
        "setting": "trial-0",
        "dataset": "cifar10",
        "topology": "alexnet-32",
        "epochs": 20,
        "batch_size": 128,
        "precision": "float32",
        "tuned": True,
        "device": "CPU",
        "control_device": "CPU",
        "runs": "run-a",
        **changes,
    }


def entries(claims, *effects):
    frame = pd.DataFrame([vars(Row(**row)) for row in effects], columns=list(Row.__dataclass_fields__))
    return list(ledger(registry(*claims), frame).itertuples())


def only(claims, *effects):
    (entry,) = entries(claims, *effects)
    return entry


HIGHER, LOWER = (2.0, 2.1, 1.9, 2.2), (-2.0, -2.1, -1.9, -2.2)
NOTHING, UNSURE = (0.02, -0.01, 0.0, 0.03), (2.0, -2.1, 1.0, -0.4)


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        (HIGHER, "supported"),
        (LOWER, "contradicted"),
        (NOTHING, "contradicted"),
        (UNSURE, "inconclusive"),
        (HIGHER[:3], "not tested at this scale"),
    ],
)
def test_a_claim_is_held_against_what_was_measured(values, verdict):
    assert only([claim()], effect(*values)).verdict == verdict


def test_what_is_predicted_may_be_lower():
    found = only([claim(predicts="lower", size=2.0)], effect(*LOWER))

    assert (found.verdict, found.remark) == ("supported", "as claimed")
    assert (found.predicts, found.claimed) == ("lower", -2.0)


EPOCHS = {
    "measure": "epochs_to_25_percent",
    "label": "epochs to 25% training error",
    "unit": "ratio",
    "value_unit": "epochs",
    "margin": 0.1,
}


@pytest.mark.parametrize(
    ("ratios", "verdict"),
    [
        # Half of six times, as ratios go, is its root: 2.45.
        ((3.0, 3.2, 2.9, 3.1), "supported"),
        ((1.5, 1.6, 1.4, 1.5), "contradicted"),
        ((2.4, 2.5, 2.3, 2.6), "inconclusive"),
        ((0.72, 0.88, 0.80, 0.81), "contradicted"),
    ],
)
def test_a_ratio_is_judged_by_its_logarithm(ratios, verdict):
    found = only([claim(measure="epochs_to_25_percent", size=6.0)], effect(*ratios, **EPOCHS))

    assert (found.verdict, found.predicted, found.claimed) == (verdict, "×6", 6.0)


def test_a_ratio_may_be_predicted_to_be_lower():
    fewer = claim(measure="epochs_to_25_percent", predicts="lower", size=0.2)
    found = only([fewer], effect(0.20, 0.21, 0.19, 0.20, **EPOCHS))

    assert (found.verdict, found.predicted, found.claimed) == ("supported", "×0.2", 0.2)


def test_claims_of_a_question_tested_in_one_setting_share_the_error_rate():
    suggestive = effect(0.9, 2.2, 0.7, 2.9, 0.4)
    other = {"measure": "test_top5_error"}
    claims = [claim(), claim(measure="top5_error"), claim(measure="train_error")]
    alone = only([claim()], suggestive)

    beside, _, untested = entries(claims, suggestive, effect(1, -1, 1, -1, 0.5, **other))
    apart, *_ = entries(claims, suggestive, effect(1, -1, 1, -1, 0.5, **other, setting="trial-1"))

    assert beside.p_supported == pytest.approx(2 * alone.p_supported)
    assert apart.p_supported == pytest.approx(alone.p_supported)
    assert untested.verdict == "not tested at this scale"


def test_planned_looks_share_the_error_rate_too():
    some = (0.9, 2.2, -0.7, 2.9, 1.0, -0.5, 0.3, 0.1)
    plain, looked = (only([claim()], effect(*some, looks=looks)) for looks in ((), (4, 8, 16, 32)))

    assert looked.p_supported == pytest.approx(4 * plain.p_supported)


def test_a_claim_has_a_row_for_each_setting():
    rows = entries([claim()], effect(*HIGHER), effect(*LOWER, dataset="digits", setting="trial-1"))

    verdicts = {row.where.split(",")[0]: row.verdict for row in rows}
    assert verdicts == {"cifar10": "supported", "digits": "contradicted"}


def test_a_claim_of_one_data_set_is_not_tested_on_another():
    found = only([claim(dataset="imagenet", topology="alexnet-227")], effect(*HIGHER))

    assert found.verdict == "not tested at this scale"
    assert found.note == "no record of imagenet and alexnet-227"


def test_a_claim_may_be_tested_on_several_topologies_and_no_other():
    either = claim(topology=("four-layer-32", "11pct"))

    assert only([either], effect(*HIGHER, topology="11pct")).verdict == "supported"
    assert only([either], effect(*HIGHER, topology="18pct")).note == "no record of four-layer-32 or 11pct"


def test_an_effect_against_another_control_is_none_of_the_claims():
    assert only([claim()], effect(*HIGHER, control="other")).verdict == "not tested at this scale"
    assert only([claim()], effect(*HIGHER, control="with")).verdict == "supported"


@pytest.mark.parametrize("kind", ["incomplete", "not comparable", "not steady"])
def test_what_has_no_verdict_is_no_test(kind):
    assert only([claim()], effect(*HIGHER, kind=kind)).verdict == "not tested at this scale"


def test_the_price_is_the_throughput_of_the_arm_from_the_most_draws():
    timed = {"measure": "training_images_per_second", "unit": "ratio", "topology": "alexnet-227"}
    found = only(
        [claim()],
        effect(*HIGHER),
        effect(1.3, 1.3, **timed, batch_size=16),
        effect(1.1, 1.1, 1.1, 1.1, **timed, batch_size=64),
    )

    assert (found.price, found.price_where) == (pytest.approx(1.1), "alexnet-227, batch 64, float32")


def test_a_price_that_was_not_measured_is_left_out():
    timed = effect(measure="training_images_per_second", unit="ratio", kind="not steady")

    assert math.isnan(only([claim()], effect(*HIGHER), timed).price)


def test_a_measure_that_there_is_not_is_refused():
    with pytest.raises(UnknownNameError, match="top1_eror"):
        entries([claim(measure="top1_eror")])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"predicts": "more"}, "choose from: higher, lower"),
        ({"measure": None}, "needs arm, measure and predicts"),
        ({"size": -1.0}, "must be above 0"),
    ],
)
def test_a_claim_that_makes_no_sense_is_refused(changes, words):
    with pytest.raises(AblationError, match=words):
        claim(**changes)


def test_a_claim_about_an_arm_that_its_ablation_lacks_is_refused():
    with pytest.raises(UnknownNameError, match="withuot"):
        registry(claim(arm="withuot"))


# -- of the shipped claims, and of runs


def test_without_a_run_every_claim_stands_there_and_none_is_tested():
    found = read_ledger(SHIPPED, [])

    assert len(found) == sum(len(item.claims) for item in SHIPPED.ablations.values()) >= 18
    assert set(found["verdict"]) == {"not tested at this scale"}
    assert all(found["note"])


@pytest.fixture
def run(tmp_path):
    records = [
        trial(variant, seed, share + 0.001 * seed)
        for variant, share in (("alexnet", 0.10), ("no-lrn", 0.12))
        for seed in range(5)
    ]
    return write_run(tmp_path / "run", [*records, *draws("alexnet", 10, 10), *draws("no-lrn", 12, 12)])


def test_a_run_supports_its_claims_in_every_form(run, tmp_path):
    found = read_ledger(SHIPPED, [run])
    rows = {row.claim: row for row in found.itertuples()}
    write_ledger(found, tmp_path / "out")

    row = rows["LRN lowers top-1 error by 1.4 points"]
    assert (row.verdict, row.effect, row.price) == ("supported", pytest.approx(2.0), pytest.approx(1.2))
    table = claims_table(found)
    cells = dict(zip(table.columns, table.rows[list(rows).index(row.claim)], strict=True))
    assert "+2.00" in cells["Measured"]
    assert cells[f"Training throughput ({row.price_where})"].startswith("×1.200")
    written = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert written == ["claims.csv", "claims.md", "claims.pdf", "claims.png", "claims.svg"]
    assert "| LRN lowers top-1 error by 1.4 points |" in render_markdown(found)
    assert len(pd.read_csv(tmp_path / "out" / "claims.csv")) == len(found)


def test_a_claim_shows_the_runs_that_its_authors_logged():
    """Beside what luck and schedule alone do to their network."""
    logged = LoggedRuns(
        source="a release", compared="run 2 against run 1", arm=42.5, control=41.0, siblings=(41.5, 42.0)
    )
    silent = LoggedRuns(source="a release", compared="no such run is in the release")
    found = pd.DataFrame(entries([claim(logged=logged), claim(logged=silent), claim()]))
    table = claims_table(found)
    column = table.columns.index("The authors' log")

    assert found["logged"].tolist()[0] == 1.5
    assert found["logged_scatter"].tolist()[0] == pytest.approx(0.5)
    assert [row[column] for row in table.rows] == [
        "+1.50 points: run 2 against run 1; 3 runs of one network scatter by 0.50",
        "no such run is in the release",
        "–",
    ]


def test_the_log_bears_out_the_figures_of_the_paper():
    """Each figure is one run against one other; that of overlapping pooling is within the scatter."""
    logged = {
        (item.arm, item.measure): (item.size, item.logged)
        for ablation in SHIPPED.ablations.values()
        for item in ablation.claims
        if item.logged and not math.isnan(item.logged.effect)
    }

    assert len(logged) == 8
    for size, runs in logged.values():
        assert abs(runs.effect) == pytest.approx(size, abs=0.06)
        assert "2f8b81f, layers/layer-params-" in runs.source
    _, lrn = logged["no-lrn", "top1_error"]
    _, pooling = logged["non-overlapping-pooling", "top1_error"]
    assert pooling.effect < 2 * lrn.scatter < lrn.effect


def test_what_is_no_run_is_passed_over_and_what_is_not_there_refused(run, tmp_path):
    (tmp_path / "notes.json").write_text("{}")
    comparison = write_run(tmp_path / "comparison", [], manifest("run-b", kind="comparison"))

    others = [tmp_path / "notes.json", comparison]
    assert runs_among([run, *others]) == ([run], others)
    with pytest.raises(RecordError, match="nowhere cannot be found"):
        runs_among([tmp_path / "nowhere"])
