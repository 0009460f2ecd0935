"""Every figure that README and docs quote, formed again from the committed records.

    python tests/validation/figures.py --check    # what a document says otherwise; exit code 1 if it does
    python tests/validation/figures.py            # writes the tables between their markers

A table stands between `<!-- name -->` and `<!-- /name -->`; a sentence is looked for as it is, whatever its
line breaks.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import chain
from typing import Any

import baseline_replay
import busy
import claims as claims_rule
import clusters
import cuda_convnet
import families
import frameworks
import fresh_seed
import fuzz
import gate_live
import gate_replay
import history
import input as input_speed
import kills_table
import looks
import numpy as np
import operations
import pandas as pd
import redraw
import report_cost
import reports
import scale
import step_parts
import summarize
import tuned_coverage
import tuning
from scipy.stats import sem
from scipy.stats import t as student
from script import ROOT, arguments, between, interval, markdown, read_lines, tabulated

from alexnet_bench.analysis.effect import speed_effect
from alexnet_bench.analysis.effects import effects
from alexnet_bench.analysis.metrics import REACH, TRAINING
from alexnet_bench.analysis.specifications import specification_curves
from alexnet_bench.analysis.summary import summarize as summary
from alexnet_bench.network.registry import load_registry
from alexnet_bench.records.manifest import Manifest, read_manifest
from alexnet_bench.records.run_folder import run_records
from alexnet_bench.records.schema import BASE, HEAD, AnyRecord, Draw, Trial
from alexnet_bench.show.claims import read_ledger, render_markdown, runs_among
from alexnet_bench.show.figures.specification import standing
from alexnet_bench.show.files import read_runs
from alexnet_bench.show.numbers import change_text, effect_text, rates_text
from alexnet_bench.stats.evidence import PairedDraws
from alexnet_bench.stats.gate import decide
from alexnet_bench.stats.rounds import Slices, paired_rounds
from alexnet_bench.words import number, signed

REFERENCE = ROOT / "results" / "reference"
FPMATH = "float32, `TF_SET_ONEDNN_FPMATH_MODE=BF16`"
FINDINGS = "docs/findings.md"
SPECIFIED = ("lrn-cifar10", "lrn-placebo-digits")
ERROR = {"quick": "test_top1_error", "cifar10": "held_out_top1_error"}


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing, and fail where a document differs"
    )
    options = parser.parse_args()
    wrong = [*_tables(write=not options.check), *_sentences(), *_promises()]
    for line in wrong:
        print(line)
    if not wrong:
        print("every figure in README and docs is what the committed records give")
    sys.exit(bool(wrong))


# -- tables


def tables() -> dict[tuple[str, str], Callable[[], str]]:
    """What makes each table, by document and name."""
    return {
        (FINDINGS, "quick"): lambda: _variants("quick"),
        (FINDINGS, "cifar10"): lambda: _variants("cifar10"),
        (FINDINGS, "figure-1"): _figure_1,
        (FINDINGS, "lrn"): _lrn,
        ("docs/throughput.md", "throughput-32"): lambda: summarize.tables(
            summarize.summary(REFERENCE / "throughput-32")
        ),
        ("docs/throughput.md", "throughput-227"): lambda: summarize.tables(
            summarize.summary(REFERENCE / "throughput-227")
        ),
        ("docs/throughput.md", "busy"): lambda: busy.table(gates()),
        ("docs/throughput.md", "redraw"): lambda: redraw.table(read_lines(REFERENCE / "redraw-32.jsonl")),
        ("docs/throughput.md", "sweep"): _sweep,
        ("docs/performance.md", "performance"): _performance,
        ("docs/performance.md", "operations"): lambda: operations.table(found("performance/operations")),
        ("docs/performance.md", "tuning"): lambda: tuning.table(found("performance/tuning")),
        ("docs/performance.md", "step-parts"): lambda: step_parts.table(found("performance/step-parts")),
        ("docs/performance.md", "frameworks"): lambda: frameworks.table(
            read_lines(REFERENCE / "performance" / "frameworks.jsonl")
        ),
        ("docs/performance.md", "precision"): _precision,
        ("docs/performance.md", "input"): lambda: input_speed.table(found("performance/input")),
        ("docs/performance.md", "report"): lambda: report_cost.table(found("performance/report")),
        ("docs/scale.md", "scale"): lambda: scale.table(found("scale")),
        ("docs/clusters.md", "clusters"): lambda: clusters.table(found("clusters")),
        ("docs/reliability.md", "kills"): lambda: kills_table.table(kills()),
        ("docs/gate.md", "gate-live"): lambda: gate_live.table(gates()),
        ("docs/gate.md", "gate-live-peers"): lambda: gate_live.peers_table(gates()),
        ("docs/gate.md", "gate-replay"): lambda: gate_replay.table(found("gate-replay")),
        ("docs/gate.md", "baseline-replay"): lambda: baseline_replay.table(found("baseline-replay")),
        ("docs/history.md", "history"): lambda: history.table(found("history")),
        ("docs/verdicts.md", "looks"): lambda: looks.table(found("looks")),
        ("docs/verdicts.md", "reports"): lambda: reports.table(found("reports")),
        ("docs/verdicts.md", "families"): lambda: families.table(found("families")),
        ("docs/verdicts.md", "tuned-coverage"): lambda: tuned_coverage.table(found("tuned-coverage")),
        ("docs/verdicts.md", "fresh-seed"): lambda: fresh_seed.table(found("fresh-seed")),
        ("docs/claims.md", "claims-rule"): lambda: claims_rule.table(found("claims-rule")),
        ("docs/reliability.md", "fuzz"): lambda: fuzz.table(found("fuzz")),
        ("docs/variants.md", "cuda-convnet"): lambda: cuda_convnet.table(REFERENCE / "cuda-convnet"),
        ("results/reference/claims/claims.md", ""): lambda: render_markdown(ledger()),
    }


def _tables(write: bool) -> Iterator[str]:
    for (document, name), make in tables().items():
        path = ROOT / document
        text = path.read_text(encoding="utf-8")
        # Without a name, all of the document.
        before, shown, after = between(text, name) if name else ("", text.rstrip("\n"), "\n")
        wanted = make().strip("\n")
        if shown == wanted:
            continue
        if write and (before or not name):
            path.write_text(before + wanted + after, encoding="utf-8")
            print(f"written: {document} {name}")
        else:
            yield f"{document}: the table {name or '(all of it)'} is not what the records give"


def _variants(name: str) -> str:
    """A reference run: a line a variant."""
    records, manifests = run(name)
    rows, trials = effects(records, manifests), [row for row in records if isinstance(row, Trial)]
    error = "test" if name == "quick" else "held-out"
    titles = [
        "variant",
        "differs in",
        f"{error} top-1 error, %: mean (lowest to highest seed)",
        "against `alexnet`, points",
        *(
            ["training: ratio to `alexnet`", "images/s", "inference: ratio to `alexnet`", "images/s"]
            if name == "quick"
            else ["training error, %"]
        ),
    ]
    lines = []
    for variant in summary(records, manifests).itertuples():
        own = [trial for trial in trials if trial.variant == (variant.same_as or variant.variant)]
        errors = [100 * getattr(trial, ERROR[name]) for trial in own]
        cells = [
            f"`{variant.variant}`",
            "" if variant.difference == "the paper's" else variant.difference,
            f"{np.mean(errors):.2f} ({min(errors):.2f} to {max(errors):.2f})",
            _effect(rows, variant.variant, ERROR[name], "{:+.2f}"),
        ]
        if name == "quick":
            for mode, form in (("training", "{:.1f}"), ("inference", "{:.0f}")):
                speed = getattr(variant, f"{mode}_images_per_second")
                cells += [
                    _effect(rows, variant.variant, f"{mode}_images_per_second", "{:.3f}"),
                    "" if speed != speed else form.format(speed),
                ]
        else:
            cells.append(f"{np.mean([100 * trial.train_error for trial in own]):.2f}")
        lines.append(cells)
    return markdown(titles, lines, rule="---")


def _effect(rows: pd.DataFrame, variant: str, measure: str, form: str) -> str:
    values = rows.loc[(rows["arm"] == variant) & (rows["measure"] == measure), "effect"].dropna()
    return form.format(values.iloc[0]).replace("-", "−") if len(values) else ""


def _figure_1() -> str:
    records, manifests = run("figure-1")
    rows = effects(records, manifests).set_index(["arm", "measure"])
    rates = {
        trial.variant: trial.recipe_settings["learning_rate"]
        for trial in records
        if isinstance(trial, Trial) and trial.purpose == "result"
    }
    lines = []
    for title, name in (("N(0, 0.01), the paper's", "normal"), ("Glorot's", "glorot"), ("He's", "he")):
        row = rows.loc[f"tanh-{name}", "epochs_to_25_percent"]
        lines.append(
            {
                "initial weights": title,
                "epochs to 25%: ReLU": f"{row.control_value:.1f}",
                "tanh": f"{row.arm_value:.1f}",
                "tanh over ReLU (95% interval)": f"{row.effect:.2f} ({row.low:.2f} to {row.high:.2f})",
                "rates chosen: ReLU, tanh": f"{rates[f'relu-{name}']:.3g}, {rates[f'tanh-{name}']:.3g}",
            }
        )
    return tabulated(lines, rule="---")


def _lrn() -> str:
    """Of each network and length: what changes with nothing in LRN's place, and with its constant."""
    lines = []
    for folder in sorted((REFERENCE / "lrn").iterdir()):
        records, manifests = run(f"lrn/{folder.name}")
        found = effects(records, manifests)
        rates = {row.variant: row.learning_rates for row in summary(records, manifests).itertuples()}
        for row in found[found["measure"] == "held_out_top1_error"].sort_values("arm").itertuples():
            lines.append(
                {
                    "network, epochs": f"`{row.topology}`, {row.epochs}",
                    "in LRN's place": {"no-lrn": "nothing", "constant-lrn": "its constant"}[row.arm],
                    "error with LRN": f"{row.control_value:.2f}%",
                    "change in points": effect_text(row.effect, row.low, row.high, row.unit),
                    "seeds, paired": str(row.pairs),
                    "verdict on leaving it out": row.verdict or row.kind,
                    "rates (seeds): LRN": rates_text(rates[row.control]),
                    "without": rates_text(rates[row.arm]),
                }
            )
    return tabulated(lines, rule="---")


