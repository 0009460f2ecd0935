"""What the lab log of the original network shows, run by run.

The comments at the end of the released code's `layers/layer-params-N.cfg` are Krizhevsky's log: what run N
changed, when he cut the learning rate, what it scored.
"""

from alexnet_bench import LoggedRuns

RELEASE = "github.com/computerhistory/AlexNet-Source-Code, revision 2f8b81f"
VALIDATION_2012, TEST_2010 = "ILSVRC-2012 validation images, ten crops", "ILSVRC-2010 test images, ten crops"
# Errors of one network, run 145's, under other learning-rate schedules, on the validation images: top-1 and
# top-5 of runs 145 (trained on), 155 to 158, 165, 169, 170 (twice), 171 and 174.
SIBLINGS = {
    1: (40.250, 40.744, 40.764, 41.114, 41.026, 40.982, 40.596, 40.528, 40.250, 40.420, 40.438),
    5: (17.994, 18.524, 18.350, 18.704, 18.538, 18.392, 18.112, 18.048, 18.116, 18.140, 18.042),
}
RUN_145 = {1: 40.664, 5: 18.210}
RUN_145_OF_2010 = {1: 37.473, 5: 16.999}


def against_145(number, errors, top, differed):
    """Run `number` against run 145, by top-1 or top-5 error on the 2012 validation images.

    Args:
        errors: the run's, by `top`, in percent.
        differed: what differed beside what the claim is about.
    """
    return LoggedRuns(
        source=f"{RELEASE}, layers/layer-params-{number}.cfg and -145.cfg",
        compared=f"run {number} against run 145",
        images=VALIDATION_2012,
        arm=errors[top],
        control=RUN_145[top],
        siblings=SIBLINGS[top],
        differed=differed,
    )
