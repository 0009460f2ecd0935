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
            says=f"ten crops lower top-{k} error by {points} points",
            source="Krizhevsky et al. 2012, section 6",
            setup="ILSVRC-2010, the paper's network",
            arm="ten-crops",
            measure=f"top{k}_error",
            predicts="lower",
            size=points,
        )
        for k, points in ((1, 1.5), (5, 1.3))
    ],
)
