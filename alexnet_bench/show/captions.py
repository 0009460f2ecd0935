"""The conditions of a setting in words, as figures and tables print them."""

from alexnet_bench.analysis.conditions import Setting
from alexnet_bench.analysis.plans import present, succeeded
from alexnet_bench.words import counted, listed


def trial_conditions(setting: Setting) -> list[str]:
    """Data set, topology, training, seeds and machine of a setting, in words."""
    known, trials = setting.conditions, succeeded(setting.rows)
    rates = "a learning rate tuned for each variant" if known.get("tuned") else "one learning rate for all"
    return [
        f"{known['dataset']}, {known['topology']}, {counted(known['epochs'], 'epoch')}, "
        f"batch {known['batch_size']}, {known['precision']}, recipe {known['recipe']}, {rates}; "
        + _seeds(present(trials["seed"])),
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
    own = setting.conditions["device"]
    devices = [device.replace(f" ({own})", "") for device in present(setting.of(variant)["device"])]
    return "" if devices == [own] else ", ".join(devices)


def _seeds(seeds: list[int]) -> str:
    return f"{'seed' if len(seeds) == 1 else 'seeds'} {listed(seeds)}" if seeds else "no trial went well"


def _draws(setting: Setting) -> str:
    """How many draws of each network went well; the control may have been drawn beside other arms too."""
    draws = succeeded(setting.rows).drop_duplicates(["variant", "run_id", "draw"])
    counts = draws.groupby("variant").size()
    if counts.empty:
        return "no draw went well"
    arms = counts.drop(setting.control, errors="ignore")
    if setting.control not in counts or arms.empty or counts[setting.control] == arms.max():
        return f"{counted(int(counts.max()), 'draw')} of each network"
    return f"{counted(int(arms.max()), 'draw')} of each network ({counts[setting.control]} of the control)"
