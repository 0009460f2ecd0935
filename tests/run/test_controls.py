"""What a run holds each variant against, and which controls it adds for that."""

import json
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alexnet_bench.errors import BenchError, UnknownNameError
from alexnet_bench.network.controls import held_against_controls
from alexnet_bench.network.registry import load_registry
from alexnet_bench.network.variant import ALEXNET
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import Settings
from alexnet_bench.run.timed import have_the_same_step

REGISTRY = load_registry()
SUMS = ["no-lrn+tanh", "bias-1+tanh", "no-dropout+no-augmentation", "lrn+gelu"]
TERMS = [*REGISTRY.variants, *(f"@{name}" for name in REGISTRY.ablations), *SUMS, "factorial:dropout,pooling"]
SELECTIONS = st.lists(st.sampled_from(TERMS), min_size=1, max_size=5, unique=True).map(",".join)
# An arm that is its control over again, an ablation whose control is another's arm, and an arm of two.
MINE = """
    from alexnet_bench import ALEXNET, Ablation, Claim

    HALF = ALEXNET.but("half", dropout=0.25)
    BASE = ALEXNET.but("base", towers=1)
    SHARED = BASE.but("shared", dropout=0.1)

    def claim(arm):
        return Claim(
            says=f"{arm} is worse", source="a book", setup="a toy",
            arm=arm, measure="top1_error", predicts="higher",
        )

    def ablation(name, control, *arms, factor="dropout"):
        claims = [claim(arms[0].name)]
        return Ablation(name=name, factor=factor, control=control, arms=arms, claims=claims)

    ONE = ablation("one", ALEXNET, HALF, ALEXNET.but("again"))
    TWO = ablation("two", HALF, ALEXNET.but("none", dropout=0.0))
    THREE = ablation("three", BASE, SHARED, BASE.but("own", dropout=0.0))
    FOUR = ablation("four", ALEXNET, SHARED, factor="several")
"""


@pytest.fixture(scope="module")
def mine(write_ablations):
    """A folder of ablations whose controls are not the paper's network, or arms themselves."""
    return str(write_ablations({"mine.py": MINE}))


def schedule(variants, **asked):
    return Schedule(Settings(variants=variants, **asked), None if "ablations" in asked else REGISTRY)


def plan_of(variants, **asked):
    return schedule(variants, **asked).manifest_plan()


def claims(plan):
    return {claim.arm for ablation in plan.ablations for claim in ablation.claims} - {None}


# -- any selection


@settings(max_examples=60)
@given(SELECTIONS)
def test_every_arm_is_held_against_its_own_ablations_control_and_that_is_in_the_run(selection):
    named = [variant.name for variant in REGISTRY.select(selection)]

    compared = held_against_controls(REGISTRY, selection)

    variants = {variant.name: variant for variant in compared.variants}
    assert compared.names == [*compared.added, *named]
    assert not set(compared.added) & set(named)
    for name, variant in variants.items():
        control = variants[compared.controls[name]]
        assert control.changes == own_control(variant).changes
        assert compared.controls[control.name] == control.name


def own_control(variant):
    """That of the ablation that a variant is an arm of; else itself, and of a sum alexnet."""
    own = [item.control for item in REGISTRY.ablations.values() if variant in item.arms]
    return own[0] if own else REGISTRY.variants.get(variant.name, ALEXNET)


@settings(max_examples=40)
@given(
    SELECTIONS, st.sampled_from(["quick", "standard"]), st.sampled_from([None, "tanh", "lrn", "bias-1+gelu"])
)
def test_each_arm_is_timed_beside_its_control_or_has_the_same_step(selection, preset, control):
    planned = schedule(selection, preset=preset, control=control)

    plan, variants = planned.manifest_plan(), {item.name: item for item in planned.compared.variants}
    pairs = [(pair.arm.network.variant, pair.control.network.variant) for pair in planned.timing.pairs]
    assert all(plan.controls[arm.name] == control.name for arm, control in pairs)
    timed = [arm.name for arm, control in pairs if arm != control]
    arms = [name for name in variants if plan.controls[name] != name]
    assert sorted({*timed, *plan.same_step} & set(arms)) == sorted(arms)
    assert len(timed) == len(set(timed))
    assert not plan.same_step.keys() & set(timed)
    for name, other in plan.same_step.items():
        assert plan.controls[name] == other
        assert have_the_same_step(variants[name], variants[other])
    # Whatever else is timed was asked for, and shows the noise floor or stands alone.
    extra = [name for name in plan.timed if name not in {*arms, *plan.controls.values()}]
    assert all(plan.variants[name].fields == plan.variants[plan.controls[name]].fields for name in extra)


