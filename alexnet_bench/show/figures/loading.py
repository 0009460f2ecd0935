"""Imports matplotlib whatever the user's settings for it are."""

import contextlib
import importlib
import os
import sys
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
        _import_as_shipped()


def _import_as_shipped() -> None:
    """Import it in an environment and a current folder in which it finds no settings."""
    shipped = {"MPLBACKEND": "agg", "MATPLOTLIBRC": os.devnull}
    own = {name: os.environ[name] for name in shipped if name in os.environ}
    elsewhere = contextlib.chdir(Path(__file__).parent)
    os.environ.update(shipped)
    try:
        with elsewhere if Path("matplotlibrc").exists() else contextlib.nullcontext():
            importlib.import_module("matplotlib")
    except Exception as error:
        raise BenchError(f"matplotlib cannot be imported ({error}); install it anew") from None
    finally:
        for name in shipped:
            del os.environ[name]
        os.environ.update(own)
