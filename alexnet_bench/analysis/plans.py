"""What the runs of a report set out to do, from their manifests."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import msgspec

from alexnet_bench.errors import RecordError
from alexnet_bench.network.factorial import Factorial
from alexnet_bench.records.manifest import Manifest, Plan, PlannedAblation


@dataclass(frozen=True)
class Plans:
    """The plans of one or several runs.

    Args:
        manifests: one a run.
        folders: of the runs, by their ids; none where only the records are at hand.
    """

    manifests: Sequence[Manifest]
    folders: Mapping[str, Path] = field(default_factory=dict)

    @cached_property
    def variants(self) -> list[str]:
        """The variants of all runs, controls first, then as planned."""
        controls = [name for run in self._controls.values() for name in run.values()]
        planned = dict.fromkeys(name for plan in self._each() for name in plan.variants)
        return list(dict.fromkeys([*(name for name in controls if name in planned), *planned]))

    @cached_property
    def ablations(self) -> list[PlannedAblation]:
        """The ablations of all runs, each once; with the claims on arms that every run of it has one on."""
        known: dict[str, PlannedAblation] = {}
        for plan in self._each():
            for item in plan.ablations:
                before = {claim.arm for claim in known.get(item.name, item).claims}
                shown = tuple(claim for claim in item.claims if claim.arm in before)
                known[item.name] = msgspec.structs.replace(item, claims=shown)
        return list(known.values())

    def control(self, run: str, variant: str) -> str:
        """What a variant is held against in a run: a control is its own."""
        plan = self._plan(run)
        return self._controls[run].get(variant, plan.control)

    def controls(self, run: str) -> list[str]:
        """The controls of a run, each once."""
        self._plan(run)
        return list(dict.fromkeys(self._controls[run].values()))

    def same_step(self, variant: str) -> str:
        """The control whose timed step a variant shares, so that it was not timed; else nothing."""
        return next((same[variant] for same in map(_same_steps, self._each()) if variant in same), "")

    def looks(self, runs: Iterable[str]) -> tuple[int, ...]:
        """The numbers of seeds after which runs were to be looked at; none where that was not planned."""
        planned = [self._plan(run).looks for run in runs]
        return max(planned, key=len, default=())

    def held_against(self, control: str) -> "Plans":
        """The same runs as if every variant had been planned to be held against this one."""
        replanned = [
            msgspec.structs.replace(
                manifest,
                plan=msgspec.structs.replace(
                    manifest.plan, control=control, controls=dict.fromkeys(manifest.plan.variants, control)
                ),
            )
            for manifest in self.manifests
        ]
        return Plans(replanned, self.folders)

    def factorials(self, runs: Iterable[str]) -> list[Factorial]:
        """What runs were to cross."""
        planned = [
            Factorial(changes=changes, half=half)
            for plan in map(self._plan, runs)
            for crossed, half in ((plan.factorials, False), (plan.half_factorials, True))
            for changes in crossed
        ]
        return list(dict.fromkeys(planned))

    def images(self, run: str, split: str | None) -> int | None:
        """The `test` or `validation` images of a run; None where its plan does not say."""
        plan = self._plan(run)
        return {"test": plan.test_images, "validation": plan.validation_images}.get(str(split))

    def class_names(self, run: str) -> tuple[str, ...]:
        """The names of a run's classes, in the order of their labels; none where its plan does not say."""
        return self._plan(run).class_names

    def layers(self, run: str, variant: str) -> dict[str, str]:
        """What each layer of a run's variant does, by its name; nothing where its plan does not say."""
        described = self._plan(run).variants.get(variant)
        return described.layers if described else {}

    def folds(self, runs: Iterable[str]) -> int | None:
        """In how many folds runs cross-validate their images; None where they do not."""
        return next((folds for run in runs if (folds := self._plan(run).folds)), None)

    def is_control(self, variant: str) -> bool:
        """Whether a variant is a control of a run."""
        return any(variant in controls.values() for controls in self._controls.values())

    def fields(self, run: str, variant: str) -> set[str]:
        """The fields in which a variant may differ from its run's control."""
        variants = self._plan(run).variants
        names = (variant, self.control(run, variant))
        return {field for name in names if name in variants for field in variants[name].fields}

    def difference(self, variant: str) -> str:
        """How a variant differs from the paper's network, in words."""
        described = (plan.variants.get(variant) for plan in self._each())
        return next((item.difference for item in described if item), "")

    def changes(self, variant: str) -> dict[str, str]:
        """The same by field; nothing of a variant that is the paper's network."""
        described = (plan.variants.get(variant) for plan in self._each())
        item = next(filter(None, described), None)
        if item is None or not item.fields:
            return {}
        # A value may hold commas too, so only those before a field part.
        parts = re.split(f", (?={'|'.join(map(re.escape, item.fields))} )", item.difference)
        return {field: value for field, _, value in (part.partition(" ") for part in parts)}

    def ablation_of(self, variant: str) -> str:
        """The ablation that a variant is an arm of, or at least the control; else nothing."""
        arms = (item.name for item in self.ablations if variant in item.arms)
        controls = (item.name for item in self.ablations if variant == item.control)
        return next(arms, next(controls, ""))

    def aliases(self, run: str) -> dict[str, str]:
        """The variants of a run that are another one's network, trained once under that one's name."""
        return self._plan(run).aliases

    def are_same(self, run: str, one: str, other: str) -> bool:
        """Whether two variants of a run are one network, trained once."""
        aliases = self.aliases(run)
        return aliases.get(one, one) == aliases.get(other, other)

    def same_as(self, variant: str) -> str:
        """The variant that this one is another name of, the control where it can be; else nothing."""
        for manifest in self.manifests:
            run = manifest.run_id
            control = self.control(run, variant)
            if variant not in manifest.plan.variants or variant == control:
                continue
            if self.are_same(run, variant, control):
                return control
            if variant in self.aliases(run):
                return self.aliases(run)[variant]
        return ""

    def rank(self, variant: str) -> int:
        """Its place in `variants`."""
        return self._ranks.get(variant, len(self._ranks))

    @cached_property
    def _ranks(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.variants)}

    @cached_property
    def _controls(self) -> dict[str, dict[str, str]]:
        """What each variant is held against, by run."""
        return {manifest.run_id: _controls(manifest.plan) for manifest in self.manifests}

    def _each(self) -> Iterator[Plan]:
        """The plan of each run."""
        return (manifest.plan for manifest in self.manifests)

    def _plan(self, run: str) -> Plan:
        for manifest in self.manifests:
            if manifest.run_id == run:
                return manifest.plan
        raise RecordError(f"there are records of run {run}, but its manifest was not given")


def _controls(plan: Plan) -> dict[str, str]:
    """What each variant of a run is held against.

    Older plans name one control, of all but the variants of ablations that stand apart.
    """
    if plan.controls:
        return plan.controls
    controls = dict.fromkeys(plan.variants, plan.control)
    for item in plan.ablations:
        if item.apart and item.control in controls:
            own = dict.fromkeys((item.control, *item.arms), item.control)
            controls |= {name: control for name, control in own.items() if name in controls}
    return controls


def _same_steps(plan: Plan) -> dict[str, str]:
    """The variants of a run that are not timed, since their step is their control's.

    Older plans leave them out of `timed`, where their step is the paper's network's.
    """
    paper = plan.variants.get(plan.control)
    if plan.same_step is not None or not plan.timed or (paper and paper.fields):
        return plan.same_step or {}
    return {name: plan.control for name in plan.variants if name not in plan.timed}
