"""How much depends on the initial weights?

Krizhevsky et al. 2012, section 5, draw weights from N(0, 0.01) and start the biases of conv2, conv4, conv5,
fc6 and fc7 at 1, which "accelerates the early stages of learning by providing the ReLUs with positive
inputs". A replication found a flat loss with bias 1 and took 0.1. Small topologies start from He's weights
and bias 0, so there `he-weights` and `bias-0` are `alexnet`, and `paper-weights` asks what the paper's
would do.

    bench run --variants alexnet,@weights,@bias --measure accuracy

Costs about two minutes with the quick preset on two CPU cores.
"""

from alexnet_bench import ALEXNET, Ablation, Claim

WEIGHTS = Ablation(
    name="weights",
    factor="recipe.initialization",
    control=ALEXNET,
    arms=[
        ALEXNET.but(f"{name}-weights", recipe={"initialization": name}) for name in ("paper", "he", "glorot")
    ],
)

BIAS = Ablation(
    name="bias",
    factor="recipe.bias",
    control=ALEXNET,
    arms=[ALEXNET.but(f"bias-{bias:g}", recipe={"bias": bias}) for bias in (1.0, 0.1, 0.0)],
    claims=[
        Claim(
            says="bias 1 speeds the early stages of learning",
            source="Krizhevsky et al. 2012, section 5",
            setup="ImageNet, the paper's network",
            arm="bias-1",
            measure="early_validation_error",
            predicts="lower",
        )
    ],
)