def _sweep() -> str:
    """Of each precision and batch size: images a second of both variants, and their ratio in each draw."""
    lines = [
        {
            "precision": row.precision,
            "batch": row.batch_size,
            "`alexnet`, images/s": f"{row.control_value:.1f}",
            "`no-lrn`, images/s": f"{row.arm_value:.1f}",
            "ratio, draw by draw": " and ".join(f"{ratio:.3f}" for ratio in row.values),
        }
        for row in effects(*run("sweep")).itertuples()
    ]
    return tabulated(lines, rule="---")


def _performance() -> str:
    """How long trials and steps take with this code, over how long they took before."""
    trials = found("performance/trials")
    seconds = [np.array(trials["seconds"][side]) for side in sorted(trials["seconds"])]
    lines = []
    for what, name, which in (
        ("a trial of the digits, 30 epochs: the first seed", "first", slice(1)),
        ("each of the next four seeds", "next", slice(1, None)),
    ):
        before, after = (np.median(side[:, which]) for side in seconds)
        ratio = trials["ratios"][name]
        lines.append(
            {
                "what": what,
                "threads": 1,
                "before": f"{before:.2f} s",
                "now": f"{after:.2f} s",
                "time over before": f"{ratio['ratio']:.3f} ({ratio['low']:.3f} to {ratio['high']:.3f})",
                "share of peak, before and now": "",
            }
        )
    for name in ("step-8", "step-32", "step-four-layer-32", "step-227"):
        draws = [record for record in run(f"performance/{name}")[0] if isinstance(record, Draw)]
        for batch in sorted({draw.batch_size for draw in draws}):
            base, head = (
                [draw for draw in draws if (draw.side, draw.batch_size) == (side, batch)]
                for side in (BASE, HEAD)
            )
            # Images a second, whose inverse is the time of a step.
            speed = speed_effect(head, base, TRAINING)
            low, high = np.exp([speed.found.low, speed.found.high])
            shares = [np.median([draw.utilization or np.nan for draw in side]) for side in (base, head)]
            lines.append(
                {
                    "what": f"a step of `{draws[0].topology}`, batch {batch}",
                    "threads": draws[0].thread_pools,
                    "before": f"{number(1000 * batch / speed.control)} ms",
                    "now": f"{number(1000 * batch / speed.arm)} ms",
                    "time over before": f"{speed.control / speed.arm:.3f} ({1 / high:.3f} to {1 / low:.3f})",
                    "share of peak, before and now": " and ".join(f"{share:.0%}" for share in shares),
                }
            )
    return tabulated(lines, rule="---")


