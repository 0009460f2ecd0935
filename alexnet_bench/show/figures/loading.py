"""Imports matplotlib whatever the user's settings for it are."""

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from alexnet_bench.errors import BenchError


def import_matplotlib() -> None:
    """Import matplotlib as the user has set it up or, where that fails, as it is shipped.

    Nothing is drawn with the user's settings, but matplotlib reads them as it is imported: a backend that
    this environment lacks (a notebook's `MPLBACKEND`), or a `matplotlibrc` that is no text, is an exception.

    Raises:
        BenchError: it cannot be imported at all.
    """
    before = set(sys.modules)
    try:
        importlib.import_module("matplotlib")
    except Exception:
        # What was imported in part is imported again.
        for name in {name for name in sys.modules if name.split(".")[0] == "matplotlib"} - before:
            del sys.modules[name]
        try:
            with _as_shipped():
                importlib.import_module("matplotlib")
        except Exception as error:
            raise BenchError(f"matplotlib cannot be imported ({error}); install it anew") from None


@contextlib.contextmanager
def _as_shipped() -> Iterator[None]:
    """An environment and a current folder in which matplotlib finds no settings."""
    settings = {"MPLBACKEND": "agg", "MATPLOTLIBRC": os.devnull}
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        with contextlib.ExitStack() as stack:
            if Path("matplotlibrc").exists():
                stack.enter_context(contextlib.chdir(Path(__file__).parent))
            yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
