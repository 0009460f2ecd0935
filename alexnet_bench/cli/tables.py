"""Tables on the terminal."""

from typing import Any

from rich.console import Console
from rich.table import Table

from alexnet_bench.cli.terminal import say
from alexnet_bench.words import plain

GIB, MIB = 2**30, 2**20


def print_table(
    columns: list[str], rows: list[list[str]], title: str | None = None, wrap: bool = False
) -> None:
    """A table whose columns after the first are right-aligned where all their cells are numbers."""
    title = None if title is None else plain(title)
    table = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for index, name in enumerate(columns):
        numeric = rows and all(_is_number(row[index]) for row in rows)
        table.add_column(
            plain(name),
            justify="right" if numeric else "left",
            overflow="fold",
            no_wrap=index == 0 and not wrap,
        )
    for row in rows:
        table.add_row(*map(plain, row))
    # A name in brackets is no markup, and one in colons no emoji.
    Console(highlight=False, markup=False, emoji=False).print(table)


def print_summary(summary: Any) -> None:
    """What `bench run` ends with: a row a variant, the columns that were measured."""
    columns = {
        "variant": "variant",
        "error_percent": f"{summary['error_name'].iloc[0]}, %",
        "seeds_ok": "seeds",
        "training_images_per_second": "training images/s",
        "inference_images_per_second": "inference images/s",
        "training_utilization": "of the peak",
    }
    measured = [name for name in columns if not summary[name].isna().all()]
    if not summary["seeds_ok"].any():
        measured.remove("seeds_ok")
    several = [name for name in ("time_precision", "time_batch_size") if summary[name].nunique() > 1]
    columns |= {"time_precision": "precision", "time_batch_size": "batch"}
    measured[1:1] = several
    peak = summary["training_utilization"].map(lambda share: f"{share:.0%}", na_action="ignore")
    shown = summary.assign(training_utilization=peak)[measured]
    rows = [[_shown(value) for value in row] for row in shown.itertuples(index=False)]
    print_table([columns[name] for name in measured], rows)
    for device, variants in summary.groupby("device", sort=False)["variant"]:
        say(f"\non {device}: {', '.join(dict.fromkeys(variants))}")


def print_verdicts(effects: Any) -> None:
    """What `bench run` says of each arm that was judged."""
    from alexnet_bench.show.tables import row_text, verdict_text

    rows = [
        [row.arm, row.control, row.label, row_text(row), verdict_text(row)]
        for row in effects[effects["verdict"] != ""].itertuples()
    ]
    if rows:
        say()
        print_table(["arm", "against", "measure", "change [95%]", "verdict"], rows)


def print_plan(plan: dict[str, Any]) -> None:
    """What `--dry-run` shows."""
    cost, columns = plan["estimate"], ["variant", "held against", "timed", "differs from alexnet in"]
    rows = [
        [name, _held_against(name, plan), _timed(name, plan), variant["difference"]]
        for name, variant in plan["variants"].items()
    ]
    kept = [index for index in range(len(columns)) if any(row[index] for row in rows)]
    print_table([columns[index] for index in kept], [[row[index] for index in kept] for row in rows])
    say()
    if "accuracy" in plan["measures"]:
        say(
            f"accuracy:   {_at_most(plan)}{cost['trials']} trials of {plan['epochs']} epochs: "
            f"{plan['topology']}, {plan['dataset']}, recipe {plan['recipe']}, batch {plan['batch_size']}"
        )
    if plan["timed"]:
        say(
            f"throughput: {cost['draws']} draws of {plan['rounds']} rounds: {plan['time_topology']}, "
            f"batch {', '.join(map(str, plan['time_batch_sizes']))}{_until(plan)}"
        )
    for name, other in plan["aliases"].items():
        timed = ", timed under both names" if {name, other} <= set(plan["timed"]) else ""
        say(f"            {name} is the same network as {other}: trained once{timed}")
    for note in plan_notes(plan):
        say(f"note:       {note}")
    say(
        f"estimate:   {_duration(cost['seconds'])}, {cost['memory_bytes'] / GIB:.1f} GiB of memory, "
        f"{cost['disk_bytes'] / MIB:.0f} MiB of disk"
    )


