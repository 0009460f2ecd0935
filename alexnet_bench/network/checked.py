"""Checks what a user's own file gives to a dataclass against the types of its fields."""

import math
from collections.abc import Callable, Mapping
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from alexnet_bench.words import in_short, is_encodable

_WORDS = {
    str: "text",
    int: "a whole number",
    float: "a finite number",
    bool: "True or False",
    NoneType: "None",
    Mapping: "values by their names",
    Callable: "a function",
    tuple: "a list",
}


def check_fields(what: str, given: object, error: type[Exception], *names: str) -> None:
    """Refuse a dataclass of whose fields one holds what its type does not allow.

    Args:
        what: it is called in the message.
        error: to raise.
        names: of the fields; by default all.
    """
    for name, kind in get_type_hints(type(given)).items():
        if name in (names or vars(given)) and not _fits(value := getattr(given, name), kind):
            raise error(f"{what}: {name} is {in_short(value)}; it must be {_in_words(kind)}")


def _fits(value: Any, kind: Any) -> bool:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return any(_fits(value, one) for one in inner)
    if origin is tuple:
        return isinstance(value, tuple) and all(_fits(item, inner[0]) for item in value)
    if origin is Mapping:
        return isinstance(value, Mapping) and all(_fits(name, str) for name in value)
    if origin is Callable:
        return callable(value)
    if kind is str:
        return isinstance(value, str) and is_encodable(value)
    if kind is float:
        return _is_number(value, int | float) and _is_finite(value)
    return _is_number(value, int) if kind is int else kind is Any or isinstance(value, kind)


def _is_number(value: Any, kind: Any) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:
        return False


def _in_words(kind: Any) -> str:
    if get_origin(kind) in (Union, UnionType):
        return " or ".join(map(_in_words, get_args(kind)))
    plain = get_origin(kind) or kind
    words = _WORDS.get(plain, f"of type {getattr(plain, '__name__', plain)}")
    return f"{words} of which each is {_in_words(get_args(kind)[0])}" if plain is tuple else words
