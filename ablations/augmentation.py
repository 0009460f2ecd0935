"""How much of the error do crops, flips and colour noise take off?

Krizhevsky et al. 2012, section 4.1, train on random crops and their mirror images, "without which our
network suffers from substantial overfitting", and add PCA colour noise, which "reduces the top-1 error rate
by over 1%". Small topologies train without the colour noise, so there `no-colour-noise` is `alexnet`.

    bench run --variants alexnet,@augmentation --measure accuracy

Costs about a minute with the quick preset on two CPU cores.
"""

from alexnet_bench import ALEXNET, Ablation, Claim

AUGMENTATION = Ablation(
    name="augmentation",
    factor="recipe.augmentation",
    control=ALEXNET,
    arms=[
        ALEXNET.but("no-augmentation", recipe={"augmentation": "none"}),
        ALEXNET.but("no-colour-noise", recipe={"augmentation": "crops-and-flips"}),
    ],
    claims=[
        Claim(
            says="without crops and flips the network overfits substantially",
            source="Krizhevsky et al. 2012, section 4.1",
            setup="ImageNet, the paper's network",
            arm="no-augmentation",
            measure="gap",
            predicts="higher",
        ),
        Claim(
            says="PCA colour noise lowers top-1 error by over 1 point",
            source="Krizhevsky et al. 2012, section 4.1",
            setup="ImageNet, the paper's network",
            arm="no-colour-noise",
            measure="top1_error",
            predicts="higher",
            size=1.0,
        ),
    ],
)