def _precision() -> str:
    """What lower precision does to the digits' errors, seed by seed against float32."""
    runs = [run(f"performance/{name}")[0] for name in ("precision", "precision-fpmath")]
    errors: dict[str, dict[int, float]] = {}
    for trial in (trial for records in runs for trial in records if isinstance(trial, Trial)):
        name = FPMATH if "TF_SET_ONEDNN_FPMATH_MODE" in trial.build else trial.precision
        errors.setdefault(name, {})[trial.seed] = 100 * trial.test_top1_error
    exact = errors.pop("float32")
    lines = []
    for name, own in errors.items():
        seeds = sorted(own.keys() & exact.keys())
        differences = np.array([own[seed] - exact[seed] for seed in seeds])
        mean, low, high = _mean_with_interval(differences, 0.95)
        lines.append(
            {
                "precision": name,
                "test error": f"{np.mean([own[seed] for seed in seeds]):.2f}%",
                "in float32": f"{np.mean([exact[seed] for seed in seeds]):.2f}%",
                "difference in points (95%)": f"{mean} ({low} to {high})",
                "seeds, paired": len(seeds),
            }
        )
    return tabulated(lines, rule="---")


# -- sentences


def sentences() -> Iterator[tuple[str, str]]:
    """What must stand in which document."""
    yield from _of_findings()
    yield from _of_gates()
    yield from _of_performance()
    yield from _of_coverage()
    yield from _of_kills()
    yield from _of_scale()
    record = found("harness")["benchmarks"][0]
    low, high = record["extra_info"]["interval"]
    yield "docs/measuring.md", f"{record['extra_info']['ratio']:.3f} (95% interval {low:.3f} to {high:.3f})"
    yield "docs/measuring.md", f"takes {record['extra_info']['timer_share']:.2%} of a slice"
    yield "docs/measuring.md", f"{record['stats']['rounds']} rounds"


