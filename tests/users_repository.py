"""A user's repository with ablations of its own."""

import os
import subprocess

BLOCK = """
from alexnet_bench import ALEXNET, Ablation, block


@block()
def plain(**layer):
    import keras

    class Wasteful(keras.layers.Layer):
        def call(self, inputs):
            # As much work as the matrix is large, which no compiler can leave out.
            matrix = keras.ops.mean(inputs) * keras.ops.ones(({size}, {size}))
            return keras.ops.tanh(inputs) + 1e-9 * keras.ops.mean(keras.ops.matmul(matrix, matrix))

    return Wasteful(**layer)


ARM = ALEXNET.but("plain", activation=plain)
MINE = Ablation(name="mine", factor="activation", control=ALEXNET, arms=[ARM])
"""


def git(folder, *arguments):
    identity = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a"}
    subprocess.run(
        ["git", "-C", folder, *arguments],
        check=True,
        capture_output=True,
        env=os.environ | identity | {"GIT_COMMITTER_EMAIL": "a@b"},
    )
