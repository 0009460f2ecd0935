"""What workers are forked from has touched no device: CUDA cannot be used after a fork."""

import subprocess
import sys

IMPORTS = """
import importlib
from alexnet_bench.worker import zygote

zygote._import_keras()
for name in zygote.PRELOADED:
    importlib.import_module(name)

from tensorflow.python.eager import context

assert context.context_safe() is None, "TensorFlow has looked for devices"
"""


def test_importing_what_workers_need_touches_no_device():
    done = subprocess.run([sys.executable, "-c", IMPORTS], capture_output=True, text=True)

    assert done.returncode == 0, done.stderr[-2000:]