def _sentences() -> Iterator[str]:
    for document, said in sentences():
        if said not in " ".join((ROOT / document).read_text(encoding="utf-8").split()):
            yield f"{document} does not say: {said}"


def _in_both(said: str) -> Iterator[tuple[str, str]]:
    """A sentence of the findings that README repeats."""
    yield from ((document, said) for document in ("README.md", FINDINGS))


def _of_findings() -> Iterator[tuple[str, str]]:
    photographs = effects(*run("imagenette/alexnet-96-10-epochs"))
    errors = photographs[photographs["measure"] == "test_top1_error"].set_index("arm")
    for arm in ("no-lrn", "constant-lrn"):
        row = errors.loc[arm]
        yield from _in_both(f"{signed(row.effect)} points ({signed(row.low)} to {signed(row.high)})")
        place = "nothing in LRN's place" if arm == "no-lrn" else "its constant in its place"
        yield FINDINGS, f"with {place}, which is {row.verdict}"
    lrn = effects(*run("lrn-cifar10"))
    (row,) = lrn[lrn["measure"] == "held_out_top1_error"].itertuples()
    yield (
        FINDINGS,
        f"costs {row.effect:.1f} points of held-out error ({row.low:.1f} to {row.high:.1f}, the interval "
        f"that decided; {row.pairs} seeds, paired): {row.control_value:.1f}% with LRN, "
        f"{row.arm_value:.1f}% without",
    )
    held_out = effects(*run("lrn/four-layer-32-5-epochs")).set_index(["arm", "measure"])
    for arm in ("no-lrn", "constant-lrn"):
        row = held_out.loc[arm, "held_out_top1_error"]
        yield from _in_both(f"{signed(row.effect)} points ({signed(row.low)} to {signed(row.high)})")
    placebo = effects(*run("lrn-placebo-digits")).set_index(["arm", "measure"])
    for arm, said in (("constant-lrn", "equivalent within"), ("no-lrn", "inconclusive")):
        row = placebo.loc[arm, "test_top1_error"]
        within = f" {row.margin:.2f} points" if row.verdict == "equivalent" else ""
        yield (
            FINDINGS,
            f"{signed(row.effect)} points ({signed(row.low)} to {signed(row.high)}), {said}{within}",
        )
    factors = found("lrn-factor")
    (mean,) = {f"{row['mean']:.4f}" for row in factors}
    most = max(1 - row["low"] / row["mean"] for row in factors)
    yield FINDINGS, f"multiplication by {mean}, within {most:.1%} for 99.8%"
    rows = effects(*run("figure-1"))
    errors = rows[rows["measure"] == "held_out_top1_error"].set_index("arm")["effect"]
    shares = ", ".join(f"{errors[f'tanh-{name}']:.1f}" for name in ("normal", "glorot"))
    yield FINDINGS, f"(by {shares} and {errors['tanh-he']:.1f} points worse"
    epochs = rows[rows["measure"] == REACH.name]["effect"]
    yield "README.md", f"{epochs.min():.2f} to {epochs.max():.2f} times as many epochs as ReLU"
    of_paper, of_top5, _ = load_registry().ablations["lrn"].claims
    top1, top5 = (claim.logged.scatter for claim in (of_paper, of_top5))
    yield "docs/lab-log.md", f"{top1:.2f} points of top-1 and {top5:.2f} of top-5 error"
    (curve,) = specification_curves(*read_runs(REFERENCE / name for name in SPECIFIED))
    yield "docs/specifications.md", f"{len(curve)} answers"
    yield "docs/specifications.md", standing(curve)
    decided = ledger()["verdict"].isin(["supported", "contradicted"]).sum()
    yield from _in_both(f"has {decided} verdicts in {len(ledger())} rows")


