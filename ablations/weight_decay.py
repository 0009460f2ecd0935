"""Does weight decay help the network to learn?

Krizhevsky et al. 2012, section 5: "this small amount of weight decay was important for the model to learn. In
other words, weight decay here is not merely a regularizer: it reduces the model's training error."

    bench run --variants alexnet,@weight-decay --measure accuracy

Costs about a minute with the quick preset on two CPU cores.
"""

from alexnet_bench import ALEXNET, Ablation, Claim

WEIGHT_DECAY = Ablation(
    name="weight-decay",
    factor="recipe.weight_decay",
    control=ALEXNET,
    arms=[ALEXNET.but("no-weight-decay", recipe={"weight_decay": 0.0})],
    claims=[
        Claim(
            says="weight decay of 0.0005 lowers training error",
            source="Krizhevsky et al. 2012, section 5",
            setup="ImageNet, the paper's network",
            arm="no-weight-decay",
            measure="train_error",
            predicts="higher",
        )
    ],
)
