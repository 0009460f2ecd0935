"""Is the famous sixfold speed the unit's, or the initial weights'?

Krizhevsky et al. 2012, section 3.1 and Figure 1: "a four-layer convolutional neural network with ReLUs
reaches a 25% training error rate on CIFAR-10 six times faster than an equivalent network with tanh neurons.
The learning rates for each network were chosen independently to make training as fast as possible." Neither
sizes nor initial weights are given, so each of three kinds of weights has its own pair: N(0, 0.01) as in the
paper's section 5, Glorot's and He's. Each tanh network is held against the ReLU network of its pair.

    bench run --variants @figure-1-* --topology four-layer-32 --recipe figure-1 --dataset cifar10:PATH

with `--measure accuracy --tune lr --seeds 4`.

Costs about 200 minutes on two CPU cores, with the quick preset's epochs set by the recipe: see the README.
"""

from alexnet_bench import ALEXNET, Ablation, Claim, LoggedRuns

from . import _lab_log


def _pair(name, initialization):
    relu = ALEXNET.but(
        f"relu-{name}", towers=1, normalization="none", recipe={"initialization": initialization}
    )
    return Ablation(
        name=f"figure-1-{name}",
        factor="activation",
        control=relu,
        arms=[relu.but(f"tanh-{name}", activation="tanh")],
        claims=[
            Claim(
                says=f"ReLU reaches 25% training error six times faster than tanh ({initialization} weights)",
                source="Krizhevsky et al. 2012, section 3.1, Figure 1",
                setup="CIFAR-10, a four-layer network, no regularisation, rates chosen for each",
                arm=f"tanh-{name}",
                measure="epochs_to_25_percent",
                predicts="higher",
                size=6.0,
                dataset="cifar10",
                topology="four-layer-32",
                logged=LoggedRuns(
                    source=_lab_log.RELEASE,
                    compared="no run with tanh is in the release: its network is not known",
                ),
            )
        ],
        apart=True,
    )


NORMAL, GLOROT, HE = _pair("normal", "paper"), _pair("glorot", "glorot"), _pair("he", "he")