def _of_performance() -> Iterator[tuple[str, str]]:
    """Errors of the same seeds by the code before and now; the first command."""
    for data, column in (("", "test_top1_error"), ("cifar10-", "held_out_top1_error")):
        before, now = (
            {
                record.seed: 100 * getattr(record, column)
                for record in run(f"performance/errors-{data}{name}")[0]
            }
            for name in ("before", "now")
        )
        differences = np.array([now[seed] - before[seed] for seed in before.keys() & now.keys()])
        mean, low, high = _mean_with_interval(differences, 0.9)
        yield "docs/performance.md", f"by {mean} points ({low} to {high}, {len(differences)} seeds"
    for name in ("figure-1", "lrn-cifar10"):
        race, then, end = tuning.epochs_of(found("performance/tuning"), name)
        same, of = tuning.same_rates(found("performance/tuning"), name)
        yield "docs/performance.md", f"the same rate for {same} of {of} networks, in {race} epochs"
        yield "docs/performance.md", f"({then} then" + (f", {end} to the end)" if then < end else ")")
    rows = effects(*run("performance/first")).set_index(["arm", "measure"])
    for arm in ("no-dropout", "no-lrn"):
        row = rows.loc[arm, "test_top1_error"]
        yield FINDINGS, f"{signed(row.effect)} points ({signed(row.low)} to {signed(row.high)})"
    row = rows.loc["no-dropout", "test_top1_error"]
    yield "README.md", f"{signed(row.effect)} points ({signed(row.low)} to {signed(row.high)})"
    yield FINDINGS, f"equivalent within {rows.loc['no-lrn', 'test_top1_error'].margin:.2f} points"
    for arm in ("no-lrn", "single-tower", "one-gpu"):
        row = rows.loc[arm, "training_images_per_second"]
        yield FINDINGS, change_text(row.effect, row.low, row.high)
        if arm != "no-lrn":
            yield "README.md", change_text(row.effect, row.low, row.high)


def _mean_with_interval(values: np.ndarray, level: float) -> list[str]:
    half = student.ppf((1 + level) / 2, len(values) - 1) * sem(values)
    return [signed(values.mean() + sign * half) for sign in (0, -1, 1)]


def _of_coverage() -> Iterator[tuple[str, str]]:
    """How often intervals hold where rates are chosen too."""
    rows = found("tuned-coverage")
    recorded = [row for row in rows if row["as_recorded"]]
    failing = [row for row in rows if row["fails"]]
    heavy = [row for row in rows if row not in recorded and row not in failing]
    for some, way in ((recorded, "replicates"), (recorded, "shared"), (heavy, "replicates")):
        yield "docs/verdicts.md", _spread(row[way]["held"] / row["studies"] for row in some)
    own = [row["replicates"] for row in failing]
    yield "docs/verdicts.md", _spread(row["held"] / tuned_coverage.STUDIES for row in own)
    yield "docs/verdicts.md", _spread(row["held_of_learned"] / row["studies_of_learned"] for row in own)
    medians = [row["replicates"]["held_median"] / row["studies"] for row in rows if row["seeds"] > 5]
    yield "docs/verdicts.md", f"{min(medians):.1%} at least"