def plan_notes(plan: dict[str, Any]) -> list[str]:
    """What a run does that its command does not say: controls that are added, variants that are not timed."""
    from alexnet_bench.words import joined

    arms = {name: _arms(plan["controls"], name) for name in plan["added_controls"]}
    alike = {name: _arms(plan["same_step"], name) for name in dict.fromkeys(plan["same_step"].values())}
    return [
        *([f"{plan['control_given']} is the control of all, as asked"] if plan["control_given"] else []),
        *(f"{name} is added, as the control of {joined(its)}" for name, its in arms.items()),
        *(f"same step as {name}, so not timed: {', '.join(its)}" for name, its in alike.items()),
    ]


def print_comparison(found: Any, names: tuple[str, str]) -> None:
    """What `bench compare` ends with: a row a variant and measure."""
    rows = [
        [
            row.variant,
            row.measure,
            f"{row.precision}, {row.batch_size}",
            _shown(row.base),
            _shown(row.head),
            _effect(row),
            _median_step(row),
            _remark(row),
        ]
        for row in found
    ]
    columns = ["variant", "measure", "precision, batch", *names, "change [95%]", "ms/step (5-95%)", ""]
    kept = [index for index in range(len(columns)) if index < 2 or any(row[index] for row in rows)]
    print_table([columns[index] for index in kept], [[row[index] for index in kept] for row in rows])


def _effect(row: Any) -> str:
    if row.effect != row.effect:
        return ""
    if row.unit == "%":
        bounds = f" [{row.low:+.2f}, {row.high:+.2f}]" if row.low == row.low else ""
        return f"{row.effect:+.2f} points{bounds}"
    bounds = f" [{row.low - 1:+.2%}, {row.high - 1:+.2%}]" if row.low == row.low else ""
    return f"{row.effect - 1:+.2%}{bounds}"


def _median_step(row: Any) -> str:
    sides = [
        f"{median:,.1f} ({low:,.1f}-{high:,.1f})"
        for median, low, high in filter(None, (row.base_milliseconds, row.head_milliseconds))
    ]
    return " -> ".join(sides)


def _remark(row: Any) -> str:
    few = f"{row.pairs} pairs: no interval" if row.pairs and row.low != row.low else ""
    return "; ".join(filter(None, (row.note, few)))


def _arms(controls: dict[str, str], name: str) -> list[str]:
    return [arm for arm, control in controls.items() if control == name != arm]


def _held_against(name: str, plan: dict[str, Any]) -> str:
    control = str(plan["controls"][name])
    return "" if control == name else control


def _timed(name: str, plan: dict[str, Any]) -> str:
    same, timed = plan["same_step"], "yes" if name in plan["timed"] else "no"
    return "" if not same else f"same step as {same[name]}" if name in same else timed


def _at_most(plan: dict[str, Any]) -> str:
    return f"looks at {', '.join(map(str, plan['looks']))} seeds, at most " if plan["looks"] else ""


def _until(plan: dict[str, Any]) -> str:
    """When timing ends, where that is not after a number of draws."""
    ends = [
        f"each ratio is known to ±{plan['interval']:.2%}" if plan["interval"] else "",
        f"{_duration(plan['budget_seconds'])} have passed" if plan["budget_seconds"] else "",
    ]
    return f", at least; until {' or '.join(filter(None, ends))}" if any(ends) else ""


def _duration(seconds: float) -> str:
    minutes = seconds / 60
    return (
        f"{minutes / 60:.1f} hours"
        if minutes > 90
        else f"{minutes:.0f} minutes"
        if minutes >= 2
        else f"{seconds:.0f} s"
    )


def _shown(value: Any) -> str:
    if value is None or value != value:
        return ""
    return (
        f"{value:,.2f}"
        if isinstance(value, float)
        else f"{value:,}"
        if isinstance(value, int)
        else str(value)
    )


def _is_number(text: str) -> bool:
    return text.replace(",", "").replace(".", "").replace("%", "").replace("-", "").isdigit() or not text
