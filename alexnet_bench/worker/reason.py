"""Why something failed, in one line that helps whoever wrote the block to find the fault."""

import re
import traceback
from collections.abc import Sequence
from pathlib import Path

MOST_CHARACTERS, FIRST_CHARACTERS = 400, 250


def reason(error: BaseException, folders: Sequence[str] = ()) -> str:
    """Type, message and place of an exception, and of the one that it came from.

    Args:
        error: the exception.
        folders: a user's own; the place is the innermost line in a file of theirs.
    """
    first, *others = _chain(error)
    told = _told(first, folders)
    if others and _message(others[-1]) not in told:
        told += f", from {_told(others[-1], folders)}"
    return told


def one_line(text: str) -> str:
    """A text without line ends and control characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _chain(error: BaseException) -> list[BaseException]:
    """An exception and those that it came from, the latest first, without what frameworks wrap round them.

    Keras and TensorFlow hide the first exception, as `from None` does, behind one whose message repeats it on
    a line of its own, amid much else.
    """
    found, seen = list[BaseException](), set[int]()
    while id(error) not in seen:
        seen.add(id(error))
        inner = error.__cause__ or error.__context__
        hidden = error.__suppress_context__ and error.__cause__ is None
        wraps = hidden and inner is not None and _repeats(error, inner)
        if not wraps:
            found.append(error)
        if inner is None or (hidden and not wraps):
            break
        error = inner
    return found


def _repeats(outer: BaseException, inner: BaseException) -> bool:
    if not (beginning := _raw(inner).strip().partition("\n")[0].strip()):
        return type(outer) is type(inner)
    # Keras prints it in bold; TensorFlow puts its type before it.
    decorations = re.compile(rf"\s*(\x1b\[1m)?({type(inner).__name__}: )?")
    lines = _raw(outer).splitlines()[1:]
    return any(decorations.sub("", line, count=1).startswith(beginning) for line in lines)


def _told(error: BaseException, folders: Sequence[str]) -> str:
    message, place = _message(error), _place(error, folders)
    return type(error).__name__ + (f": {message}" if message else "") + (f" ({place})" if place else "")


def _message(error: BaseException) -> str:
    line = one_line(_raw(error))
    if len(line) <= MOST_CHARACTERS:
        return line
    # Of a long message, the reason stands in front or comes last.
    return f"{line[:FIRST_CHARACTERS]} … {line[FIRST_CHARACTERS - MOST_CHARACTERS :]}"


def _raw(error: BaseException) -> str:
    try:
        # A KeyError's own text is the key's `repr`, in which lines cannot be told.
        return error.args[0] if _has_lines(error) else str(error)
    except Exception:
        # A user's own class may do as it likes.
        return ""


def _has_lines(error: BaseException) -> bool:
    return isinstance(error, KeyError) and isinstance(error.args[0], str) and "\n" in error.args[0]


def _place(error: BaseException, folders: Sequence[str]) -> str | None:
    roots = [Path(folder).resolve() for folder in folders]
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        file = Path(frame.f_code.co_filename).resolve()
        for root in roots:
            if file.is_relative_to(root):
                return one_line(f"{file.relative_to(root)}:{line}")
    return None
