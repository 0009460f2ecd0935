"""What a report says, as a page, as Markdown and as LaTeX."""

import base64
import html
import re
from html.parser import HTMLParser
from urllib.parse import quote

import msgspec
import pytest
from report_runs import (
    LRN_CLAIM,
    accuracy,
    changed,
    curve_point,
    draw,
    failed_trial,
    in_run,
    manifest,
    timing,
    trial,
)

from alexnet_bench.analysis.effects import effects
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.manifest import PlannedVariant
from alexnet_bench.show.content import make_content
from alexnet_bench.show.figure_data import Shown
from alexnet_bench.show.page import render_html, render_markdown

pytestmark = pytest.mark.filterwarnings("error")

FIELDS = ("normalization",)
NASTY = "<b>&a|b_$x^y~`*{}\\%#\n[1](z) −×"


def pages(records, *runs, figures={}):  # noqa: B006
    """The page and the Markdown of some runs."""
    manifests, rows = runs or [manifest()], in_run(records)
    content = make_content(Shown(rows, Plans(manifests), effects(rows, manifests)), figures)
    return render_html(content), render_markdown(content)


class Reader(HTMLParser):
    """What a reader of a page sees."""

    def __init__(self, text):
        super().__init__()
        self.inside, self.parts = "", []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.inside = tag

    def handle_data(self, data):
        if self.inside not in ("script", "style"):
            self.parts.append(data)


def page(records, *runs):
    """What a reader of the page sees."""
    return " ".join(" ".join(Reader(pages(records, *runs)[0]).parts).split())


def test_a_report_names_what_it_is_of():
    said = page(accuracy() + timing())
    for fact in (
        "AlexNet with and without: digits",
        "EPYC 9R14, 2 cores, 8 GiB, Linux",
        "digits, alexnet-8, 2 epochs, batch 32, float32, recipe paper",
        "seeds 0, 1",
        "alexnet-227, batch 16",
        "tensorflow 2.21.0",
        "0123456789abcdef",
        "bench run --variants @lrn",
    ):
        assert fact in said


def test_under_four_seeds_it_is_descriptive_and_earns_no_verdict():
    said = page(accuracy() + timing())
    assert "With 2 seeds this report is descriptive" in said
    assert "earns no verdict" in said
    assert "With 2 draws they are descriptive" in said
    assert "With 1 seed this report is descriptive" in page(accuracy(seeds=1))


def test_a_change_over_other_seeds_than_the_controls_row_says_where_it_starts():
    arm = [trial("no-lrn", seed, 0.03) for seed in (0, 1)]

    def said(*control):
        return page([*(trial("alexnet", seed, wrong) for seed, wrong in enumerate(control)), *arm])

    assert "−1.00 from 4.00" in said(0.04, 0.04, 0.5)
    assert "−1.00" in said(0.04, 0.04)
    assert "from 4.00" not in said(0.04, 0.04)


def test_from_four_seeds_and_draws_on_it_has_intervals_and_verdicts():
    said = page(accuracy(seeds=4) + timing(draws=4))
    assert "is descriptive" not in said
    assert "Intervals on error are 95% t intervals over seeds" in said
    assert "Their intervals are 95% t intervals over draws." in said
    assert "Verdicts on test top-1 error" in said
    assert "equivalent where more than 0.50 points did" in said
    assert "Verdicts on training throughput" in said


def test_an_error_says_how_likely_a_fresh_seed_has_the_arm_better():
    said = page(accuracy(seeds=4))
    assert "Better again is how likely an arm has the lower error with a fresh seed" in said
    assert "<1% [<1%, 12%]" in said
    assert "Better again" not in page(accuracy(seeds=3) + timing(draws=4))


def test_effects_by_learning_rate_stand_in_a_table_of_their_own():
    tried = [
        trial(
            name,
            1_000_000 + seed,
            error + 0.001 * seed,
            purpose="tuning",
            fingerprint=f"{name} at {rate}",
            recipe_settings={"learning_rate": rate},
        )
        for name, rate, error in (
            ("alexnet", 0.01, 0.2),
            ("alexnet", 0.03, 0.1),
            ("no-lrn", 0.01, 0.15),
            ("no-lrn", 0.03, 0.4),
        )
        for seed in range(2)
    ]
    html_page, markdown = pages([*accuracy(), *tried])
    assert '<h2 id="rates-title">Effects by learning rate</h2>' in html_page
    rows = [line for line in markdown.splitlines() if line.startswith("| lrn | no-lrn | alexnet |")]
    assert rows == [
        "| lrn | no-lrn | alexnet | at the best rate of each | 0.01; alexnet at 0.03 | 2 | +5.00 | 2 |",
        "| lrn | no-lrn | alexnet | at the control's best rate | 0.03 | 2 | +30.00 | 2 |",
        "| lrn | no-lrn | alexnet | over the whole curve | 0.01, 0.03 | 2 | +12.50 | 2 |",
    ]
    assert "by learning rate" not in pages(accuracy())[1]


