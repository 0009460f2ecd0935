"""What a variant changes, and what is asked, as people say it."""

import msgspec
import pytest
from report_runs import manifest

from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.manifest import PlannedVariant
from alexnet_bench.show.networks import draw_networks
from alexnet_bench.show.phrases import asked, briefly, said, traits


def plans(factor="normalization", **variants):
    """Those of a run of these variants, each given by its difference."""
    run = manifest()
    planned = {
        name.replace("_", "-"): PlannedVariant(
            difference=difference, fields=tuple(part.split(" ")[0] for part in difference.split(", "))
        )
        for name, difference in variants.items()
    }
    planned = {"alexnet": PlannedVariant(difference="the paper's"), **planned}
    ablation = msgspec.structs.replace(
        run.plan.ablations[0], factor=factor, control="alexnet", arms=tuple(planned)[1:]
    )
    plan = msgspec.structs.replace(run.plan, variants=planned, ablations=(ablation,))
    return Plans([msgspec.structs.replace(run, plan=plan)])


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        ("normalization none", "Without LRN"),
        ("normalization constant-lrn", "With a fixed factor of 0.59 instead of LRN"),
        ("normalization mine", "With mine instead of LRN"),
        ("activation tanh", "With tanh instead of ReLU"),
        ("dropout 0.0", "Without dropout"),
        ("dropout 0.2", "With dropout 0.2"),
        ("towers 1", "One tower, at full width"),
        ("towers 1, kernels half", "One tower and half the kernels"),
        ("placement split", "Each tower on a device of its own"),
        ("recipe.weight_decay 0.0", "Without weight decay"),
        ("recipe.bias 1.0", "With bias 1.0"),
        ("towers 1, kernels half, dropout 0.0, activation tanh", "arm"),
    ],
)
def test_a_variant_is_said_by_what_it_changes(difference, words):
    assert said("arm", "alexnet", plans(arm=difference)) == words


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        ("normalization none", "without LRN"),
        ("activation tanh", "with tanh"),
        ("towers 1, kernels half", "with one tower and half the kernels"),
        ("evaluation ten-crops", "tested on ten crops of each image"),
        ("recipe.initialization he", "with He's initial weights"),
        ("towers 1, kernels half, dropout 0.0, activation tanh", "than alexnet"),
    ],
)
def test_a_verdict_is_on_the_changed_network(difference, words):
    assert briefly("arm", "alexnet", plans(arm=difference)) == words


@pytest.mark.parametrize(
    ("topology", "words"),
    [
        ("alexnet-8", "ReLU, LRN, overlapping pooling, dropout and two towers"),
        ("four-layer-32", "ReLU, LRN and overlapping pooling"),
    ],
)
def test_the_papers_network_is_told_by_what_it_has_at_a_topology(topology, words):
    assert traits(topology) == words


def test_against_another_control_it_is_what_differs_from_that_one():
    made = plans(no_lrn="normalization none", tanh="activation tanh", same="normalization none")

    assert said("alexnet", "no-lrn", made) == "With LRN"
    assert said("tanh", "no-lrn", made) == "With tanh instead of ReLU and with LRN"
    assert said("same", "no-lrn", made) == "same"


@pytest.mark.parametrize(
    ("arms", "question"),
    [
        ({"arm": "normalization none"}, "What does LRN bring?"),
        ({"arm": "normalization constant-lrn"}, "LRN or a fixed factor of 0.59?"),
        ({"arm": "activation tanh"}, "ReLU or tanh?"),
        ({"arm": "activation tanh", "other": "activation gelu"}, "Which activation?"),
        ({"arm": "towers 1", "other": "towers 1, kernels half"}, "What do two towers bring?"),
        ({"arm": "recipe.batch_size 16"}, "What does batch size bring?"),
        ({"arm": "towers 1, normalization none"}, "Lrn"),
    ],
)
def test_a_question_is_asked_of_what_its_arms_share(arms, question):
    made = plans(**arms)
    assert asked(made.ablations[0], list(arms), made) == question


def with_layers(made, layers, **plan):
    """A run of the same variants, each with these layers, and what else its plan has."""
    (run,) = made.manifests
    variants = {
        name: msgspec.structs.replace(item, layers=layers[name]) for name, item in run.plan.variants.items()
    }
    return msgspec.structs.replace(run, plan=msgspec.structs.replace(run.plan, variants=variants, **plan))


def test_layers_are_held_against_the_controls_by_name():
    layers = {"conv1": "3x3", "normalization1": "lrn", "fc6": "dense, 64"}
    now = {"conv1": "5x5", "fc6": "dense, 64", "fc7": "dense, 64"}
    run = with_layers(plans(no_lrn="normalization none"), {"alexnet": layers, "no-lrn": now})

    control, arm = draw_networks(Plans([run]))

    assert {box.mark for box in control.boxes} == {"same"}
    assert [(box.name, box.mark, box.before) for box in arm.boxes] == [
        ("conv1", "changed", "3x3"),
        ("normalization1", "left out", ""),
        ("fc6", "same", ""),
        ("fc7", "added", ""),
    ]
    assert arm.differs == "3 layers otherwise than alexnet"


def test_a_network_is_held_against_the_control_at_its_own_topology():
    made = plans(no_lrn="normalization none")
    small = with_layers(made, {"alexnet": {"conv1": "8"}, "no-lrn": {}}, topology="alexnet-8")
    large = with_layers(made, {"alexnet": {"conv1": "32"}, "no-lrn": {"conv1": "32"}}, topology="alexnet-32")

    drawn = draw_networks(Plans([small, msgspec.structs.replace(large, run_id="other")]))

    assert [(network.variant, network.title) for network in drawn] == [
        ("alexnet", "at alexnet-8"),
        ("alexnet", "at alexnet-32"),
        ("no-lrn", "Without LRN, at alexnet-32"),
    ]
    assert {box.mark for network in drawn for box in network.boxes} == {"same"}


def test_without_layers_on_record_nothing_is_drawn():
    assert draw_networks(plans(no_lrn="normalization none")) == []
