"""What do ten crops of each test image bring?

Krizhevsky et al. 2012, section 4.1, average the network's predictions over five crops and their mirror
images; Table 1 gives 37.5% and 17.0% on ILSVRC-2010, against 39.0% and 18.3% for one crop.

    bench run --variants alexnet,@evaluation --measure accuracy

Costs about a minute with the quick preset on two CPU cores.
"""

from alexnet_bench import ALEXNET, Ablation, Claim, LoggedRuns

from . import _lab_log

# Top-1 and top-5 error of run 145-2010 on the centre crop, in percent.
CENTRE_CROP = {1: 39.025, 5: 18.295}

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
            logged=LoggedRuns(
                source=f"{_lab_log.RELEASE}, layers/layer-params-145-2010.cfg",
                compared="run 145-2010, ten crops against the centre crop",
                images="ILSVRC-2010 test images",
                arm=_lab_log.RUN_145_OF_2010[k],
                control=CENTRE_CROP[k],
            ),
        )
        for k, points in ((1, 1.5), (5, 1.3))
    ],
)
