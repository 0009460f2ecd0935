"""What do ten crops of each test image bring?

Krizhevsky et al. 2012, section 4.1, average the network's predictions over five crops and their mirror
images; Table 1 gives 37.5% and 17.0% on ILSVRC-2010, against 39.0% and 18.3% for one crop.

    bench run --variants alexnet,@evaluation --measure accuracy

Costs about a minute with the quick preset on two CPU cores.
"""

from alexnet_bench import ALEXNET, Ablation, Claim

EVALUATION = Ablation(
    name="evaluation",
    factor="evaluation",
    control=ALEXNET,
    arms=[ALEXNET.but("ten-crops", evaluation="ten-crops")],
    claims=[
        Claim(
            says="ten crops lower top-1 error by 1.5 points",
            source="Krizhevsky et al. 2012, section 6",
            setup="ILSVRC-2010, the paper's network",
            arm="ten-crops",
            measure="top1_error",
            predicts="lower",
            size=1.5,
        ),
        Claim(
            says="ten crops lower top-5 error by 1.3 points",
            source="Krizhevsky et al. 2012, section 6",
            setup="ILSVRC-2010, the paper's network",
            arm="ten-crops",
            measure="top5_error",
            predicts="lower",
            size=1.3,
        ),
    ],
)