def _of_kills() -> Iterator[tuple[str, str]]:
    rows = kills()
    killed, sweeps = len(kills_table.kills(rows)), len(kills_table.ended(rows))
    yield "docs/reliability.md", f"{killed} kills of {sweeps} sweeps"
    yield "docs/reliability.md", f"{kills_table.aimed(rows)} of them around appends and checkpoints"


def _of_scale() -> Iterator[tuple[str, str]]:
    costs = found("scale")
    kept, (first, *_, last) = costs["checkpoint"], costs["imagenet"]
    yield "docs/scale.md", f"{kept['bytes'] / 1e6:.0f} MB a trial that is under way"
    yield (
        "docs/scale.md",
        f"{kept['write']['seconds']:.1f} s to write and {kept['read']['seconds']:.1f} s to read",
    )
    more = last["trials"] - first["trials"]
    memory = (last["report"]["peak_mib"] - first["report"]["peak_mib"]) / more
    seconds = (last["report"]["seconds"] - first["report"]["seconds"]) / more
    yield (
        "docs/scale.md",
        f"{memory:.1f} MiB of memory and {1000 * seconds:.0f} ms a trial beyond the first 50",
    )
    yield "docs/scale.md", f"{last['record_bytes'] / last['trials'] / 1000:.0f} kB a trial"
    yield "docs/scale.md", f"images {last['prediction_bytes'] / last['trials'] / 1e6:.1f} MB a trial"


def _spread(shares: Iterable[float]) -> str:
    known = sorted(shares)
    return f"{known[0]:.1%} to {known[-1]:.1%}"


def _of_gates() -> Iterator[tuple[str, str]]:
    same = [row for row in gates() if row["kind"].startswith("same")]
    alarms = sum(row["exit_code"] == 1 for row in same)
    untold = [row for row in same if row["decisions"]["training"]["decision"] == "inconclusive"]
    caught = [row["exit_code"] == 1 for row in gates() if row["kind"] == "slower-3"]
    most = f"{interval(alarms, len(same))[1]:.1%} at most"
    yield "docs/gate.md", f"{alarms} false alarms in {len(same)} gates"
    yield "docs/gate.md", most
    yield "docs/gate.md", f"{len(untold)} of {len(same)} were inconclusive"
    yield "README.md", f"{alarms} false alarms in {len(same)} gates of the same code ({most}"
    yield "README.md", f"slower in {sum(caught)} of {len(caught)} gates of a minute"
    replayed = [row for row in found("gate-replay") if not row["planted"]]
    blocks = sum(row["blocks"] for row in replayed)
    false = sum(row["decisions"].get("regressed", 0) for row in replayed)
    yield "docs/gate.md", f"{false} false alarms in {blocks:,} blocks"
    scatter = {
        (row["device"], row["topology"]): tuple(f"{row[name]:.1%}" for name in ("with_yardstick", "without"))
        for row in found("baseline-replay")["scatter"]
    }
    small, large = (scatter["AMD EPYC", f"alexnet-{pixels}"] for pixels in (32, 227))
    yield "docs/gate.md", f"scatter by {small[0]} against it, by {small[1]} without, on the EPYC"
    yield "docs/gate.md", f"does not at 227 ({large[0]} and {large[1]})"


# -- promises


def promises() -> Iterator[tuple[str, bool]]:
    """What the docs promise of error rates, and whether the records bear it out."""
    rows = found("looks")
    kinds = ("false_side", "false_equivalent")
    yield (
        "looks: no plan errs in more than 5%",
        max(row["looks"][kind] for row in rows for kind in kinds) <= 0.05,
    )
    recorded = [row for row in found("tuned-coverage") if row["as_recorded"]]
    least = min(interval(row["replicates"]["held"], row["studies"])[0] for row in recorded)
    yield "rates chosen for each seed: intervals hold in 93% at least", least >= 0.93
    rows = found("reports")
    every = sum(row["reports"] for row in rows)
    for name in ("error", "throughput"):
        wrong = sum(row[name]["reports"] for row in rows)
        holds = interval(wrong, every)[1] <= 0.05
        yield f"reports of identical variants: wrong on {name} in 5% at most", holds
    same = [row for row in found("history") if row["what"] == "nothing"]
    for kind in ("changed", "drifting"):
        most = max((row[kind] or 0) / row["histories"] for row in same)
        yield f"histories without a change: {kind} in 5% at most", most <= 0.05
    yield from _promises_of_gates()
    yield from _promises_of_kills()


