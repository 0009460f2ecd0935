"""The errors the suite raises on purpose. Their messages are one line: what was wrong, what to do."""

import difflib
from collections.abc import Iterable

# Of a name in a message; none that stands for something is as long.
LONGEST_SHOWN = 200


class BenchError(Exception):
    """Something a user can put right; the message says how."""


class UnknownNameError(BenchError):
    """Names that stand for nothing: all of them at once, each with its closest match, and what there is.

    Args:
        kind: what was looked for, in the singular ("variant", "data set").
        unknown: every name that was not found, in the order given.
        known: every name that would have been.
        shown_by: the command that lists them, where they are too many for a message.
    """

    def __init__(
        self, kind: str, unknown: Iterable[str], known: Iterable[str], shown_by: str | None = None
    ) -> None:
        self.unknown, self.known = list(unknown), sorted(known)
        offenders = ", ".join(_with_closest(name, self.known) for name in self.unknown)
        plural = "s" if len(self.unknown) > 1 else ""
        choice = f"choose from: {', '.join(self.known)}"
        if shown_by is not None:
            choice = f"there are {len(self.known)} to choose from, which `{shown_by}` shows"
        super().__init__(f"unknown {kind}{plural} {offenders}; {choice}")


class NoRepositoryError(BenchError):
    """A folder that belongs to no git repository, or git is missing."""


class VariantError(BenchError):
    """A variant, recipe or topology whose fields do not make a network."""


class AblationError(BenchError):
    """An ablation file that cannot be used."""


class DataError(BenchError):
    """A data set that is missing, truncated, corrupt or too small."""


class RecordError(BenchError):
    """A record or run folder that is damaged, unwritable, already used, or of a newer schema."""


class WorkerError(BenchError):
    """A worker process that could not start, ended, or answered out of turn: nothing can be measured."""


class BenchWarning(UserWarning):
    """What a user should know, and need not put right; `bench` prints each once, as one line."""


def why_unwritable(error: OSError) -> str:
    """Why a file cannot be written, or the folder that it goes into cannot be made."""
    if isinstance(error, FileExistsError):
        return f"{error.filename} is a file, not a folder"
    return error.strerror or str(error)


def _with_closest(name: str, known: list[str]) -> str:
    if len(name) > LONGEST_SHOWN:
        return f"'{name[:LONGEST_SHOWN]}…'"
    closest = difflib.get_close_matches(name, known, n=1)
    # Control characters would tear the line.
    given = f"'{name}'" if name.isprintable() else ascii(name)
    return f"{given} (did you mean '{closest[0]}'?)" if closest else given
