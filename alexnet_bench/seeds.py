"""Every random draw has its own seed, made of the trial's seed, the purpose and the layer's name.

So removing one layer changes no other layer's draws.
"""

import hashlib

# From here on, trials choose learning rates for those that count.
FIRST_TUNING_SEED = 1_000_000


def derive_seed(seed: int, purpose: str, name: str = "") -> int:
    """A seed in [0, 2**31) for one purpose ("weights", "dropout", "order"…) and one layer."""
    digest = hashlib.sha256(f"{seed}/{purpose}/{name}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1
