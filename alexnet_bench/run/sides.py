"""Whose code is timed: this one, and beside it a revision of it or another interpreter."""

import contextlib
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from alexnet_bench import git
from alexnet_bench.environment import git_commit
from alexnet_bench.errors import BenchError, BenchWarning, NoRepositoryError, RecordError
from alexnet_bench.records.lock import LOCK, locked
from alexnet_bench.records.schema import BASE, HEAD
from alexnet_bench.run.code import ROOT, Code
from alexnet_bench.run.settings import Settings

ABLATIONS = "ablations"
_PLACE = "bench-base-"


@dataclass(frozen=True, kw_only=True)
class Side:
    """Whose code is timed.

    Args:
        code: what its workers run.
        ablations: folders beside the shipped ones.
        revision: of the code, for the records.
    """

    code: Code
    ablations: tuple[str, ...] = ()
    revision: str | None = None


def this_side(settings: Settings) -> Side:
    """The code that runs this, whatever repository the current folder lies in."""
    return Side(code=Code(), ablations=settings.ablations, revision=git_commit())


def own_side(settings: Settings) -> tuple[Settings, dict[str, Side]]:
    """The code at hand alone, and the settings with the ablations of the repository that it lies in."""
    try:
        repository = repository_at(Path.cwd())
    except NoRepositoryError:
        return settings, {HEAD: this_side(settings)}
    settings = _with_own_ablations(repository, settings)
    return settings, {HEAD: replace(this_side(settings), revision=git.revision_of(repository))}


@contextlib.contextmanager
def compared_sides(
    settings: Settings, *, base: str | None, base_python: Path | None
) -> Iterator[tuple[Settings, dict[str, Side]]]:
    """The two sides of a comparison, and the settings with the ablations of the repository at hand.

    The base is a revision of the repository in the current folder, has an interpreter of its own, or both.
    """
    if base is None and base_python is None:
        raise BenchError("there is nothing to compare with; give --base or --base-python")
    with contextlib.ExitStack() as stack:
        head = found = this_side(settings)
        if base is not None:
            repository = repository_at(Path.cwd())
            settings = _with_own_ablations(repository, settings)
            inside = (
                Path(item).resolve().is_relative_to(repository.resolve()) for item in settings.ablations
            )
            if not _is_this_project(repository) and not any(inside):
                raise BenchError(
                    f"nothing of {repository} would be timed: it has no folder {ABLATIONS}; give one with "
                    "--ablations"
                )
            head = replace(head, ablations=settings.ablations, revision=git.revision_of(repository))
            found = stack.enter_context(revision_side(repository, base, settings.ablations))
        if base_python is not None:
            found = replace(found, code=replace(found.code, python=base_python))
        yield settings, {BASE: found, HEAD: head}


def repository_at(folder: Path) -> Path:
    """The root of the git repository that a folder belongs to.

    Raises:
        BenchError: it belongs to none, or is a clone of this project that is not the one in use.
    """
    root = git.root_of(folder)
    if _is_this_project(root) and root.resolve() != ROOT.resolve():
        raise BenchError(
            f"`bench` runs {ROOT}, not {root}: a revision of one would be compared with the code of the "
            "other; install this clone with `pip install -e .`"
        )
    return root


def merge_base(repository: Path) -> str:
    """Where the checked-out branch left the default branch: of `origin`, else `main` or `master`.

    Raises:
        BenchError: there is no default branch, or nothing was changed since.
    """
    found = git.branch_point(repository)
    if found is None:
        raise BenchError(
            f"{repository} has no main or master branch that HEAD comes from; "
            f"give --base{_if_cut_off(repository)}"
        )
    if found == git.commit_of(repository, "HEAD") and not git.is_changed(repository):
        raise BenchError("nothing was changed since the default branch; give --base, such as HEAD~1")
    return found


@contextlib.contextmanager
def revision_side(repository: Path, revision: str, ablations: Sequence[str]) -> Iterator[Side]:
    """A revision of a repository, in a temporary folder for as long as this lasts.

    Its `alexnet_bench` is used where the repository has one, else this one. Folders of ablations that lie in
    the repository are taken from the revision, if it has them.
    """
    commit = git.commit_of(repository, revision)
    if commit is None:
        known = f"the repository at {repository}{_if_cut_off(repository)}"
        raise BenchError(f"'{revision}' is no revision of {known}")
    _remove_left_places()
    with tempfile.TemporaryDirectory(prefix=_PLACE) as place, locked(Path(place)):
        tree = git.check_out(repository, commit, Path(place).resolve())
        folders = [_in_tree(Path(folder), repository, tree) for folder in ablations]
        yield Side(
            code=Code(root=tree if _is_this_project(tree) else ROOT),
            ablations=tuple(str(folder) for folder in folders if folder.is_dir()),
            revision=commit[:12],
        )


def _remove_left_places() -> None:
    """Remove what commands of this user's that were killed left of their bases: nobody holds it any more."""
    for place in Path(tempfile.gettempdir()).glob(f"{_PLACE}*"):
        # Without locks nobody knows who holds it: the warning of that is as good as a holder.
        with contextlib.suppress(OSError, RecordError, BenchWarning), warnings.catch_warnings():
            warnings.simplefilter("error", BenchWarning)
            is_own = place.lstat().st_uid == os.getuid() and not place.is_symlink()
            if is_own and (place / LOCK).is_file():
                with locked(place):
                    shutil.rmtree(place)


def _with_own_ablations(repository: Path, settings: Settings) -> Settings:
    """With the ablations of the repository too, if it has a folder; this project's own are shipped."""
    folder = repository / ABLATIONS
    own = [str(folder)] if folder.is_dir() and not _is_this_project(repository) else []
    return replace(settings, ablations=tuple(dict.fromkeys([*own, *settings.ablations])))


def _is_this_project(repository: Path) -> bool:
    return (repository / "alexnet_bench" / "__init__.py").is_file()


def _if_cut_off(repository: Path) -> str:
    cut_off = git.is_shallow(repository)
    return "; its history is cut off: `git fetch --unshallow`" if cut_off else ""


def _in_tree(folder: Path, repository: Path, tree: Path) -> Path:
    with contextlib.suppress(ValueError):
        return tree / folder.resolve().relative_to(repository.resolve())
    return folder
