"""What a variant changes, and what an ablation asks, as people say it."""

from collections.abc import Iterable

from alexnet_bench.analysis.plans import Plans
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.topology import find_topology
from alexnet_bench.network.variant import ALEXNET
from alexnet_bench.records.manifest import PlannedAblation
from alexnet_bench.words import joined

# The fields whose value is a thing that one is with, or without, or with in another one's place.
_THINGS = {
    "normalization": "normalization",
    "second_normalization": "second normalization",
    "activation": "activation",
    "pooling": "pooling",
}
# What such a value is called, where its name alone does not say.
_NAMES = {
    "lrn": "LRN",
    "averaged-lrn": "LRN as Caffe reads it",
    "constant-lrn": "a fixed factor of 0.59",
    "within-map-lrn": "LRN within maps",
    "batch-norm": "batch normalization",
    "relu": "ReLU",
    "gelu": "GELU",
    "overlapping": "overlapping pooling",
    "non-overlapping": "pooling that does not overlap",
}
# What other values are, said of a variant.
_STATES = {
    ("towers", "1"): "one tower",
    ("towers", "2"): "two towers",
    ("kernels", "half"): "half the kernels",
    ("kernels", "full"): "all kernels",
    ("dropout", "0.0"): "without dropout",
    ("dropout", "0.5"): "with dropout",
    ("removed", "conv3"): "without conv3",
    ("removed", "conv4"): "without conv4",
    ("removed", "none"): "all five convolutions",
    ("input", "padded"): "smaller images, padded",
    ("input", "valid"): "images that need no padding",
    ("order", "normalization-first"): "LRN before the activation",
    ("order", "code-of-2012"): "layers in the order of the code of 2012",
    ("order", "activation-first"): "layers in the paper's order",
    ("placement", "split"): "each tower on a device of its own",
    ("placement", "data-parallel"): "half of every batch on each of two devices",
    ("placement", "one-device"): "one device",
    ("evaluation", "ten-crops"): "tested on ten crops of each image",
    ("evaluation", "centre"): "tested on the centre of each image",
    ("recipe.augmentation", "none"): "without augmentation",
    ("recipe.augmentation", "crops-and-flips"): "without colour noise",
    ("recipe.weight_decay", "0.0"): "without weight decay",
    ("recipe.initialization", "paper"): "the paper's initial weights",
    ("recipe.initialization", "he"): "He's initial weights",
    ("recipe.initialization", "glorot"): "Glorot's initial weights",
}
# What is asked of a field.
_QUESTIONS = {
    "normalization": "What does LRN bring?",
    "activation": "What does ReLU bring?",
    "pooling": "What does overlapping pooling bring?",
    "dropout": "What does dropout bring?",
    "towers": "What do two towers bring?",
    "kernels": "What do more kernels bring?",
    "removed": "What does depth bring?",
    "input": "Does padding do as well as larger images?",
    "order": "Does the order of the layers matter?",
    "placement": "What does a second device bring?",
    "evaluation": "What does testing on more crops bring?",
    "recipe.augmentation": "What does augmentation bring?",
    "recipe.weight_decay": "What does weight decay bring?",
    "recipe.initialization": "Which initial weights?",
    "recipe.bias": "Which initial bias?",
}


def said(variant: str, control: str, plans: Plans) -> str:
    """A variant by what it changes of its control: `Without LRN`; by its name where that is not on record."""
    text = joined([f"{new}{before}" for new, before in _parts(variant, control, plans)])
    if text == "one tower":
        text = "one tower, at full width"
    return text[0].upper() + text[1:] if text else variant


def briefly(variant: str, control: str, plans: Plans) -> str:
    """The same after a verdict, without what was there before: `without LRN`, `with tanh`.

    Where that is not on record, what the variant is held against: `than alexnet`.
    """
    text = joined([new for new, _ in _parts(variant, control, plans)])
    if not text:
        return f"than {control}"
    return text if text.startswith(("with ", "without ", "tested ")) else f"with {text}"


def asked(ablation: PlannedAblation, arms: Iterable[str], plans: Plans) -> str:
    """The question of an ablation, of which a run has these arms."""
    changes = [plans.changes(arm) for arm in arms]
    control = plans.changes(ablation.control)
    shared = [
        field
        for field in (changes[0] if changes else {})
        if all(arm.get(field) not in (None, control.get(field)) for arm in changes)
    ]
    if len(shared) != 1:
        return ablation.name.replace("-", " ").capitalize()
    (field,) = shared
    values, start = {arm[field] for arm in changes}, control.get(field) or _papers(field)
    if field in ("normalization", "activation") and start != "none" and "none" not in values:
        one = f"{_thing(str(start))} or {_thing(next(iter(values)))}?"
        return one if len(values) == 1 else f"Which {field}?"
    return _QUESTIONS.get(field, f"What does {_spoken(field)} bring?")


def _parts(variant: str, control: str, plans: Plans) -> list[tuple[str, str]]:
    """What a variant changes of its control, and what that stands instead of; nothing where it isn't told."""
    own, other = plans.changes(variant), plans.changes(control)
    fields = [field for field in {**own, **other} if own.get(field) != other.get(field)]
    parts = [_part(field, own.get(field), other.get(field)) for field in fields]
    # A sum of many changes is told by the layers that differ, not by a sentence.
    return [] if None in parts or len(parts) > 3 else [part for part in parts if part]


def _part(field: str, own: str | None, control: str | None) -> tuple[str, str] | None:
    """One change in words; None where a variant is back at what the paper has, and that is not known here."""
    value, start = (item if item is not None else _papers(field) for item in (own, control))
    if value is None:
        return None
    if field in _THINGS:
        if value == "none":
            return f"without {_thing(start or field)}", ""
        before = f" instead of {_thing(start)}" if start not in (None, "none") else ""
        return f"with {_thing(value)}", before
    return _STATES.get((field, value), f"with {_spoken(field)} {value}"), ""


def traits(topology: str) -> str:
    """What the paper's network has at a topology: `ReLU, LRN, dropout and two towers`."""
    plan = make_plan(ALEXNET, find_topology(topology), classes=1000)
    blocks = [_thing(layer.block.name) for layer in plan.layers if layer.block]
    dropout = ["dropout"] if any(layer.rate for layer in plan.layers) else []
    towers = ["two towers"] if any(layer.towers > 1 for layer in plan.layers) else []
    return joined([*dict.fromkeys(blocks), *dropout, *towers])


def _papers(field: str) -> str | None:
    """The paper's value of a field of variants; None of one of recipes."""
    return None if field.startswith("recipe.") else str(getattr(ALEXNET, field, None))


def _spoken(field: str) -> str:
    return field.removeprefix("recipe.").replace("_", " ")


def _thing(value: str) -> str:
    return _NAMES.get(value, value)
