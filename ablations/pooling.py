"""Does it matter that pooling windows overlap?

Krizhevsky et al. 2012, section 3.4: 3x3 windows 2 pixels apart lower "the top-1 and top-5 error rates by
0.4% and 0.3%" against 2x2 windows, which give maps of the same size.

    bench run --variants alexnet,@pooling

Costs about a minute with the quick preset on two CPU cores.
"""

from alexnet_bench import ALEXNET, Ablation, Claim

from . import _lab_log

# Top-1 and top-5 error of the run with 2x2 windows, in percent.
RUN_147 = {1: 41.058, 5: 18.510}

POOLING = Ablation(
    name="pooling",
    factor="pooling",
    control=ALEXNET,
    arms=[ALEXNET.but("non-overlapping-pooling", pooling="non-overlapping")],
    claims=[
        *(
            Claim(
                says=f"overlapping pooling lowers top-{k} error by {points} points",
                source="Krizhevsky et al. 2012, section 3.4",
                setup="ImageNet, maps of equal size",
                arm="non-overlapping-pooling",
                measure=f"top{k}_error",
                predicts="higher",
                size=points,
                logged=_lab_log.against_145(147, RUN_147, k, "each run has a schedule of its own"),
            )
            for k, points in ((1, 0.4), (5, 0.3))
        ),
        Claim(
            says="networks with overlapping pooling are slightly harder to overfit",
            source="Krizhevsky et al. 2012, section 3.4",
            setup="ImageNet, the paper's network",
            arm="non-overlapping-pooling",
            measure="gap",
            predicts="higher",
        ),
    ],
)
