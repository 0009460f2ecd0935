"""What every shipped ablation file must hold."""

import ast
import re
from dataclasses import fields

import numpy as np
import pytest

from alexnet_bench import Variant
from alexnet_bench.network.ablation_files import ablations_in
from alexnet_bench.network.parts import lrn
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.recipe import PAPER, scale_to_small_images
from alexnet_bench.network.registry import load_registry, shipped_folder
from alexnet_bench.network.topology import ALEXNET_8, TOPOLOGIES

# What others share is in files that begin with an underscore.
FILES = sorted(shipped_folder().glob("[!_]*.py"))
REGISTRY = load_registry()
ABLATIONS = list(ablations_in(shipped_folder()))
COMMAND = re.compile(r"^    bench run --variants (\S+)(?: .*)?$", re.MULTILINE)


def docstring(file):
    return ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""


def arms_of(file):
    """The names of the arms that a file defines."""
    return {arm.name for path, item in ABLATIONS if path == file for arm in item.arms}


def by_name(things):
    return pytest.mark.parametrize("thing", things, ids=lambda thing: getattr(thing, "stem", thing.name))


@by_name(FILES)
def test_file_states_its_question_what_it_costs_and_its_source(thing):
    question, blank, *_ = docstring(thing).splitlines()
    assert question.endswith("?")
    assert blank == ""
    assert re.search(r"^Costs .*minutes?\b.*preset", docstring(thing), re.MULTILINE)
    # The paper's section, unless the question is another's.
    assert re.search(r"section \d", docstring(thing)) or thing.stem == "notebook"


@by_name(FILES)
def test_file_states_the_command_that_answers_it(thing):
    """It resolves, and runs every arm of the file beside a control."""
    (selection,) = COMMAND.findall(docstring(thing))
    selected = {variant.name for variant in REGISTRY.select(selection)}
    assert arms_of(thing) < selected


@by_name(REGISTRY.ablations.values())
def test_arms_differ_from_the_control_in_the_factor_only(thing):
    for arm in thing.arms:
        different = {
            field.name
            for field in fields(Variant)
            if field.name != "name" and getattr(arm, field.name) != getattr(thing.control, field.name)
        }
        assert different, arm.name
        if thing.factor == "several":
            assert len(different) > 1 or len(thing.arms) > 1
        else:
            assert different == {thing.factor.partition(".")[0]}


@by_name(REGISTRY.ablations.values())
def test_notes_are_of_topologies_that_there_are(thing):
    assert thing.notes.keys() <= TOPOLOGIES.keys()


def test_where_lrn_starts_as_nothing_its_constant_is_said_to_be_no_control():
    """All normalizations of topologies but the paper's have k = 1."""
    others = {
        topology.name
        for topology in TOPOLOGIES.values()
        for layer in topology.convolutions
        if getattr(layer, "normalization", None) not in (None, lrn)
    }
    assert REGISTRY.ablations["lrn-placebo"].notes.keys() == others == {"11pct", "18pct"}


@by_name(REGISTRY.ablations.values())
def test_claims_say_where_they_are_from(thing):
    for claim in thing.claims:
        assert all((claim.says, claim.source, claim.setup))
        assert "section" in claim.source


def plan_and_recipe(variant):
    plan = make_plan(variant, ALEXNET_8, classes=10, channels=1)
    return plan, variant.train_with(scale_to_small_images(PAPER, 1293))


def step(variant):
    """What a training step is made of: of variants that are alike in it, one is enough."""
    plan, recipe = plan_and_recipe(variant)
    return plan.layers, variant.placement, recipe.optimizer, recipe.initialization


@by_name({step(variant): variant for variant in REGISTRY.variants.values()}.values())
def test_arm_takes_a_training_step(thing, tensorflow_ready):
    """Built at the smallest topology, it has a finite loss, and the step changes all its kernels."""
    from alexnet_bench.model.build import build_model
    from alexnet_bench.model.tensorflow_step import Steps

    plan, recipe = plan_and_recipe(thing)
    devices = ("cpu:0", "cpu:1") if thing.placement == "split" else ()
    model = build_model(plan, recipe, devices=devices)
    before = [weight.value.numpy() for weight in model.trainable_weights]
    images = np.random.default_rng(0).standard_normal((4, *plan.input_shape)).astype("float32")
    steps = Steps(model, recipe)
    loss, _ = steps.train(images, np.arange(4))
    assert np.isfinite(loss)
    unchanged = [
        weight.path
        for weight, old in zip(steps.model.trainable_weights, before, strict=True)
        if weight.path.endswith("kernel") and np.array_equal(weight.value.numpy(), old)
    ]
    assert not unchanged
