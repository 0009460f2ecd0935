"""Do rectified linear units learn faster than tanh?

Krizhevsky et al. 2012, section 3.1 and Figure 1: a four-layer network with ReLU reaches 25% training error
on CIFAR-10 six times faster than one with tanh, each at the learning rate that suits it best.

    bench run --variants alexnet,@activation --tune lr

Costs about a minute with the quick preset on two CPU cores, and several with `--tune lr`.
"""

from alexnet_bench import ALEXNET, Ablation, Claim

ACTIVATION = Ablation(
    name="activation",
    factor="activation",
    control=ALEXNET,
    arms=[ALEXNET.but("tanh", activation="tanh")],
    claims=[
        Claim(
            says="ReLU reaches 25% training error in a sixth of the iterations that tanh takes",
            source="Krizhevsky et al. 2012, section 3.1, Figure 1",
            setup="CIFAR-10, a four-layer network, no regularisation, rates chosen for each",
        )
    ],
)
