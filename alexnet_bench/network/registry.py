"""Loads ablation files and resolves `--variants` selections. Loading a file executes it."""

import ast
import fnmatch
import hashlib
import importlib.util
import os
import re
import sys
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from functools import reduce
from pathlib import Path
from types import ModuleType

from alexnet_bench.errors import AblationError, BenchError, UnknownNameError, VariantError
from alexnet_bench.network.ablation import Ablation
from alexnet_bench.network.factorial import Factorial
from alexnet_bench.network.variant import ALEXNET, Variant
from alexnet_bench.words import plain

HEAVY = ("keras", "tensorflow", "jax", "torch")
FACTORIAL, HALF_FACTORIAL, FACTORS_BETWEEN = "factorial:", "half-factorial:", ","
# With three factors, half of the sums would mix every main effect with an interaction of two.
FEWEST_FACTORS, MOST_FACTORS = {FACTORIAL: 2, HALF_FACTORIAL: 4}, 5
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


_FIELDS = {item.name for item in fields(Variant)}


@dataclass(kw_only=True)
class Registry:
    """What the loaded ablation files define, in the order of the files' names.

    Args:
        variants: by name.
        ablations: by name.
    """

    variants: dict[str, Variant] = field(default_factory=lambda: {ALEXNET.name: ALEXNET})
    ablations: dict[str, Ablation] = field(default_factory=dict)
    _files: dict[str, Path] = field(default_factory=dict)

    def add(self, ablation: Ablation, file: Path) -> None:
        """Take in an ablation and its variants.

        Raises:
            AblationError: another file defines one of its names, or a name is no text.
        """
        for name in (ablation.name, *(variant.name for variant in ablation.variants)):
            if not isinstance(name, str):
                raise AblationError(f"{file}: a name is {name!r}; it must be text")
        self._claim(f"@{ablation.name}", file)
        self.ablations[ablation.name] = ablation
        for variant in ablation.variants:
            if variant == self.variants.get(variant.name) and (
                variant == ALEXNET or self._files[variant.name] == file
            ):
                continue
            self._claim(variant.name, file)
            self.variants[variant.name] = variant

    def _claim(self, name: str, file: Path) -> None:
        if name == ALEXNET.name:
            raise AblationError(f"{file}: '{name}' is the paper's network; give your variant another name")
        if name == "all" or not NAME.fullmatch(name.removeprefix("@")):
            raise AblationError(
                f"{file}: '{name}' cannot be selected; use letters, digits, '.', '_' and '-', and not 'all'"
            )
        if name in self._files:
            raise AblationError(
                f"'{name}' is defined in {self._files[name]} and in {file}; rename one of them"
            )
        self._files[name] = file

    def select(self, selection: str) -> list[Variant]:
        """The variants that a selection means, each once, in the order in which they are named.

        Args:
            selection: comma-separated names, globs, `@ablation`s (globs too), sums (`no-lrn+tanh`) and
                `factorial:normalization,dropout` or `half-factorial:…`; or `all`.

        Raises:
            UnknownNameError: names that stand for nothing, all at once.
            VariantError: a sum that sets one field twice, or adds what is no single variant.
        """
        terms = [term for term in terms_of(selection) if _crossing(term) is None]
        crossed = self.factorials(selection)
        terms += ["+".join(cell) or ALEXNET.name for factorial in crossed for cell in factorial.cells]
        if not terms:
            raise AblationError("the selection of variants is empty; give names, or `all`")
        self._check_known(terms)
        chosen = {variant.name: variant for term in terms for variant in self._resolve(term)}
        return list(chosen.values())

    def find(self, name: str) -> Variant:
        """The one variant that a name or sum means.

        Raises:
            BenchError: it means none, or several.
        """
        chosen = self.select(name) if name.strip(" ,") else []
        if len(chosen) != 1:
            raise VariantError(f"'{name}' means {len(chosen)} variants; name one")
        return chosen[0]

    def control(self, variant: Variant, selection: str = "") -> Variant:
        """What a variant is held against: the control of the ablation that it is an arm of.

        A control is held against nothing, so it is its own; a sum is held against the paper's network.

        Args:
            variant: any of the registry, or a sum.
            selection: the ablations that it names go before the others.
        """
        for ablations in (self._selected(selection), list(self.ablations.values())):
            for ablation in ablations:
                if variant in ablation.arms:
                    return ablation.control
            if any(variant == ablation.control for ablation in ablations):
                return variant
        return ALEXNET

    def factorials(self, selection: str) -> list[Factorial]:
        """What each `factorial:` of a selection crosses: the first arm that changes each factor of `alexnet`.

        Raises:
            UnknownNameError: no ablation changes a factor alone.
            AblationError: it crosses fewer than two factors, or so many that nobody would wait.
        """
        first = {
            ablation.factor: ablation.arms[0].name
            for ablation in reversed(self.ablations.values())
            if ablation.factor != "several" and not ablation.apart and not ablation.control.changes
        }
        found = []
        for term in terms_of(selection):
            if (kind := _crossing(term)) is not None:
                factors = term.removeprefix(kind).split(FACTORS_BETWEEN)
                if unknown := [name for name in factors if name not in first]:
                    raise UnknownNameError("factor", unknown, first)
                fewest = FEWEST_FACTORS[kind]
                if not fewest <= len(set(factors)) == len(factors) <= MOST_FACTORS:
                    raise AblationError(
                        f"'{term}' crosses {len(factors)}; give {fewest} to {MOST_FACTORS} factors, each once"
                    )
                changes = tuple(first[name] for name in factors)
                found.append(Factorial(changes=changes, half=kind == HALF_FACTORIAL))
        return found

    def _resolve(self, term: str) -> Iterator[Variant]:
        if term == "all":
            apart = {
                variant.name for item in self.ablations.values() if item.apart for variant in item.variants
            } - {ALEXNET.name}
            yield from (variant for variant in self.variants.values() if variant.name not in apart)
        elif term.startswith("@"):
            for ablation in self._selected(term):
                yield from ablation.variants
        elif "+" in term:
            yield reduce(Variant.plus, [self.variants[name.strip()] for name in term.split("+")])
        else:
            yield from (self.variants[name] for name in fnmatch.filter(self.variants, term))

    def _selected(self, selection: str) -> list[Ablation]:
        """The ablations that a selection names."""
        patterns = [term[1:] for term in terms_of(selection) if term.startswith("@")]
        return [self.ablations[name] for item in patterns for name in fnmatch.filter(self.ablations, item)]

    def _check_known(self, terms: Sequence[str]) -> None:
        names = [name.strip() for term in terms if term != "all" for name in term.split("+")]
        unknown_ablations = [
            name for name in names if name.startswith("@") and not fnmatch.filter(self.ablations, name[1:])
        ]
        unknown_variants = [
            name for name in names if not name.startswith("@") and not fnmatch.filter(self.variants, name)
        ]
        if unknown_ablations or unknown_variants:
            known = [*self.variants, *(f"@{name}" for name in self.ablations)]
            kind = "ablation" if not unknown_variants else "variant"
            raise UnknownNameError(kind, [*unknown_variants, *unknown_ablations], known)
        for term in terms:
            addends = [name.strip() for name in term.split("+")]
            if len(addends) > 1 and (groups := [name for name in addends if name not in self.variants]):
                raise VariantError(
                    f"'{term}' adds {', '.join(groups)}, which may mean several; name the variants of a sum"
                )


