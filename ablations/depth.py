"""Does the network need all of its five convolutions?

Krizhevsky et al. 2012, section 7: "removing any of the middle layers results in a loss of about 2% for the
top-1 performance of the network." Each arm lacks one of the two convolutions that no pooling follows;
without conv3 the towers meet in fc6 alone.

    bench run --variants alexnet,@depth

Costs about two minutes with the quick preset on two CPU cores.
"""

from alexnet_bench import ALEXNET, Ablation, Claim

DEPTH = Ablation(
    name="depth",
    factor="removed",
    control=ALEXNET,
    arms=[ALEXNET.but("no-conv3", removed="conv3"), ALEXNET.but("no-conv4", removed="conv4")],
    claims=[
        Claim(
            says=f"removing a middle layer costs about 2 points of top-1 error ({arm})",
            source="Krizhevsky et al. 2012, section 7",
            setup="ImageNet, the paper's network",
            arm=arm,
            measure="top1_error",
            predicts="higher",
            size=2.0,
        )
        for arm in ("no-conv3", "no-conv4")
    ],
)
