"""Tells which variants a selection means in the code under test. Run by path, by its interpreter.

    python variants.py ROOT

ROOT is the folder that holds the `alexnet_bench` under test. On stdin comes {"ablations": […],
"selections": […]}; the answer is the names of the variants by selection, none where it stands for nothing.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any


def main(root: str, asked: dict[str, list[str]]) -> dict[str, list[str]]:
    """The names of the variants by selection."""
    # A script's own folder comes first, and would shadow modules of the same names.
    sys.path[0] = root
    errors = importlib.import_module("alexnet_bench.errors")
    registry = _registries().load_registry(Path(folder) for folder in asked["ablations"])

    def names(selection: str) -> list[str]:
        try:
            return [variant.name for variant in registry.select(selection)]
        except errors.BenchError:
            return []

    return {selection: names(selection) for selection in asked["selections"]}


def _registries() -> Any:
    """The module that loads ablation files, wherever a revision keeps it."""
    try:
        return importlib.import_module("alexnet_bench.network.registry")
    except ModuleNotFoundError:
        return importlib.import_module("alexnet_bench.registry")


if __name__ == "__main__":
    # What an ablation file prints is no part of the answer.
    answer, sys.stdout = sys.stdout, sys.stderr
    json.dump(main(sys.argv[1], json.load(sys.stdin)), answer)
