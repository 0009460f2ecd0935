"""Is the input 224 or 227 pixels wide?

Krizhevsky et al. 2012, section 3.5, say 224, but (224 - 11) / 4 is no whole number. Read as 227 pixels
without padding or as 224 with a margin of 2 zeros, conv1's maps are 55x55 either way. The small
topologies apply the same choice to their own input.

    bench run --variants alexnet,@input-size

Costs about a minute with the quick preset on two CPU cores.
"""

from alexnet_bench import ALEXNET, Ablation

INPUT_SIZE = Ablation(
    name="input-size",
    factor="input",
    control=ALEXNET,
    arms=[ALEXNET.but("pad-224", input="padded")],
)
