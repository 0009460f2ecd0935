"""The conditions of a setting in words, as figures and tables print them."""

from alexnet_bench.analysis.conditions import Setting
from alexnet_bench.words import counted, distinct, listed


def trial_conditions(setting: Setting) -> list[str]:
    """Data set, topology, training, seeds and machine of a setting, in words."""
    known = setting.conditions
    rates = "a learning rate tuned for each variant" if known.get("tuned") else "one learning rate for all"
    return [
        f"{known['dataset']}, {known['topology']}, {counted(known['epochs'], 'epoch')}, "
        f"batch {known['batch_size']}, {known['precision']}, recipe {known['recipe']}, {rates}; "
        + _seeds(distinct(trial.seed for trial in setting.succeeded)),
        where(setting),
    ]


def draw_conditions(setting: Setting) -> list[str]:
    """Topology, batch, draws and device of a setting, in words."""
    known = setting.conditions
    return [
        f"{known['topology']}, batch {known['batch_size']}, {known['precision']}, {_draws(setting)}",
        where(setting),
    ]


def where(setting: Setting) -> str:
    """What a setting ran on, and the variants that ran on another device than the control."""
    known = setting.conditions
    others = [
        f"{variant} on {device}" for variant in setting.variants if (device := other_device(setting, variant))
    ]
    return "; ".join([f"on {known['device']}, {counted(known['threads'], 'thread')}", *others])


def other_device(setting: Setting, variant: str) -> str:
    """What a variant ran on, where it is not what the control ran on; without the name they share."""
    own, used = setting.conditions["device"], distinct(record.device for record in setting.of(variant))
    devices = [device.replace(f" ({own})", "") for device in used]
    return "" if devices == [own] else ", ".join(devices)


def _seeds(seeds: list[int]) -> str:
    return f"{'seed' if len(seeds) == 1 else 'seeds'} {listed(seeds)}" if seeds else "no trial succeeded"


def _draws(setting: Setting) -> str:
    """How many draws of each network succeeded; the control may have been drawn beside other arms too."""
    counts = {
        name: len({(draw.run_id, draw.draw) for draw in setting.of(name) if draw.succeeded})
        for name in setting.variants
    }
    counts = {name: count for name, count in counts.items() if count}
    if not counts:
        return "no draw succeeded"
    most = max((count for name, count in counts.items() if name != setting.control), default=0)
    control = counts.get(setting.control, 0)
    if not most or control in (0, most):
        return f"{counted(max(counts.values()), 'draw')} of each network"
    return f"{counted(most, 'draw')} of each network ({control} of the control)"
