"""Which records may be compared: each setting holds a control and the arms measured as it was.

Two records agree if they are equal in every column of `AGREEING` but those that the arm changes by intent;
two devices in place of one are two of the same kind. An arm that agrees with no control is kept in a setting
of its own, with the reason.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from operator import attrgetter
from typing import Any, TypeVar

import msgspec

from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.schema import (
    AGREEING,
    COLUMNS_OF_FIELD,
    AnyRecord,
    Draw,
    Trial,
    columns_of,
    differences,
    shown,
)

Conditions = dict[str, Any]
Kind = TypeVar("Kind", Trial, Draw)
Item = TypeVar("Item")
# Training and inference draws share a setting.
_AGREEING = {
    kind: [column.name for column in columns_of(kind) if column.name in AGREEING and column.name != "mode"]
    for kind in (Trial, Draw)
}


@dataclass(kw_only=True, eq=False)
class Setting:
    """Records that were measured alike.

    Args:
        number: among the settings of its kind.
        conditions: the agreeing columns of the control, or of the arms where there is none.
        refusals: why an arm can be held against no control, by its name; empty where there is one.
    """

    kind: str
    number: int
    control: str
    conditions: Conditions
    rows: list[Any] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    _runs: dict[str, None] = field(default_factory=dict, init=False)

    def add(self, group: "_Group") -> None:
        """Add the records of a run."""
        self.rows.extend(group.records)
        self._runs[group.run] = None

    @property
    def name(self) -> str:
        """What `effects.csv` calls it."""
        return f"{self.kind}-{self.number}"

    @property
    def runs(self) -> list[str]:
        """The runs that its records come from."""
        return list(self._runs)

    @property
    def variants(self) -> list[str]:
        """Its variants, in the order of the records."""
        return list(self._by_variant)

    @property
    def succeeded(self) -> list[Any]:
        """Its records that came to their end."""
        return [record for record in self.rows if record.succeeded]

    def of(self, variant: str, mode: str | None = None) -> list[Any]:
        """The records of one variant; of its draws, those of one mode."""
        rows = self._by_variant.get(variant, [])
        return rows if mode is None else [row for row in rows if row.mode == mode]

    def holding(self, rows: Iterable[Any]) -> "Setting":
        """The same with some of its records alone."""
        found = replace(self, rows=list(rows))
        found._runs.update(self._runs)
        return found

    @cached_property
    def _by_variant(self) -> dict[str, list[Any]]:
        return grouped(self.rows, attrgetter("variant"))


def grouped(items: Iterable[Item], key: Callable[[Item], Any]) -> dict[Any, list[Item]]:
    """The items by their key, both in the order in which they come."""
    found: dict[Any, list[Item]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found


def results(records: Iterable[AnyRecord], plans: Plans) -> list[AnyRecord]:
    """The records without the trials that only chose a rate, a trained network's under each of its names."""
    kept = [record for record in records if not (isinstance(record, Trial) and record.purpose == "tuning")]
    of_trials = (record for record in kept if isinstance(record, Trial))
    trials = grouped(of_trials, attrgetter("run_id", "variant"))
    for run in dict.fromkeys(run for run, _ in trials):
        for alias, trained in plans.aliases(run).items():
            if (run, alias) not in trials:
                same = trials.get((run, trained), ())
                kept += [msgspec.structs.replace(trial, variant=alias) for trial in same]
    return kept


def measured_alike(records: Iterable[AnyRecord], plans: Plans, kind: type[Kind]) -> list[Setting]:
    """The settings of one kind of record, those with a control first."""
    columns = attrgetter("run_id", "variant", "trained_as", *_AGREEING[kind])
    alike = grouped(
        (record for record in results(records, plans) if isinstance(record, kind)),
        lambda record: _text(columns(record)),
    )
    groups = [_Group(some, plans) for some in alike.values()]
    found: dict[Hashable, Setting] = {}
    for group in groups:
        # A control may be another one's arm, and stands in the settings of both.
        if group.variant in plans.controls(group.run):
            key = (group.variant, group.records[0].trained_as, _text(group.conditions))
            found.setdefault(key, group.setting(len(found), group.variant)).add(group)
    controls = list(found.values())
    for group in groups:
        if group.variant != group.control:
            _place(group, controls, found)
    return list(found.values())


def distinguish(found: Sequence[Setting]) -> dict[str, str]:
    """By name, what is particular to each of several settings; nothing where there is only one."""
    if len(found) < 2:
        return {}
    facts: dict[str, Conditions] = {setting.name: {} for setting in found}
    for setting in found:
        for column, value in setting.conditions.items():
            facts[setting.name] |= value if isinstance(value, dict) else {column: value}
    columns = dict.fromkeys(column for conditions in facts.values() for column in conditions)
    particular = [
        column
        for column in columns
        if len({str(conditions.get(column)) for conditions in facts.values()}) > 1
    ]
    return {
        setting.name: ", ".join(f"{column} {shown(facts[setting.name].get(column))}" for column in particular)
        or f"against {setting.control}"
        for setting in found
    }


class _Group:
    """Records of one variant of one run that agree in every column."""

    def __init__(self, records: Sequence[AnyRecord], plans: Plans) -> None:
        first = records[0]
        self.records, self.run, self.variant, self.kind = records, first.run_id, first.variant, first.kind
        self.conditions = {column: getattr(first, column) for column in _AGREEING[type(first)]}
        self.control = plans.control(self.run, self.variant)
        fields = plans.fields(self.run, self.variant)
        self.intended = {column for name in fields for column in COLUMNS_OF_FIELD.get(name, ())}

    def setting(self, number: int, control: str) -> Setting:
        """An empty setting under its conditions."""
        return Setting(kind=self.kind, number=number, control=control, conditions=self.conditions)

    def differing(self, setting: Setting) -> list[str]:
        """The columns in which it differs from a setting without intending to."""
        return [
            column
            for column, value in self.conditions.items()
            if value != setting.conditions[column] and not self._means(column, setting)
        ]

    def _means(self, column: str, setting: Setting) -> bool:
        """Whether it is to differ in a column; in the number of devices, and not in what they are."""
        if column == "device":
            one, other = self.conditions[column], setting.conditions[column]
            return column in self.intended and (one in other or other in one)
        return column in self.intended


def _place(group: _Group, controls: list[Setting], found: dict[Hashable, Setting]) -> None:
    """Put an arm's records into the setting they agree with, one of their own run first."""
    candidates = sorted(
        (setting for setting in controls if setting.control == group.control),
        key=lambda setting: (len(group.differing(setting)) > 0, group.run not in setting.runs),
    )
    if candidates and not group.differing(candidates[0]):
        candidates[0].add(group)
        return
    own = [setting for setting in candidates if group.run in setting.runs] or candidates
    nearest = min(own, key=lambda setting: len(group.differing(setting)), default=None)
    kept = {column: value for column, value in group.conditions.items() if column not in group.intended}
    setting = found.setdefault((None, group.control, _text(kept)), group.setting(len(found), group.control))
    setting.refusals[group.variant] = _reason(group, nearest)
    setting.add(group)


def _reason(group: _Group, nearest: Setting | None) -> str:
    if nearest is None:
        return f"there is no {group.kind} of the control {group.control}"
    return "they differ in " + " and in ".join(
        f"{column} ({arm} for {group.variant}, {control} for {group.control})"
        for name in group.differing(nearest)
        for column, arm, control in differences(name, group.conditions[name], nearest.conditions[name])
    )


def _text(value: Any) -> bytes:
    return msgspec.json.encode(value, order="sorted")
