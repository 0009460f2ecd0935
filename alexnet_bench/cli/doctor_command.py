"""`bench doctor`."""

import math
from typing import Any

import click

from alexnet_bench.cli import options
from alexnet_bench.cli.terminal import say_json, say_prose
from alexnet_bench.words import counted

GIGA = 1e9


@click.command(epilog="Example: bench doctor --budget 1m")
@click.option(
    "--budget",
    type=options.SECONDS,
    default="40s",
    show_default=True,
    help="How long to time a network against itself; longer shows a lower floor.",
)
@options.devices
@options.as_json
def command(budget: float, devices: str, as_json: bool) -> None:
    """Say what this machine computes with, its peak and noise floor, and what would spoil results."""
    from rich.console import Console

    from alexnet_bench.run.doctor import examine

    console = Console(stderr=True, quiet=as_json)
    with console.status("start") as status:
        found = examine(budget, devices, on_event=lambda event: status.update(event))
    if as_json:
        say_json(found, indent=2)
    else:
        _print(found)


def _print(found: dict[str, Any]) -> None:
    environment, floor, peak = found["environment"], found["noise_floor"], found["peak"]
    facts = {
        "machine": f"{environment['cpu']}, {counted(environment['cores'], 'core')}, "
        f"{environment['memory_bytes'] / 2**30:.0f} GiB, {environment['platform']}",
        "device": f"{found['device']}, {counted(found['threads'], 'thread')}",
        "GPUs": ", ".join(found["gpus"]["visible"]) or "none",
        "versions": _listed(environment["versions"]),
        "build": _listed(found["build"]),
        "revision": found["git_commit"] or "no checkout",
        "settings": _listed(found["machine"]),
        "peak": f"{peak['flops_per_second'] / GIGA:,.0f} GFLOP/s in a matrix product, "
        f"{peak['bytes_per_second'] / GIGA:,.0f} GB/s in a pass over memory"
        if peak
        else "could not be measured",
        "load": f"others {found['load']['others_share']:.1%}, the host {found['load']['steal_share']:.1%}",
        "noise floor": _floor(floor),
    }
    width = max(map(len, facts))
    for name, value in facts.items():
        say_prose(f"{name:<{width}}  {value}", indent=width + 2)
    print()
    for complaint in found["complaints"]:
        say_prose(f"- {complaint}", indent=2)
    if not found["complaints"]:
        print("Nothing here would spoil results.")
    if missing := found["gpus"]["missing"]:
        print("\nTo run on GPUs:")
    for line in missing:
        say_prose(f"- {line}", indent=2)


def _floor(floor: dict[str, Any]) -> str:
    from alexnet_bench.show.numbers import change_text

    if floor["ratio"] is None:
        return "nothing could be timed"
    change = change_text(
        *(math.nan if floor[name] is None else floor[name] for name in ("ratio", "low", "high"))
    )
    return f"{change} for {floor['what']}; {counted(floor['draws'], 'draw')}, {floor['seconds']:.0f} s"


def _listed(facts: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in facts.items() if value is not None)