@settings(max_examples=20)
@given(SELECTIONS, st.sampled_from([None, "tanh", "lrn"]))
def test_a_run_that_goes_on_has_the_same_tasks(selection, control):
    first = schedule(selection, control=control, preset="standard")

    again = Schedule(Settings(**json.loads(json.dumps(asdict(first.settings)))), REGISTRY)

    assert again.trials() == first.trials()
    assert [(pair.arm.key, pair.control.key) for pair in again.timing.pairs] == [
        (pair.arm.key, pair.control.key) for pair in first.timing.pairs
    ]
    assert again.manifest_plan() == first.manifest_plan()


@settings(max_examples=30)
@given(SELECTIONS, st.sampled_from([*REGISTRY.variants, "no-lrn+tanh"]))
def test_a_control_that_is_given_is_that_of_all(selection, control):
    """It may be an arm, a sum or another name."""
    plan = plan_of(selection, control=control)

    assert (plan.control, plan.control_given, set(plan.controls.values())) == (control, control, {control})
    assert set(plan.added_controls) <= {control} <= set(plan.variants)


# -- by hand


@pytest.mark.parametrize(
    ("selection", "controls", "added"),
    [
        ("no-lrn", {"alexnet": "alexnet", "no-lrn": "alexnet"}, ["alexnet"]),
        ("alexnet", {"alexnet": "alexnet"}, []),
        ("tanh,alexnet", {"tanh": "alexnet", "alexnet": "alexnet"}, []),
        # Under the name that it has: one network serves all its arms.
        ("@lrn,tanh", {"lrn": "lrn", "no-lrn": "lrn", "tanh": "lrn"}, []),
        ("@lrn,alexnet", {"lrn": "alexnet", "no-lrn": "alexnet", "alexnet": "alexnet"}, []),
        ("tanh-he", {"relu-he": "relu-he", "tanh-he": "relu-he"}, ["relu-he"]),
        ("relu-he,tanh", {"alexnet": "alexnet", "relu-he": "relu-he", "tanh": "alexnet"}, ["alexnet"]),
        ("tanh-he+no-dropout", {"alexnet": "alexnet", "tanh-he+no-dropout": "alexnet"}, ["alexnet"]),
        (
            "factorial:normalization,dropout",
            dict.fromkeys(["alexnet", "no-lrn", "no-dropout", "no-lrn+no-dropout"], "alexnet"),
            [],
        ),
        # A user's.
        ("again", {"alexnet": "alexnet", "again": "alexnet"}, ["alexnet"]),
        ("own", {"base": "base", "own": "base"}, ["base"]),
        ("none", {"half": "half", "none": "half"}, ["half"]),
        # Its control was named, and is an arm: it gets its own.
        ("none,half", {"alexnet": "alexnet", "none": "half", "half": "alexnet"}, ["alexnet"]),
        # The ablation that is named goes before one that is not.
        ("@two", {"half": "half", "none": "half"}, []),
        ("@one,@two", {"alexnet": "alexnet", "half": "alexnet", "again": "alexnet", "none": "half"}, []),
        ("shared", {"base": "base", "shared": "base"}, ["base"]),
        ("@four", {"alexnet": "alexnet", "shared": "alexnet"}, []),
    ],
)
def test_each_ones_control(mine, selection, controls, added):
    plan = plan_of(selection, ablations=(mine,))

    assert (plan.controls, list(plan.added_controls), plan.control_given) == (controls, added, None)
    assert list(plan.variants) == list(controls)


def test_several_arms_and_their_controls_are_one_run():
    planned = schedule("tanh-he,no-lrn", seeds=1)

    assert planned.manifest_plan().control == "relu-he"
    assert [(pair.arm.key[1], pair.control.key[1]) for pair in planned.timing.pairs] == [
        ("tanh-he", "relu-he"),
        ("no-lrn", "alexnet"),
    ]
    trained = [task.network.variant.name for task in planned.trials()]
    assert trained == ["relu-he", "alexnet", "tanh-he", "no-lrn"]