def test_the_answers_come_first_in_words_with_the_claim_and_the_verdict():
    run = manifest()
    variants = {**run.plan.variants, "no-lrn": PlannedVariant(difference="normalization none", fields=FIELDS)}
    run = msgspec.structs.replace(run, plan=msgspec.structs.replace(run.plan, variants=variants))
    said = page(accuracy(seeds=4) + timing(draws=4), run)
    answers = said[said.index("Lower error is better") : said.index("How sure the effects on error are")]
    assert "is alexnet : the paper’s design, with ReLU, LRN, overlapping pooling, dropout and two" in answers
    assert "▲ better with the change ▼ worse with the change ○ no verdict of its own What does" in answers
    assert "What does LRN bring? @lrn Without LRN no-lrn" in answers
    assert "error 1.30 points higher [+0.89, +1.71], worse without LRN 2.30% → 3.60%" in answers
    assert "training 10.4% faster [+8.6%, +12.3%], better without LRN 11.0 → 12.1 images/s" in answers
    assert f"The paper: {LRN_CLAIM['says']} – here supported" in answers
    assert "Held against alexnet ." in answers
    assert LRN_CLAIM["source"] in said


def test_it_opens_with_what_was_measured_and_on_what():
    run = manifest(variants={"alexnet": [], "lrn": [], "no-lrn": ["normalization"]}, test_images=1360)
    again = [draw("lrn", number, [101.0, 101.0], device=run.environment.cpu) for number in range(2)]
    timed = [*(draw("alexnet", number, [100.0, 100.0], device=run.environment.cpu) for number in range(2))]
    said = page([*accuracy(), *timed, *again], run)
    assert (
        "3 variants. Error: AlexNet for 8-pixel images (alexnet-8), trained on digits (1,360 test images) "
        "for 2 epochs, at one learning rate for all, 2 of 3 seeds. A change may look better or worse by that "
        "rate. Speed: AlexNet for 227-pixel images (alexnet-227), batch 16, on a CPU, not a GPU; each was "
        "built and timed 2 times (draws). The same network, timed twice, differed from itself by up to 1.0%: "
        "take differences in speed of that size for noise."
    ) in said


def test_a_control_that_is_drawn_beside_each_arm_is_not_counted_for_all():
    control = [draw("alexnet", number, [100.0]) for number in range(6)]
    arms = [draw(name, 2 * place + number, [90.0]) for place, name in enumerate("abc") for number in (0, 1)]
    run = manifest(variants={"alexnet": [], "a": ["towers"], "b": ["pooling"], "c": ["dropout"]})
    assert "each was built and timed 2 times (draws)" in page([*control, *arms], run)


def test_a_gpu_is_not_called_a_cpu():
    assert "not a GPU" not in page([draw("alexnet", 0, [10.0], device="NVIDIA H200")])


def test_a_card_tells_how_soon_an_error_was_learned_and_what_the_paper_says_of_it():
    """The paper's claim of ReLU, which this run's plan did not have yet."""
    run = manifest(variants={"alexnet": [], "tanh": ["activation"]})
    tanh = PlannedVariant(difference="activation tanh", fields=("activation",))
    ablation = msgspec.structs.replace(
        run.plan.ablations[0],
        name="activation",
        factor="activation",
        control="alexnet",
        arms=("tanh",),
        claims=(),
    )
    plan = msgspec.structs.replace(
        run.plan, variants={**run.plan.variants, "tanh": tanh}, ablations=(ablation,)
    )
    run = msgspec.structs.replace(run, plan=plan)

    def learned(name, *epochs):
        """A seed each, that gets to 25% training error in the middle of an epoch."""
        return [
            trial(name, seed, 0.05, curve=[curve_point(at, 0.5 if at < last else 0.25) for at in range(1, 9)])
            for seed, last in enumerate(epochs)
        ]

    said = page([*learned("alexnet", 2, 2, 3, 2), *learned("tanh", 7, 8, 8, 7)], run)
    assert "ReLU or tanh?" in said
    assert re.search(r"learning \d\.\d\d times the epochs to 25% training error \[.*?\] 1\.\d+ → \d", said)
    assert "train several times faster than with tanh – here supported" in said

    never = page([*learned("alexnet", 9, 9, 9, 9), *learned("tanh", 9, 9, 9, 9)], run)
    assert "learning" not in never.split("How sure")[0].replace("learning rate", "")
    assert "with tanh – not tested here" in never


