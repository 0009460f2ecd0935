"""Which records may be compared: each setting holds a control and the arms measured as it was.

Two rows agree if they are equal in every column of `records.AGREEING` but those that the arm changes by
intent. An arm that agrees with no control is kept in a setting of its own, with the reason.
"""

import json
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from alexnet_bench.analysis.plans import Plans
from alexnet_bench.analysis.results import results
from alexnet_bench.records.schema import AGREEING, COLUMNS_OF_FIELD, columns_of, differences, shown

Conditions = dict[str, Any]


@dataclass(kw_only=True, eq=False)
class Setting:
    """Records that were measured alike.

    Args:
        kind: of the records.
        number: among the settings of its kind.
        control: name of the control.
        conditions: the agreeing columns of the control, or of the arms where there is none.
        records: all records of the report.
        members: the labels of its own among them.
        refusals: why an arm can be held against no control, by its name; empty where there is one.
    """

    kind: str
    number: int
    control: str
    conditions: Conditions
    records: pd.DataFrame
    members: list[int] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What `effects.csv` calls it."""
        return f"{self.kind}-{self.number}"

    @cached_property
    def rows(self) -> pd.DataFrame:
        """Its records, once it has all its members."""
        return self.records.loc[self.members]

    @property
    def runs(self) -> list[str]:
        """The runs that its records come from."""
        return list(dict.fromkeys(self.records.loc[self.members, "run_id"]))

    @property
    def variants(self) -> list[str]:
        """Its variants, in the order of the records."""
        return list(dict.fromkeys(self.rows["variant"]))

    def of(self, variant: str) -> pd.DataFrame:
        """The records of one variant."""
        return self._by_variant.get(variant, self.rows.iloc[:0])

    @cached_property
    def _by_variant(self) -> dict[Hashable, pd.DataFrame]:
        return dict(iter(self.rows.groupby("variant", sort=False)))


def settings(frame: pd.DataFrame, plans: Plans, kind: str) -> list[Setting]:
    """The settings of one kind of record, those with a control first.

    Training and inference draws share a setting.
    """
    records = results(frame, plans)
    columns = [
        column.name for column in columns_of(kind) if column.name in AGREEING and column.name != "mode"
    ]
    groups = [_Group(records, members, columns, plans) for members in _alike(records, kind, columns)]
    found: dict[Hashable, Setting] = {}
    for group in groups:
        if group.variant == group.control:
            key = (group.control, group.fingerprint, _text(group.conditions))
            found.setdefault(key, group.setting(len(found))).members.extend(group.members)
    controls = list(found.values())
    for group in groups:
        if group.variant != group.control:
            _place(group, controls, found)
    return list(found.values())


def distinguish(found: list[Setting]) -> dict[str, str]:
    """By name, what is particular to each of several settings; nothing where there is only one."""
    facts = {setting.name: _flat(setting.conditions) for setting in found}
    columns = dict.fromkeys(column for conditions in facts.values() for column in conditions)
    particular = [
        column for column in columns if len({conditions.get(column) for conditions in facts.values()}) > 1
    ]
    if len(found) < 2:
        return {}
    return {
        name: ", ".join(f"{column} {shown(conditions.get(column))}" for column in particular) or name
        for name, conditions in facts.items()
    }


def _flat(conditions: Conditions) -> Conditions:
    """The conditions, objects entry by entry."""
    flat: Conditions = {}
    for column, value in conditions.items():
        flat |= value if isinstance(value, dict) else {column: value}
    return flat


class _Group:
    """Records of one variant of one run that agree in every column."""

    def __init__(self, records: pd.DataFrame, members: list[int], columns: list[str], plans: Plans) -> None:
        first = records.loc[members[0]]
        self.records, self.members = records, members
        self.run, self.variant, self.kind = (str(first[name]) for name in ("run_id", "variant", "kind"))
        self.fingerprint = first["fingerprint"]
        self.conditions = {column: _plain(first[column]) for column in columns}
        self.control = plans.control(self.run, self.variant)
        fields = plans.fields(self.run, self.variant)
        self.intended = {column for name in fields for column in COLUMNS_OF_FIELD.get(name, ())}

    def setting(self, number: int) -> Setting:
        """An empty setting under its conditions."""
        return Setting(
            kind=self.kind,
            number=number,
            control=self.control,
            conditions=self.conditions,
            records=self.records,
        )

    def differing(self, setting: Setting) -> list[str]:
        """The columns in which it differs from a setting without intending to."""
        return [
            column
            for column, value in self.conditions.items()
            if column not in self.intended and value != setting.conditions[column]
        ]


def _place(group: _Group, controls: list[Setting], found: dict[Hashable, Setting]) -> None:
    """Put an arm's records into the setting they agree with, one of their own run first."""
    candidates = sorted(
        (setting for setting in controls if setting.control == group.control),
        key=lambda setting: (len(group.differing(setting)) > 0, group.run not in setting.runs),
    )
    if candidates and not group.differing(candidates[0]):
        candidates[0].members.extend(group.members)
        return
    own = [setting for setting in candidates if group.run in setting.runs] or candidates
    nearest = min(own, key=lambda setting: len(group.differing(setting)), default=None)
    kept = {column: value for column, value in group.conditions.items() if column not in group.intended}
    setting = found.setdefault((None, group.control, _text(kept)), group.setting(len(found)))
    setting.refusals[group.variant] = _reason(group, nearest)
    setting.members.extend(group.members)


def _reason(group: _Group, nearest: Setting | None) -> str:
    if nearest is None:
        return f"there is no {group.kind} of the control {group.control}"
    return "they differ in " + " and in ".join(
        f"{column} ({arm} for {group.variant}, {control} for {group.control})"
        for name in group.differing(nearest)
        for column, arm, control in differences(name, group.conditions[name], nearest.conditions[name])
    )


def _alike(records: pd.DataFrame, kind: str, columns: list[str]) -> Iterable[list[int]]:
    """The labels of a kind's records, grouped by run, variant, fingerprint and the columns given."""
    groups: dict[str, list[int]] = {}
    for label, row in records[records["kind"] == kind].iterrows():
        key = _text([_plain(row[column]) for column in ("run_id", "variant", "fingerprint", *columns)])
        groups.setdefault(key, []).append(int(str(label)))
    return groups.values()


def _plain(value: Any) -> Any:
    """A value as JSON has it: null for what is missing."""
    if isinstance(value, dict | list | str):
        return value
    if pd.isna(value):
        return None
    number = value.item() if hasattr(value, "item") else value
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
