"""Blocks: the named, replaceable parts of a network, and those that are shipped.

A block is a function that returns a Keras layer. It imports Keras in its body, so that naming, listing
and counting blocks costs no TensorFlow.
"""

import ast
import hashlib
import importlib.util
import inspect
import tokenize
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from alexnet_bench.errors import UnknownNameError


def _no_parameters(channels: int) -> int:
    return 0


@dataclass(frozen=True, kw_only=True)
class Block:
    """A replaceable part of the network.

    Args:
        name: how reports call it.
        build: called with the keyword arguments of one Keras layer (`name`, `dtype`; a pooling also gets
            `padding`), once per tower; returns that layer.
        parameters: the parameters it adds for one tower's number of channels.
        modules: names of further modules whose source makes the block what it is.
    """

    name: str
    build: Callable[..., Any] = field(compare=False)
    parameters: Callable[[int], int] = field(default=_no_parameters, compare=False)
    modules: tuple[str, ...] = ()

    @cached_property
    def source(self) -> str:
        """A digest of the block's code: an edited block, or an edited helper, makes another network.

        Read once: what is planned stays what it was when its file is edited later.
        """
        texts = [*_sources(self.build), *(_module_text(name) for name in self.modules)]
        return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]


def block(
    *,
    name: str | None = None,
    parameters: Callable[[int], int] = _no_parameters,
    modules: tuple[str, ...] = (),
) -> Callable[[Callable[..., Any]], Block]:
    """Make a `Block` of the function it decorates; the name is the function's unless given."""

    def decorate(build: Callable[..., Any]) -> Block:
        return Block(
            name=name or build.__name__.replace("_", "-"), build=build, parameters=parameters, modules=modules
        )

    return decorate


def _sources(build: Callable[..., Any]) -> list[str]:
    """The code of a function, of all in its own file that it leads to, and what a factory gave it.

    It is read from the file, so that it is the same text in every process.
    """
    own = inspect.getsource(build)
    if build.__module__ == __name__:
        return [own]
    file = Path(inspect.getfile(build))
    text = _text(file)
    statements = _statements(text)
    waiting, reached = [build.__qualname__.partition(".")[0]], dict[str, str]()
    while waiting:
        name = waiting.pop()
        if name in statements and name not in reached:
            statement = statements[name]
            reached[name] = _text_of(statement, text)
            waiting += [node.id for node in ast.walk(statement) if isinstance(node, ast.Name)]
    cells = [cell.cell_contents for cell in build.__closure__ or ()]
    given = [repr(value) for value in cells if isinstance(value, int | float | str | None)]
    return [own, *(reached[name] for name in sorted(reached)), *given, *_neighbours(file)]


def _neighbours(file: Path) -> list[str]:
    """The code of the files of its folder that a file imports, and of those that these do."""
    waiting, reached = [file], dict[Path, str]()
    while waiting:
        for node in ast.walk(ast.parse(_text(waiting.pop()))):
            if isinstance(node, ast.ImportFrom) and node.level == 1:
                names = [node.module] if node.module else [alias.name for alias in node.names]
                for found in (file.parent / f"{name}.py" for name in names):
                    if found != file and found not in reached and found.is_file():
                        reached[found] = _text(found)
                        waiting.append(found)
    return [reached[found] for found in sorted(reached)]


def _text(file: Path) -> str:
    """A file's code as Python reads it, whatever mark or encoding it begins with."""
    with tokenize.open(file) as opened:
        return opened.read()


def _text_of(statement: ast.stmt, text: str) -> str:
    """A statement with its decorators."""
    first = min(node.lineno for node in (statement, *getattr(statement, "decorator_list", ())))
    return "\n".join(text.splitlines()[first - 1 : statement.end_lineno])


def _statements(text: str) -> dict[str, ast.stmt]:
    """The statements of a file that give a name to something, by the name."""
    found: dict[str, ast.stmt] = {}
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            found[statement.name] = statement
        elif not isinstance(statement, ast.Import | ast.ImportFrom):
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    found[node.id] = statement
    return found


def _module_text(name: str) -> str:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise UnknownNameError("module", [name], [])
    return _text(Path(spec.origin))


@block(name="lrn", modules=("alexnet_bench.model.lrn",))
def lrn(**layer: Any) -> Any:
    """The paper's local response normalization, section 3.3: k=2, n=5, alpha=1e-4 summed, beta=0.75."""
    from alexnet_bench.model.lrn import LocalResponseNormalization

    return LocalResponseNormalization(**layer)


@block()
def relu(**layer: Any) -> Any:
    """max(0, x): the paper's choice, section 3.1."""
    import keras

    return keras.layers.Activation("relu", **layer)


@block()
def tanh(**layer: Any) -> Any:
    """The saturating unit that the paper compares ReLU with."""
    import keras

    return keras.layers.Activation("tanh", **layer)


@block()
def overlapping(**layer: Any) -> Any:
    """Maxima over 3x3 pixels, 2 apart: the paper's choice, section 3.4."""
    import keras

    return keras.layers.MaxPooling2D(3, 2, **layer)


@block()
def non_overlapping(**layer: Any) -> Any:
    """Maxima over 2x2 pixels, 2 apart."""
    import keras

    return keras.layers.MaxPooling2D(2, 2, **layer)


# What each field of a variant may be called by name; None leaves the layer out.
BLOCKS: dict[str, dict[str, Block | None]] = {
    "normalization": {"lrn": lrn, "none": None},
    "activation": {"relu": relu, "tanh": tanh},
    "pooling": {"overlapping": overlapping, "non-overlapping": non_overlapping},
}


def resolve_block(field_name: str, value: Block | str | None) -> Block | None:
    """The block that a variant's field means: itself, or the shipped one of that name.

    Raises:
        UnknownNameError: no shipped block of that field has the name.
    """
    if not isinstance(value, str):
        return value
    if value not in BLOCKS[field_name]:
        raise UnknownNameError(f"{field_name} block", [value], BLOCKS[field_name])
    return BLOCKS[field_name][value]