def test_an_arm_that_is_its_control_over_again_is_trained_once_and_timed_twice(mine):
    planned = schedule("again", ablations=(mine,), seeds=1)

    assert [task.network.variant.name for task in planned.trials()] == ["alexnet"]
    assert planned.manifest_plan().aliases == {"again": "alexnet"}
    assert planned.manifest_plan().timed == ("alexnet", "again")


def test_a_factor_is_crossed_by_an_arm_whose_control_is_the_papers_network(write_ablations):
    """A sum adds all that an arm changes of alexnet: of another control's arm, more than the factor."""
    mine = """
        from alexnet_bench import ALEXNET, Ablation

        BASE = ALEXNET.but("base", dropout=0.1)
        MINE = Ablation(name="mine", factor="towers", control=BASE, arms=[BASE.but("own", towers=1)])
    """

    registry = load_registry([write_ablations({"mine.py": mine})])

    with pytest.raises(UnknownNameError, match="unknown factor 'towers'"):
        registry.factorials("factorial:towers,activation")


# -- a control that is given


def test_a_claim_is_in_the_plan_only_where_its_arm_is_held_against_its_own_control(mine):
    assert claims(plan_of("no-lrn,no-dropout")) == {"no-lrn", "no-dropout"}
    assert claims(plan_of("no-lrn,no-dropout", control="tanh")) == set()
    assert claims(plan_of("no-lrn", control="lrn")) == claims(plan_of("@lrn")) == {"no-lrn"}
    assert claims(plan_of("shared", ablations=(mine,))) == {"shared"}
    assert claims(plan_of("none,half", ablations=(mine,))) == {"none", "half"}
    assert claims(plan_of("none,half", control="alexnet", ablations=(mine,))) == {"half"}


def test_a_shared_arm_belongs_to_the_ablation_whose_control_it_is_held_against(mine):
    for selection, first in (("shared", "three"), ("@four", "four")):
        described = plan_of(selection, ablations=(mine,)).ablations
        assert [bool(item.claims) for item in described] == [True, False]
        assert described[0].name == first


@pytest.mark.parametrize(
    ("control", "count"), [("@lrn", 2), ("tanh,gelu", 2), ("bias-*", 3), ("", 0), (",", 0)]
)
def test_a_control_is_one_variant(control, count):
    with pytest.raises(BenchError, match=f"'.*' means {count} variants; name one"):
        schedule("no-lrn", control=control)


# -- the same step as the control


def test_what_has_its_controls_step_is_not_timed_whoever_the_control_is():
    plan = plan_of("bias-1+tanh,bias-1,no-dropout", control="tanh")

    assert plan.same_step == {"bias-1+tanh": "tanh"}
    assert plan.timed == ("tanh", "bias-1", "no-dropout")


def test_other_initial_deviations_are_the_same_step_and_other_rates_are_not():
    plan = plan_of("code-deviations,code-conv1-stops,alexnet")

    assert plan.same_step == {"code-deviations": "alexnet"}
    assert "code-conv1-stops" in plan.timed


def test_where_nothing_is_left_to_time_that_is_said():
    with pytest.raises(BenchError) as caught:
        schedule("no-augmentation,ten-crops", measure="throughput")

    assert str(caught.value) == (
        "nothing is left to time: no-augmentation and ten-crops would run the same timed step as alexnet; "
        "measure accuracy, or name a variant whose step differs"
    )


def test_a_control_that_was_named_is_timed_and_one_that_was_added_only_beside_an_arm():
    assert plan_of("alexnet,no-augmentation", measure="throughput").timed == ("alexnet",)
    planned = schedule("no-augmentation")
    assert (planned.times, bool(planned.trials())) == (False, True)
    assert planned.timing.next_task([]) is None
    assert plan_of("no-augmentation", measure="accuracy").same_step == {}


# -- what is held against nothing


def test_a_comparison_of_two_sides_adds_no_control():
    """Each variant is held against itself in other code."""
    alone = Schedule(Settings(variants="bias-1,tanh", measure="throughput"), REGISTRY, alone=True)

    assert [contender.key[1] for contender in alone.timing.contenders] == ["bias-1", "tanh"]
    assert all(pair.arm == pair.control for pair in alone.timing.pairs)
    assert alone.manifest_plan().controls == {"bias-1": "bias-1", "tanh": "tanh"}
