"""Does dropout prevent overfitting, and what does it cost?

Krizhevsky et al. 2012, section 4.2, drop half of the outputs of fc6 and fc7 while training: "without
dropout, our network exhibits substantial overfitting. Dropout roughly doubles the number of iterations
required to converge."

    bench run --variants alexnet,@dropout

Costs about a minute with the quick preset on two CPU cores.
"""

from alexnet_bench import ALEXNET, Ablation, Claim

DROPOUT = Ablation(
    name="dropout",
    factor="dropout",
    control=ALEXNET,
    arms=[ALEXNET.but("no-dropout", dropout=0.0), ALEXNET.but("dropout-0.2", dropout=0.2)],
    claims=[
        Claim(
            says="without dropout the network overfits substantially",
            source="Krizhevsky et al. 2012, section 4.2",
            setup="ImageNet, the paper's network",
            arm="no-dropout",
            measure="gap",
            predicts="higher",
        ),
        Claim(
            says="dropout roughly doubles the iterations to converge",
            source="Krizhevsky et al. 2012, section 4.2",
            setup="ImageNet, the paper's network",
            untested="under a schedule of fixed length every network converges when the rate drops",
        ),
    ],
)
