"""Does local response normalization earn its keep?

Krizhevsky et al. 2012, section 3.3, normalise the maps of conv1 and conv2 across neighbouring kernels and
report that it "reduces our top-1 and top-5 error rates by 1.4% and 1.2%". Later work found no effect.

    bench run --variants @lrn

Costs about a minute with the quick preset on two CPU cores.
"""

from alexnet_bench import ALEXNET, Ablation, Claim

LRN = Ablation(
    name="lrn",
    factor="normalization",
    control=ALEXNET.but("lrn"),
    arms=[ALEXNET.but("no-lrn", normalization="none")],
    claims=[
        Claim(
            says="LRN lowers top-1 error by 1.4 and top-5 error by 1.2 points",
            source="Krizhevsky et al. 2012, section 3.3",
            setup="ImageNet (ILSVRC-2010), the paper's network",
        ),
        Claim(
            says="LRN lowers test error from 13% to 11%",
            source="Krizhevsky et al. 2012, section 3.3",
            setup="CIFAR-10, a four-layer network",
        ),
    ],
)
