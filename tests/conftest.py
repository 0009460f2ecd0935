import contextlib
import io
import os
import textwrap
from typing import NamedTuple

import hypothesis
import pytest
from users_repository import BLOCK, git

# A loaded machine is slow, and a failure must come again: neither deadlines nor fresh examples.
hypothesis.settings.register_profile("repeatable", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("repeatable")


def pytest_configure(config):
    """Without --benchmark-only or --benchmark-enable, each benchmark runs once, untimed; GPUs are hidden."""
    # Several test processes have it set, and output is laid out by it.
    os.environ.pop("COLUMNS", None)
    if not config.getoption("benchmark_only", default=False):
        config.option.benchmark_disable = True
    # All others are of a CPU, and have their devices settled once; those of GPUs run by themselves.
    if config.option.markexpr != "gpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""


@pytest.fixture(scope="session", autouse=True)
def cache_of_its_own(tmp_path_factory):
    """No test leaves anything in the user's cache folder, or finds anything there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


class Outcome(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def bench():
    """Call the command in this process: `bench("list", "--json")` returns (code, out, err)."""
    from alexnet_bench.cli import main

    def call(*arguments):
        out, err = io.StringIO(), io.StringIO()
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as left,
        ):
            main([str(argument) for argument in arguments])
        return Outcome(left.value.code, out.getvalue(), err.getvalue())

    return call


@pytest.fixture(scope="session")
def write_ablations(tmp_path_factory):
    """Write files into a throw-away ablations folder: `write_ablations({"mine.py": "..."})`."""

    def write(files):
        folder = tmp_path_factory.mktemp("ablations")
        for name, text in files.items():
            (folder / name).write_text(textwrap.dedent(text), encoding="utf-8")
        return folder

    return write


@pytest.fixture(scope="session")
def tensorflow_ready():
    """TensorFlow with two logical CPU devices and repeatable kernels, settled once for all tests.

    Whatever touches TensorFlow asks for this, since devices cannot be made once it is in use.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf

    from alexnet_bench.model.tensorflow_devices import use_devices

    tf.config.experimental.enable_op_determinism()
    assert use_devices("cpu", 2) == ("cpu:0", "cpu:1")


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A user's repository, in which the last commit made a block much slower."""
    folder = tmp_path / "users"
    (folder / "ablations").mkdir(parents=True)
    git(folder, "init", "-q")
    for size in (1, 200):
        (folder / "ablations" / "mine.py").write_text(BLOCK.replace("{size}", str(size)), encoding="utf-8")
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", f"size {size}")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def no_workers(monkeypatch):
    """Fail a test at once where a command is about to start the process that workers are forked from."""
    from alexnet_bench.run import local

    def start(*arguments, **options):
        pytest.fail("workers were about to be started")

    monkeypatch.setattr(local.Zygote, "__init__", start)
