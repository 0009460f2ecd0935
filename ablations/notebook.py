"""What is left of AlexNet in the usual Keras notebook?

Teaching notebooks build AlexNet as one dense tower without local response normalization: 62,378,344
parameters. Their training (Adam, 1e-4) is `--recipe notebook`.

    bench run --variants alexnet,notebook

Costs about a minute with the quick preset on two CPU cores.
"""

from alexnet_bench import ALEXNET, Ablation

NOTEBOOK = Ablation(
    name="notebook",
    factor="several",
    control=ALEXNET,
    arms=[ALEXNET.but("notebook", towers=1, normalization="none")],
)