def terms_of(selection: str) -> list[str]:
    """The terms of a selection; the commas of a factorial are its own, up to a term that names no factor."""
    terms: list[str] = []
    for term in (part.strip() for part in selection.split(",") if part.strip()):
        if terms and _crossing(terms[-1]) and term.split(".")[0] in _FIELDS:
            terms[-1] += FACTORS_BETWEEN + term
        else:
            terms.append(term)
    return terms


def _crossing(term: str) -> str | None:
    """Which kind of factorial a term asks for, if any."""
    return next((kind for kind in FEWEST_FACTORS if term.startswith(kind)), None)


def shipped_folder() -> Path:
    """The shipped ablation files: beside the package in a checkout, inside it once installed."""
    package = Path(__file__).parents[1]
    installed = package / "_ablations"
    return installed if installed.is_dir() else package.parent / "ablations"


def load_registry(folders: Iterable[Path] = ()) -> Registry:
    """The shipped ablation files, and those of further folders.

    Raises:
        AblationError: a folder that is not there, a file that cannot be used, a name defined twice.
    """
    registry = Registry()
    # One folder under two names is one folder.
    for folder in {path.resolve(): path for path in (shipped_folder(), *folders)}.values():
        if not folder.is_dir():
            raise AblationError(f"{folder} is not a folder; give one that holds ablation files (*.py)")
        package = _package(folder)
        # Neither a package's `__init__.py` nor what the others share (`_helpers.py`).
        for file in sorted(folder.glob("[!._]*.py")):
            module = _execute(file, package)
            ablations = [value for value in vars(module).values() if isinstance(value, Ablation)]
            if not ablations:
                raise AblationError(f"{file}: defines no Ablation; see `ablations/lrn.py` for an example")
            for ablation in ablations:
                registry.add(ablation, file)
    return registry


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
    _check_syntax(file)
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
        raise AblationError(f"{file}: {type(error).__name__}: {plain(str(error))}{hint}") from error
    return module


def _check_syntax(file: Path) -> None:
    try:
        # As Python reads it: with the mark that Windows editors begin a file with, or an encoding of its own.
        with tokenize.open(file) as opened:
            text = opened.read()
    except OSError as error:
        raise AblationError(
            f"{file} cannot be read ({error.strerror}); make it readable or move it away"
        ) from None
    except (SyntaxError, UnicodeDecodeError):
        raise AblationError(f"{file}: its text is not UTF-8; save it as UTF-8") from None
    try:
        tree = ast.parse(text, filename=str(file))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise AblationError(
            f"{file}{line}: not valid Python: {plain(str(error))}; correct it or move it away"
        ) from None
    for node in _at_module_level(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        if heavy := [name for name in names if name.split(".")[0] in HEAVY]:
            raise AblationError(
                f"{file}, line {node.lineno}: imports {heavy[0]} at module level, which makes every command "
                "slow; move the import into the block's body"
            )


def _at_module_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """The statements that loading a file executes, those inside `if`, `try` and classes too."""
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        node = waiting.pop(0)
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
            handlers = [
                child
                for item in ast.iter_child_nodes(node)
                if isinstance(item, ast.ExceptHandler | ast.match_case)
                for child in item.body
            ]
            waiting += inner + handlers
