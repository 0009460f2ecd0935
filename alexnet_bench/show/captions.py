"""The conditions of a setting in words, as figures and tables print them."""

from collections import Counter

from alexnet_bench.analysis.conditions import Setting
from alexnet_bench.words import counted, distinct, listed


def trial_conditions(setting: Setting) -> list[str]:
    """Data set, topology, training, seeds and machine of a setting, in words."""
    known = setting.conditions
    seeds = distinct(trial.seed for trial in setting.succeeded)
    named = f"{'seed' if len(seeds) == 1 else 'seeds'} {listed(seeds)}" if seeds else "no trial succeeded"
    return [
        f"{known['dataset']}, {known['topology']}, {counted(known['epochs'], 'epoch')}, "
        f"batch {known['batch_size']}, {known['precision']}, recipe {known['recipe']}, "
        f"{rates(known.get('tuned'), known.get('rate_per_seed'))}; {named}",
        _where(setting),
    ]


def draw_conditions(setting: Setting) -> list[str]:
    """Topology, batch, draws and device of a setting, in words."""
    known = setting.conditions
    return [
        f"{known['topology']}, batch {known['batch_size']}, {known['precision']}, {_draws(setting)}",
        _where(setting),
    ]


def rates(tuned: object, per_seed: object) -> str:
    """How learning rates were chosen."""
    if not tuned:
        return "one learning rate for all"
    return f"a learning rate tuned for each variant{' and seed' if per_seed else ''}"


def _where(setting: Setting) -> str:
    """What a setting ran on, and the variants that ran on another device than the control."""
    known = setting.conditions
    devices = {name: other_device(setting, name) for name in setting.variants}
    others = [f"{name} on {device}" for name, device in devices.items() if device]
    return "; ".join([f"on {known['device']}, {counted(known['threads'], 'thread')}", *others])


def other_device(setting: Setting, variant: str) -> str:
    """What a variant ran on, where it is not what the control ran on; without the name they share."""
    own, used = setting.conditions["device"], distinct(record.device for record in setting.of(variant))
    devices = [device.replace(f" ({own})", "") for device in used]
    return "" if devices == [own] else ", ".join(devices)


def _draws(setting: Setting) -> str:
    """How many draws of each network succeeded; the control may have been drawn beside other arms too."""
    drawn = {(draw.variant, draw.run_id, draw.draw) for draw in setting.succeeded}
    counts = Counter(variant for variant, *_ in drawn)
    control = counts.pop(setting.control, 0)
    most = max(counts.values(), default=0)
    if not most and not control:
        return "no draw succeeded"
    beside = f" ({control} of the control)" if most and control not in (0, most) else ""
    return f"{counted(most or control, 'draw')} of each network{beside}"
