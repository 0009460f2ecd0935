"""What the runs of a report set out to do, from their manifests."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from alexnet_bench.errors import RecordError
from alexnet_bench.network.factorial import Factorial

Manifest = dict[str, Any]


@dataclass(frozen=True)
class Plans:
    """The plans of one or several runs.

    Args:
        manifests: one a run.
        folders: of the runs, by their ids; none where only the records are at hand.
    """

    manifests: Sequence[Manifest]
    folders: Mapping[str, Path] = field(default_factory=dict)

    @property
    def variants(self) -> list[str]:
        """The variants of all runs, controls first, then as planned."""
        controls = [name for manifest in self.manifests for name in _controls(manifest["plan"])]
        planned = [name for manifest in self.manifests for name in manifest["plan"]["variants"]]
        return list(dict.fromkeys([*(name for name in controls if name in planned), *planned]))

    @property
    def ablations(self) -> list[dict[str, Any]]:
        """The ablations of all runs, each once."""
        known = {
            item["name"]: item
            for manifest in self.manifests
            for item in manifest["plan"].get("ablations", ())
        }
        return list(known.values())

    def control(self, run: str, variant: str) -> str:
        """What a variant is held against: the run's control, or its own where its ablation is apart."""
        plan = self._plan(run)
        apart = [item for item in plan.get("ablations", ()) if item["control"] in _controls(plan)[1:]]
        own = (item["control"] for item in apart if variant in (item["control"], *item["arms"]))
        return str(next(own, plan["control"]))

    def looks(self, runs: Iterable[str]) -> tuple[int, ...]:
        """The numbers of seeds after which runs were to be looked at; none where that was not planned."""
        planned = [tuple(self._plan(run).get("looks") or ()) for run in runs]
        return max(planned, key=len, default=())

    def factorials(self, runs: Iterable[str]) -> list[Factorial]:
        """What runs were to cross."""
        planned = [
            Factorial(changes=tuple(changes), half=half)
            for run in runs
            for key, half in (("factorials", False), ("half_factorials", True))
            for changes in self._plan(run).get(key) or ()
        ]
        return list(dict.fromkeys(planned))

    def images(self, run: str, split: str | None) -> int | None:
        """The `test` or `validation` images of a run; None where its plan does not say."""
        return self._plan(run).get(f"{split}_images")

    def is_control(self, variant: str) -> bool:
        """Whether a variant is a control of a run."""
        return any(variant in _controls(manifest["plan"]) for manifest in self.manifests)

    def fields(self, run: str, variant: str) -> set[str]:
        """The fields in which a variant may differ from its run's control."""
        variants = self._plan(run)["variants"]
        names = (variant, self.control(run, variant))
        return {field for name in names for field in variants.get(name, {}).get("fields", ())}

    def difference(self, variant: str) -> str:
        """How a variant differs from the paper's network, in words."""
        described = (manifest["plan"]["variants"].get(variant) for manifest in self.manifests)
        return next((str(item["difference"]) for item in described if item), "")

    def ablation_of(self, variant: str) -> str:
        """The ablation that a variant is an arm of, or at least the control; else nothing."""
        arms = (item["name"] for item in self.ablations if variant in item["arms"])
        controls = (item["name"] for item in self.ablations if variant == item["control"])
        return str(next(arms, next(controls, "")))

    def aliases(self, run: str) -> dict[str, str]:
        """The variants of a run that are another one's network, trained once under that one's name."""
        return dict(self._plan(run).get("aliases") or {})

    def are_same(self, run: str, one: str, other: str) -> bool:
        """Whether two variants of a run are one network, trained once."""
        aliases = self.aliases(run)
        return aliases.get(one, one) == aliases.get(other, other)

    def same_as(self, variant: str) -> str:
        """The variant that this one is another name of, the control where it can be; else nothing."""
        for manifest in self.manifests:
            control, run = manifest["plan"]["control"], manifest["run_id"]
            if variant not in manifest["plan"]["variants"] or variant == control:
                continue
            if self.are_same(run, variant, control):
                return str(control)
            if variant in self.aliases(run):
                return self.aliases(run)[variant]
        return ""

    def rank(self, variant: str) -> int:
        """Its place in `variants`."""
        return self.variants.index(variant) if variant in self.variants else len(self.variants)

    def _plan(self, run: str) -> dict[str, Any]:
        for manifest in self.manifests:
            if manifest["run_id"] == run:
                return dict(manifest["plan"])
        raise RecordError(f"there are records of run {run}, but its manifest was not given")


def _controls(plan: dict[str, Any]) -> list[str]:
    """A run's control, and those of the ablations whose variants stand apart from the others."""
    apart = [item["control"] for item in plan.get("ablations", ()) if item.get("apart")]
    others = [name for name in apart if name in plan["variants"] and name != plan["control"]]
    return [plan["control"], *others]


def succeeded(rows: pd.DataFrame) -> pd.DataFrame:
    """The records whose trial or draw went well."""
    return rows[rows["status"] == "ok"]


def present(values: Iterable[Any]) -> list[Any]:
    """The values that are not null, each once, sorted."""
    return sorted({value for value in values if not pd.isna(value)})
