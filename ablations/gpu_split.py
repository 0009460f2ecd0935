"""What do two towers, and two GPUs, bring?

Krizhevsky et al. 2012, section 3.2, put half of the kernels on each of two GPUs, which talk in conv3 and the
fully connected layers only. It "reduces our top-1 and top-5 error rates by 1.7% and 1.2%" against the
one-GPU network, which has half the kernels in every convolution but the last, and trains slightly faster.
That network (`one-gpu`) is not the dense one of equal width (`single-tower`): two questions.

    bench run --variants alexnet,@towers,@gpu-split

`data-parallel` is how two GPUs are used today: each holds the whole network, and trains on half of every
batch.

Costs about three minutes with the quick preset on two CPU cores. Where there are no two GPUs, `two-gpu` and
`data-parallel` run on two logical CPU devices, and every table says so.
"""

from alexnet_bench import ALEXNET, Ablation, Claim, LoggedRuns

from . import _lab_log

# Top-1 and top-5 error of the network of one GPU, in percent.
RUN_145_HALF = {1: 39.168, 5: 18.229}

SINGLE_TOWER = ALEXNET.but("single-tower", towers=1)
ONE_GPU = ALEXNET.but("one-gpu", towers=1, kernels="half")

TOWERS = Ablation(
    name="towers",
    factor="several",
    control=ALEXNET,
    arms=[SINGLE_TOWER, ONE_GPU],
    claims=[
        *(
            Claim(
                says=f"the two-GPU network lowers top-{k} error by {points} points",
                source="Krizhevsky et al. 2012, section 3.2",
                setup="ImageNet, against the one-GPU network with half the kernels",
                arm="one-gpu",
                measure=f"top{k}_error",
                predicts="higher",
                size=points,
                logged=LoggedRuns(
                    source=f"{_lab_log.RELEASE}, layers/layer-params-145-half.cfg and -145-2010.cfg",
                    compared="run 145-half against run 145-2010",
                    images=_lab_log.TEST_2010,
                    arm=RUN_145_HALF[k],
                    control=_lab_log.RUN_145_OF_2010[k],
                    differed="conv5 keeps all of its kernels",
                ),
            )
            for k, points in ((1, 1.7), (5, 1.2))
        ),
        Claim(
            says="the two-GPU network trains slightly faster than the one-GPU network",
            source="Krizhevsky et al. 2012, section 3.2",
            setup="ImageNet, two GTX 580 against one",
            untested="it takes two GPUs",
        ),
        Claim(
            says="of the first layer's filters, one tower's are colour-agnostic, the other's colour-specific",
            source="Krizhevsky et al. 2012, section 6.1, Figure 3",
            setup="ImageNet, two towers",
            untested="filters are judged by eye",
        ),
    ],
)

GPU_SPLIT = Ablation(
    name="gpu-split",
    factor="placement",
    control=ALEXNET,
    arms=[ALEXNET.but("two-gpu", placement="split"), ALEXNET.but("data-parallel", placement="data-parallel")],
)
