"""The figures of a report: each file that registers a `FIGURE` is one, with its caption."""

# ruff: noqa: E402
from alexnet_bench.show.figures.loading import import_matplotlib

# Before any figure's file imports it.
import_matplotlib()

import importlib
import pkgutil

from alexnet_bench.show.figures.style import ReportFigure

_MODULES = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
_REGISTERED: list[ReportFigure] = [module.FIGURE for module in _MODULES if hasattr(module, "FIGURE")]
FIGURES = {figure.name: figure for figure in sorted(_REGISTERED, key=lambda figure: figure.place)}
