"""Is the network that was trained the network of the paper?

The code of 2012 is public: repository computerhistory/AlexNet-Source-Code, revision 2f8b81f, files
`layers/layers-145.cfg`, `layers/layer-params-145.cfg`, `layer.py` and `convdata_jpeg.py`. It departs from
Krizhevsky et al. 2012 in eight ways. Each is an arm, and `alexnet-2012` is all of them:

- `code-order` (section 3.5): LRN, pooling, ReLU after conv1; pooling, ReLU after conv5. ReLU and the largest
  of some values may change places, so that this is LRN before ReLU in conv1, and nothing in conv5.
- `code-alpha` (section 3.3): LRN divides alpha by its 5 maps. This is `averaged-lrn` under another name.
- `code-second-norm` (section 3.3): after conv2's LRN a second normalization, within each map.
- `code-deviations` (section 5): weights of conv3 to conv5 start with a deviation of 0.03 and not 0.01.
- `code-bias-rate` (section 5): biases learn at twice the weights' rate, which is not cut with theirs.
- `code-conv1-stops` (section 5): from epoch 67 of 97 on, conv1 learns at a tenth of the others' rate (1e-5
  where theirs was 1e-4); from epoch 72 on, no more.
- `code-colour-noise` (section 4.1): it ends with epoch 67; until then, images are divided by 1.1.
- `code-shared-crops` (section 4.1): 32 images share a crop and a mirror image.

No departures, and so no arms: the biases of 1, and weights' decay that spares the biases. Code and paper take
the mean image off; here it is the mean colour in all arms.

The small AlexNets and `four-layer-32` start from He's weights in all layers and have no colour noise. So
`code-deviations` and `code-colour-noise` are `alexnet` there, and `alexnet-2012` is without them. (With 227
pixels, 0.03 is nearly He's deviation in these layers, 0.029 and 0.034.) With cuda-convnet's topologies and
recipes, which have no conv4 and conv5, `code-deviations` and `alexnet-2012` are refused. The questions are
about the network of 227 pixels: `all` leaves them out.

    bench run --variants @code-and-paper

Costs about 40 minutes with the quick preset on two CPU cores, most of it to time the network of 227 pixels.
"""

from alexnet_bench import ALEXNET, Ablation

from . import lrn

# Epochs 67 and 72 of the 97 of run 145, as shares of training.
EPOCH_67, EPOCH_72 = 0.69, 0.74

ORDER = {"order": "code-of-2012"}
ALPHA = {"normalization": lrn.averaged_lrn}
SECOND_NORM = {"second_normalization": "within-map-lrn"}
DEVIATIONS = {name: {"deviation": 0.03} for name in ("conv3", "conv4", "conv5")}
BIAS_RATE = {"bias_rate": 2.0, "bias_drops": ()}
CONV1_STOPS = {"conv1": {"drops": (EPOCH_67,), "stops": EPOCH_72}}
COLOUR_NOISE = {"colour_noise_ends": EPOCH_67}
SHARED_CROPS = {"crops_shared_by": 32}

CODE_AND_PAPER = Ablation(
    name="code-and-paper",
    factor="several",
    control=ALEXNET,
    arms=[
        ALEXNET.but("code-order", **ORDER),
        ALEXNET.but("code-alpha", **ALPHA),
        ALEXNET.but("code-second-norm", **SECOND_NORM),
        ALEXNET.but("code-deviations", recipe={"layers": DEVIATIONS}),
        ALEXNET.but("code-bias-rate", recipe=BIAS_RATE),
        ALEXNET.but("code-conv1-stops", recipe={"layers": CONV1_STOPS}),
        ALEXNET.but("code-colour-noise", recipe=COLOUR_NOISE),
        ALEXNET.but("code-shared-crops", recipe=SHARED_CROPS),
        ALEXNET.but(
            "alexnet-2012",
            **ORDER,
            **ALPHA,
            **SECOND_NORM,
            recipe=BIAS_RATE | COLOUR_NOISE | SHARED_CROPS | {"layers": CONV1_STOPS | DEVIATIONS},
        ),
    ],
    apart=True,
)
