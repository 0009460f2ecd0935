"""Loads ablation files. Loading a file executes it."""

import ast
import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from alexnet_bench.errors import AblationError, BenchError
from alexnet_bench.network.ablation import Ablation
from alexnet_bench.network.part import source_text
from alexnet_bench.words import told

HEAVY = ("keras", "tensorflow", "jax", "torch")


def shipped_folder() -> Path:
    """The shipped ablation files: beside the package in a checkout, inside it once installed."""
    package = Path(__file__).parents[1]
    installed = package / "_ablations"
    return installed if installed.is_dir() else package.parent / "ablations"


def ablations_in(folder: Path) -> Iterator[tuple[Path, Ablation]]:
    """The ablations that a folder's files define, each with its file.

    Raises:
        AblationError: the folder is not there, or a file cannot be used.
    """
    if not _is_folder(folder):
        raise AblationError(f"{folder} is not a folder; give one that holds ablation files (*.py)")
    package = _package(folder)
    # Neither a package's `__init__.py` nor what the others share (`_helpers.py`).
    for file in sorted(folder.glob("[!._]*.py")):
        _check(file)
        values = vars(_execute(file, package)).values()
        # Of the type itself: what else a file holds may say anything of its class.
        ablations = [value for value in values if issubclass(type(value), Ablation)]
        if not ablations:
            raise AblationError(f"{file}: defines no Ablation; see `ablations/lrn.py` for an example")
        yield from ((file, ablation) for ablation in ablations)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        # Such as of a name that is too long for any.
        return False


def _package(folder: Path) -> str:
    """The package that a folder's files are modules of, of no name that another folder or the path has.

    `from . import _helpers` finds a file of the same folder, when a file is loaded and when a block is built.
    """
    name = f"alexnet_bench_ablations_{hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:8]}"
    for module in [module for module in sys.modules if module.startswith(f"{name}.")]:
        # Files may have been edited since they were loaded.
        del sys.modules[module]
    package = ModuleType(name)
    package.__path__ = [str(folder.resolve())]
    sys.modules[name] = package
    return name


def _execute(file: Path, package: str) -> ModuleType:
    name = f"{package}.{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except KeyboardInterrupt:
        raise
    except BenchError as error:
        raise AblationError(f"{file}: {error}") from None
    except BaseException as error:
        # A user's file may raise anything, and even end the process; the file is to blame and must be named.
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        beside = missing and (file.parent / f"{missing}.py").is_file()
        hint = f"; of this folder, import it by `from . import {missing}`" if beside else ""
        raise AblationError(f"{file}: {told(error)}{hint}") from error
    return module


def _check(file: Path) -> None:
    """Refuse a file that is no Python, or whose loading would load a framework."""
    for node in _at_module_level(_parsed(file)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        if heavy := [name for name in names if name.split(".")[0] in HEAVY]:
            raise AblationError(
                f"{file}, line {node.lineno}: imports {heavy[0]} at module level, which makes every command "
                "slow; move the import into the block's body"
            )


def _parsed(file: Path) -> ast.Module:
    try:
        text = source_text(file)
    except OSError as error:
        raise AblationError(
            f"{file} cannot be read ({error.strerror}); make it readable or move it away"
        ) from None
    except (SyntaxError, UnicodeDecodeError):
        raise AblationError(f"{file}: its text is not UTF-8; save it as UTF-8") from None
    try:
        return ast.parse(text, filename=str(file))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise AblationError(
            f"{file}{line}: not valid Python: {told(error)}; correct it or move it away"
        ) from None


def _at_module_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """The statements that loading a file executes, those inside `if`, `try` and classes too."""
    waiting: list[ast.AST] = [*tree.body]
    for node in waiting:
        if isinstance(node, ast.stmt):
            yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.expr):
            waiting += ast.iter_child_nodes(node)