def test_devices_that_share_a_processor_are_told_on_the_card():
    run = manifest(variants={"alexnet": [], "no-lrn": ["normalization"]})
    split = draw("no-lrn", 0, [9.0], device="2 logical CPU devices (EPYC)", placement="split")
    said = page([draw("alexnet", 0, [10.0], device="EPYC"), split], run)
    assert "The 2 logical CPU devices share one processor: they are not GPUs." in said


def test_what_only_describes_says_so_on_its_card():
    said = page(accuracy(seeds=3) + timing(draws=2))
    assert "Held against alexnet . 3 seeds and 2 draws describe; a verdict takes 4." in said
    assert "describe; a verdict" not in page(accuracy(seeds=4) + timing(draws=4))


def test_no_caveat_stands_before_the_first_answer():
    said = page(accuracy() + timing())
    assert said.index("error 1.10 points higher") < said.index("this report is descriptive")


def test_one_measure_has_no_word_of_the_other():
    said = page(accuracy(), manifest(measures=["accuracy"]))
    assert not {word for word in ("images/s", "draw") if word in said}
    said = page(timing(), manifest(measures=["throughput"]))
    assert not {word for word in ("seed", "Change") if word in said}


def test_figures_are_shown_where_they_were_drawn_with_their_data_and_in_words():
    picture = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
    shown = pages(accuracy(), figures={"error": picture})
    assert f"<img src='data:image/svg+xml;charset=utf-8,{quote(picture, safe=' <>/:=.')}'" in shown[0]
    assert "alexnet 2.10%; no-lrn 3.20%" in shown[0]
    _, data = re.search(r'href="data:(text/csv[^,]*),([^"]*)" download="error.csv"', shown[0]).groups()
    assert base64.b64decode(data).decode().startswith("setting,control,variant,seed,measure,error_percent\n")
    assert "](error.png)" in shown[1]
    none = pages(accuracy())
    assert "<img" not in none[0]
    assert "![" not in none[1]


def test_a_control_alone_has_nothing_to_be_held_against_it():
    said = page(accuracy(("alexnet",), seeds=4), manifest(variants={"alexnet": []}))
    assert "No arm could be held against the control" in said
    assert "With 2 seeds this report is descriptive" in page(accuracy(("alexnet",)))


def test_what_failed_is_named():
    said = page([*accuracy(), failed_trial("no-lrn", 2)])
    assert "What failed Variant What Outcome Error no-lrn seed 2 diverged the loss is not a number" in said
    assert "2 of 3" in said
    assert "What failed" not in page(accuracy())


def test_a_variant_that_failed_throughout_is_named():
    records = [*accuracy(("alexnet",)), failed_trial("no-lrn", 0), draw("no-lrn", 0, [], status="crashed")]
    assert "no seed of both sides has a value; seed 0 of no-lrn: diverged" in page(records)


def test_what_is_planned_and_not_recorded_is_named():
    assert "Planned, and without a record: alexnet (accuracy), no-lrn (accuracy)" in page([])
    run = manifest(variants={"alexnet": [], "lrn": []}, measures=["accuracy"])
    assert "without a record" not in page(accuracy(("alexnet",)), run)


def test_refusals_are_said_in_words():
    said = page([*accuracy(("alexnet",)), trial("no-lrn", 0, threads=4)])
    reason = "they differ in threads (4 for no-lrn, 2 for alexnet)"
    assert f"Not compared: no-lrn with alexnet, since {reason}." in said


def test_a_control_at_chance_is_said_in_words():
    said = page([trial(name, seed, 0.89) for name in ("alexnet", "no-lrn") for seed in (0, 1)])
    assert "The control alexnet did not learn: its mean test top-1 error is 89.0%, a guess's 90.0%" in said
    assert " points " not in said.split("How sure the effects on error are")[1].split("Claims")[0]


def test_the_noise_floor_is_said_in_words():
    run = manifest(variants={"alexnet": [], "lrn": [], "no-lrn": ["normalization"]})
    alexnet = [draw("alexnet", number, [100.0]) for number in (0, 1)]
    said = page([*alexnet, draw("lrn", 0, [95.0]), draw("lrn", 1, [101.0])], run)
    differed = "it differed by −2.05% in training (draw by draw: −5.00%, +1.00%)"
    assert f"lrn and alexnet are the same network; timed twice, {differed}" in said


def test_logical_devices_are_not_passed_off_as_gpus():
    run = manifest(variants={"alexnet": [], "two-gpu": ["placement"]})
    split = draw("two-gpu", 0, [9.0], placement="split", device="2 logical CPU devices (EPYC)")
    said = page([draw("alexnet", 0, [10.0]), split], run)
    assert "two-gpu ran on 2 logical CPU devices (EPYC): these share one processor" in said


def test_held_out_errors_are_not_called_test_errors():
    records = changed(accuracy(), held_out_top1_error=0.3, test_top1_error=None)
    said = page(records)
    assert "Held-out top-1 error, %" in said
    assert "The official test images of digits were absent" in said
    assert "Test top-1 error" not in said


