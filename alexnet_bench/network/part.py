"""What a user's own file may bring: a block, an initializer, an optimizer. It has a name and a source."""

import ast
import hashlib
import importlib.util
import inspect
import tokenize
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from alexnet_bench.errors import UnknownNameError, VariantError
from alexnet_bench.network.checked import check_fields
from alexnet_bench.words import in_short, told

ENGINE = f"{__name__.partition('.')[0]}."


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """A named function that makes something of Keras; two are equal if their names and sources are.

    Args:
        name: how reports call it.
        build: makes it.
        modules: names of further modules whose source makes the part what it is.
    """

    name: str
    build: Callable[..., Any]
    modules: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "modules", tuple(self.modules))
        what = f"{type(self).__name__.lower()} {in_short(self.name)}"
        check_fields(what, self, VariantError)
        if not inspect.isfunction(self.build):
            raise VariantError(
                f"{what} is made of {in_short(self.build)}; it must be a function of the file's"
            )

    @property
    def file(self) -> Path:
        """Where its function stands."""
        return Path(inspect.getfile(self.build))

    @cached_property
    def source(self) -> str:
        """A digest of the part's code: an edited one, or an edited helper, makes another network.

        Read once: what is planned stays what it was when its file is edited later.
        """
        try:
            texts = [*_sources(self.build), *(_module_text(name) for name in self.modules)]
        except (OSError, SyntaxError, ValueError) as error:
            raise VariantError(
                f"the code of '{self.name}' cannot be read ({told(error)}); "
                f"write its function into {self.file}"
            ) from None
        return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]

    def __eq__(self, other: object) -> bool:
        if self is other or not isinstance(other, Part):
            return self is other
        alike = type(self) is type(other) and self.name == other.name
        return alike and self.source == other.source

    def __hash__(self) -> int:
        return hash((type(self), self.name))

    def __str__(self) -> str:
        return self.name


P = TypeVar("P", bound=Part)


def made_by(kind: type[P], name: str | None, **fields: Any) -> Callable[[Callable[..., Any]], P]:
    """Makes a part of a function; the name is the function's unless given."""
    return lambda build: kind(name=name or build.__name__.replace("_", "-"), build=build, **fields)


def find_part(kind: type[P], what: str, value: Any, shipped: Mapping[str, P | None]) -> P | None:
    """The part that a field means: itself, or the shipped one of that name.

    Args:
        kind: the class of such parts.
        what: they are called in an error.
        value: of the field.
        shipped: by name; None where the name leaves the part out.

    Raises:
        UnknownNameError: none that is shipped has the name.
        VariantError: it is neither a name nor such a part.
    """
    if isinstance(value, kind):
        return value
    if not isinstance(value, str):
        raise VariantError(
            f"{what} is {value!r}; give a name ({', '.join(shipped)}), or a function of your own "
            f"under @{kind.__name__.lower()}()"
        )
    if value not in shipped:
        raise UnknownNameError(what, [value], shipped)
    return shipped[value]


def _sources(build: Callable[..., Any]) -> list[str]:
    """The code of a function, of all in its own file that it leads to, and what a factory gave it.

    It is read from the file, so that it is the same text in every process.
    """
    own = inspect.getsource(build)
    if build.__module__.startswith(ENGINE):
        return [own]
    file = Path(inspect.getfile(build))
    text = source_text(file)
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
        for node in ast.walk(ast.parse(source_text(waiting.pop()))):
            if isinstance(node, ast.ImportFrom) and node.level == 1:
                names = [node.module] if node.module else [alias.name for alias in node.names]
                for found in (file.parent / f"{name}.py" for name in names):
                    if found != file and found not in reached and found.is_file():
                        reached[found] = source_text(found)
                        waiting.append(found)
    return [reached[found] for found in sorted(reached)]


def source_text(file: Path) -> str:
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
    try:
        spec = importlib.util.find_spec(name)
    except ImportError:
        spec = None
    if spec is None or spec.origin is None:
        raise UnknownNameError("module", [name], [])
    return source_text(Path(spec.origin))
