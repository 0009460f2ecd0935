"""Do rectified linear units learn faster than saturating ones?

Krizhevsky et al. 2012, section 3.1 and Figure 1: a four-layer network with ReLU reaches 25% training error
on CIFAR-10 six times faster than one with tanh, each at the learning rate that suits it best. LeCun's
scaled tanh and the sigmoid saturate too; GELU is what many would take today. The
experiment of Figure 1 itself is in `figure_1.py`.

    bench run --variants alexnet,@activation --tune lr

Costs about two minutes with the quick preset on two CPU cores, and several with `--tune lr`.
"""

from alexnet_bench import ALEXNET, Ablation, Claim, block


@block()
def scaled_tanh(**layer):
    """1.7159 tanh(2x/3), of LeCun et al. 1998, Efficient BackProp."""
    import keras

    return keras.layers.Activation(lambda x: 1.7159 * keras.ops.tanh(x * (2 / 3)), **layer)


@block()
def sigmoid(**layer):
    """1 / (1 + exp(-x))."""
    import keras

    return keras.layers.Activation("sigmoid", **layer)


@block()
def gelu(**layer):
    """x times the normal distribution of x."""
    import keras

    return keras.layers.Activation("gelu", **layer)


ACTIVATION = Ablation(
    name="activation",
    factor="activation",
    control=ALEXNET,
    arms=[
        ALEXNET.but("tanh", activation="tanh"),
        ALEXNET.but("scaled-tanh", activation=scaled_tanh),
        ALEXNET.but("sigmoid", activation=sigmoid),
        ALEXNET.but("gelu", activation=gelu),
    ],
    claims=[
        Claim(
            says="networks with ReLU train several times faster than with tanh",
            source="Krizhevsky et al. 2012, section 3.1",
            setup="CIFAR-10, a four-layer network, rates chosen for each",
            arm="tanh",
            measure="epochs_to_25_percent",
            predicts="higher",
        )
    ],
)
