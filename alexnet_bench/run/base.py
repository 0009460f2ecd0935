"""The code that a comparison starts from: a revision of the repository at hand, or another interpreter."""

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from alexnet_bench import git
from alexnet_bench.errors import BenchError
from alexnet_bench.run.local import ROOT, Code
from alexnet_bench.run.session import Side

ABLATIONS = "ablations"


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
        cut = "; its history is cut off: `git fetch --unshallow`" if git.is_shallow(repository) else ""
        raise BenchError(f"{repository} has no main or master branch that HEAD comes from; give --base{cut}")
    if found == git.commit_of(repository, "HEAD") and not git.is_changed(repository):
        raise BenchError("nothing was changed since the default branch; give --base, such as HEAD~1")
    return found


def own_ablations(repository: Path, given: Sequence[str]) -> tuple[str, ...]:
    """The folders given, and that of the repository; this project's own are shipped with its code.

    Raises:
        BenchError: nothing of the repository would be timed.
    """
    found = with_own_ablations(repository, given)
    inside = [Path(item).resolve().is_relative_to(repository.resolve()) for item in found]
    if not _is_this_project(repository) and not any(inside):
        raise BenchError(
            f"nothing of {repository} would be timed: it has no folder {ABLATIONS}; give one with --ablations"
        )
    return found


def with_own_ablations(repository: Path, given: Sequence[str]) -> tuple[str, ...]:
    """The folders given, and that of the repository if it has one; this project's own are shipped."""
    folder = repository / ABLATIONS
    own = [str(folder)] if folder.is_dir() and not _is_this_project(repository) else []
    return tuple(dict.fromkeys([*own, *given]))


@contextlib.contextmanager
def revision_side(repository: Path, revision: str, ablations: Sequence[str]) -> Iterator[Side]:
    """A revision of a repository, in a temporary folder for as long as this lasts.

    Its `alexnet_bench` is used where the repository has one, else this one. Folders of ablations that lie in
    the repository are taken from the revision, if it has them.

    Raises:
        BenchError: there is no such revision.
    """
    commit = git.commit_of(repository, revision)
    if commit is None:
        cut = "; its history is cut off: `git fetch --unshallow`" if git.is_shallow(repository) else ""
        raise BenchError(f"'{revision}' is no revision of the repository at {repository}{cut}")
    with tempfile.TemporaryDirectory(prefix="bench-base-") as place:
        tree = git.check_out(repository, commit, Path(place).resolve())
        folders = [_in_tree(Path(folder), repository, tree) for folder in ablations]
        yield Side(
            code=Code(root=tree if _is_this_project(tree) else ROOT),
            ablations=tuple(str(folder) for folder in folders if folder.is_dir()),
            revision=commit[:12],
        )


def _is_this_project(repository: Path) -> bool:
    return (repository / "alexnet_bench" / "__init__.py").is_file()


def _in_tree(folder: Path, repository: Path, tree: Path) -> Path:
    with contextlib.suppress(ValueError):
        return tree / folder.resolve().relative_to(repository.resolve())
    return folder