def test_cross_validated_errors_are_called_so():
    records = changed(accuracy(), held_out_top1_error=0.3, test_top1_error=None)
    said = page(records, manifest(folds=4))
    assert "digits is cross-validated: each seed holds out another of 4 folds" in said
    assert "official test images" not in said


def test_tuned_and_untuned_effects_are_called_so():
    assert "Effects on error are untuned" in page(accuracy())
    tuned = changed(accuracy(), tuned=True)
    assert "of an equal grid with the least validation error." in page(tuned)
    soonest = changed(tuned, recipe_settings={"learning_rate": 0.01, "stop_at_train_error": 0.25})
    assert "of an equal grid that got to 25% training error the soonest." in page(soonest)


def test_it_says_by_which_rule_rates_were_chosen():
    """As the records have it, so that those of older rules are told as they were."""

    def said(*tried, **columns):
        trials = [
            trial(
                "alexnet",
                10 + seed,
                0.5,
                fingerprint=f"rate {rate}",
                purpose="tuning",
                epochs=30,
                curve=[curve_point(epoch, 0.5) for epoch in range(1, length + 1)],
                **columns,
            )
            for rate, (length, seeds) in enumerate(tried)
            for seed in range(seeds)
        ]
        return page([*changed(accuracy(), tuned=True), *changed(trials, tuned=True)])

    race = "for 10 of 30 epochs with 1 tuning seed, and the best with 3."
    assert f"To choose a rate, all were trained {race}" in said((10, 1), (10, 3), (10, 3))
    assert "all were trained to the end with 1 tuning seed." in said((30, 1), (30, 1))
    stops = {"recipe_settings": {"learning_rate": 0.01, "stop_at_train_error": 0.25}}
    assert "any more, with 1 tuning seed, and the best with 3." in said((3, 1), (8, 3), **stops)
    assert "To choose a rate" not in page(accuracy())


def test_it_says_that_every_seed_chose_its_own_rate():
    choosing = [
        trial("alexnet", 10, 0.5, purpose="tuning", epochs=30, curve=[curve_point(1, 0.5)] * length)
        for length in (10, 10, 30)
    ]
    said = page(changed([*accuracy(), *choosing], tuned=True, rate_per_seed=True, network="any rate"))
    assert (
        "chosen anew for every seed with a tuning seed of its own, the one of an equal grid with the" in said
    )
    assert "To choose a rate, all were trained for 10 of 30 epochs, and the best for 30." in said
    assert "a learning rate tuned for each variant and seed" in said


def test_a_shared_choice_of_rates_is_said_to_be_left_out_of_intervals():
    assert "All seeds share that choice" in page(changed(accuracy(), tuned=True))
    assert "All seeds share that choice" not in page(accuracy())


def test_it_shows_how_many_seeds_had_each_rate():
    rates = [{"recipe_settings": {"learning_rate": rate}} for rate in (0.03, 0.01, 0.03)]
    trials = [
        trial(name, seed, 0.1, rate_per_seed=True, network=name, **rate)
        for name in ("alexnet", "no-lrn")
        for seed, rate in enumerate(rates)
    ]
    assert "0.01 (1), 0.03 (2)" in page(trials)


def test_what_older_records_lack_has_no_column():
    assert "Peak memory" in page(timing())
    assert "Peak memory" not in page(changed(timing(), peak_memory_bytes=None, git_commit=None))


def test_several_runs_are_told_apart():
    first, second = manifest("run-a"), manifest("run-b", dataset="cifar10", measures=["accuracy"])
    cifar = changed(accuracy(), run_id="run-b", dataset="cifar10")
    said = page([*accuracy(), *timing(), *cifar], first, second)
    assert "Run run-a run-b" in said
    assert "dataset digits" in said
    assert "dataset cifar10" in said
    assert "Error: digits, alexnet-8" in said
    assert "Error: cifar10, alexnet-8" in said


def test_names_are_escaped_everywhere():
    run = manifest(variants={"alexnet": [], NASTY: ["normalization"]}, ablations=[])
    names = ("alexnet", NASTY)
    shown, markdown = pages(accuracy(names) + timing(names), run)
    assert "<b>" not in shown
    assert html.escape(NASTY.replace("\n", " ")) in shown
    assert "&lt;b&gt;&amp;a\\|b\\_\\$x^y\\~\\`\\*\\{\\}\\\\%#\u200b \\[1\\](z) −×" in markdown
    variants = markdown.split("## Variants")[1].split("## ")[0]
    lines = [line for line in variants.splitlines() if line.startswith("|")]
    assert len(lines) == 4
    assert len({line.replace(r"\|", "").count("|") for line in lines}) == 1