def _promises() -> Iterator[str]:
    yield from (f"not borne out: {promise}" for promise, holds in promises() if not holds)


def _promises_of_kills() -> Iterator[tuple[str, bool]]:
    rows = kills()
    counted = [row[name] for row in rows if "role" in row for name in ("lost", "doubled")]
    yield "kills: no record is lost or doubled", not any(counted)
    equal = [row["same_records"] and row["same_report"] for row in kills_table.ended(rows)]
    yield "kills: what goes on ends as what nobody killed", all(equal)


def _promises_of_gates() -> Iterator[tuple[str, bool]]:
    same = [row for row in gates() if row["kind"].startswith("same")]
    decided = [row["decisions"]["training"]["decision"] for row in same]
    yield "live gates: at most one false alarm", sum(row["exit_code"] == 1 for row in same) <= 1
    yield "live gates: a tenth inconclusive at most", decided.count("inconclusive") <= 0.1 * len(decided)
    for kind, least in (("slower-3", 19), ("slower-1", 5)):
        rows = [row for row in gates() if row["kind"] == kind]
        caught = sum(row["decisions"]["training"]["decision"] == "regressed" for row in rows)
        yield f"live gates: {kind} is caught in {least} of {len(rows)}", caught >= least
    memory = {row["decisions"]["memory"]["decision"] for row in gates() if "decisions" in row}
    yield "live gates: peak memory passes", memory == {"pass"}
    # What passed cannot regress; the rest is tested by means of draws, which doubt losses less than all.
    first = [row for row in same if "log_rates" not in row]
    for row in first:
        if row["decisions"]["training"]["decision"] == "inconclusive":
            draws = [np.array([ratio]) for ratio in row["log_ratios"]]
            again = decide([PairedDraws(draws=draws, tolerance=-np.log1p(-0.03))])
            yield "gates of the first rules would be decided alike by the last", again != ["regressed"]
    for row in gates():
        if "log_rates" in row:
            yield "live ratios are those of the kept slices", _is_formed_again(row)


def _is_formed_again(row: dict[str, Any]) -> bool:
    """Whether a gate's ratios follow from its slices, by the middle of the rounds beside a busy process."""
    head, base = (_slices(row["log_rates"][side]) for side in ("head", "base"))
    taken = "middle half of the rounds" if "busy" in row["kind"] else "faster halves"
    by_hand = [
        busy.WAYS[taken](np.array(one), np.array(other))
        for one, other in zip(row["log_rates"]["head"], row["log_rates"]["base"], strict=True)
    ]
    ratios = [rounds.mean() for rounds in paired_rounds(head, base)]
    return all(np.allclose(found, row["log_ratios"], atol=2e-4) for found in (ratios, by_hand))


def _slices(draws: list[list[float]]) -> Slices:
    keys = [(draw, number) for draw, rates in enumerate(draws) for number in range(len(rates))]
    return Slices(rounds=keys, draws=[draw for draw, _ in keys], rates=np.exp(np.concatenate(draws)))


# -- records


@cache
def found(name: str) -> Any:
    """A committed result."""
    return json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8"))


def run(name: str) -> tuple[list[AnyRecord], list[Manifest]]:
    """A committed run."""
    return run_records(REFERENCE / name), [read_manifest(REFERENCE / name)]


@cache
def gates() -> list[dict[str, Any]]:
    """Those that were made live."""
    return read_lines(REFERENCE / "gate-live.jsonl")


@cache
def kills() -> list[dict[str, Any]]:
    """Of sweeps, and how these ended."""
    return read_lines(REFERENCE / "kills.jsonl")


@cache
def ledger() -> pd.DataFrame:
    """Of all committed runs."""
    below = [sorted((REFERENCE / name).iterdir()) for name in (".", "lrn", "imagenette")]
    folders, _ = runs_among(list(chain(*below)))
    return read_ledger(load_registry(), folders)


if __name__ == "__main__":
    main()
