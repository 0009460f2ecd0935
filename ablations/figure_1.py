"""Is the famous sixfold speed the unit's, or the initial weights' and the pixels'?

Krizhevsky et al. 2012, section 3.1 and Figure 1: "a four-layer convolutional neural network with ReLUs
reaches a 25% training error rate on CIFAR-10 six times faster than an equivalent network with tanh neurons.
The learning rates for each network were chosen independently to make training as fast as possible." Neither
sizes, initial weights nor pixels are given, so each of four kinds of weights has its own pair, with
standardized pixels and with raw ones (0 to 255 less the mean image): N(0, 0.01) as in the paper's section 5,
`theirs` (the same but 0.0001 in conv1, as in cuda-convnet's examples), Glorot's and He's. Each tanh network
is held against the ReLU network of its pair. `--topology` says which four layers: `four-layer-32`, or
cuda-convnet's `19pct` (which `18pct` is without its normalizations, as all are here) or `13pct` (where
`theirs` is without its locally connected layers' 0.04).

    bench run --variants @figure-1-* --topology four-layer-32 --recipe figure-1 --dataset cifar10:PATH

with `--measure accuracy --tune lr --seeds 4`.

Costs about 60 minutes a pair on two CPU cores, with the quick preset's epochs set by the recipe.
"""

from alexnet_bench import ALEXNET, Ablation, Claim, LoggedRuns

from . import _lab_log

WEIGHTS = {
    "normal": {"initialization": "paper"},
    "theirs": {"initialization": "paper", "layers": {"conv1": {"deviation": 1e-4}}},
    "glorot": {"initialization": "glorot"},
    "he": {"initialization": "he"},
}
# cuda-convnet's rate: raw pixels deviate by about 60 and not by 1.
PIXELS = {"": {}, "-raw": {"pixels": "mean-image", "learning_rate": 0.001}}


def _pair(weights, pixels):
    name, recipe = f"{weights}{pixels}", WEIGHTS[weights] | PIXELS[pixels]
    relu = ALEXNET.but(f"relu-{name}", towers=1, normalization="none", recipe=recipe)
    return Ablation(
        name=f"figure-1-{name}",
        factor="activation",
        control=relu,
        arms=[relu.but(f"tanh-{name}", activation="tanh")],
        claims=[
            Claim(
                says=f"ReLU reaches 25% training error six times faster than tanh ({_said(weights, pixels)})",
                source="Krizhevsky et al. 2012, section 3.1, Figure 1",
                setup="CIFAR-10, a four-layer network, no regularisation, rates chosen for each",
                arm=f"tanh-{name}",
                measure="epochs_to_25_percent",
                predicts="higher",
                size=6.0,
                dataset="cifar10",
                topology=("four-layer-32", "19pct", "13pct"),
                logged=LoggedRuns(
                    source=_lab_log.RELEASE,
                    compared="no run with tanh is in the release: its network is not known",
                ),
            )
        ],
        apart=True,
    )


def _said(weights, pixels):
    shown = {"normal": "paper", "theirs": "cuda-convnet's"}.get(weights, weights)
    return f"{shown} weights{', raw pixels' if pixels else ''}"


NORMAL, GLOROT, HE, THEIRS = (_pair(weights, "") for weights in ("normal", "glorot", "he", "theirs"))
NORMAL_RAW, GLOROT_RAW, HE_RAW, THEIRS_RAW = (
    _pair(weights, "-raw") for weights in ("normal", "glorot", "he", "theirs")
)
