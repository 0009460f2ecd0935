"""The code that a comparison starts from: a revision of the repository at hand, or another interpreter."""

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from alexnet_bench.errors import BenchError, NoRepositoryError
from alexnet_bench.run.local import ROOT, Code
from alexnet_bench.run.session import Side

ABLATIONS = "ablations"


def repository_at(folder: Path) -> Path:
    """The root of the git repository that a folder belongs to.

    Raises:
        BenchError: it belongs to none, or is a clone of this project that is not the one in use.
    """
    root = Path(_git(folder, "rev-parse", "--show-toplevel"))
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
    found = None
    for name in ("origin/HEAD", "origin/main", "origin/master", "main", "master"):
        with contextlib.suppress(BenchError):
            found = found or _git(repository, "merge-base", "HEAD", name)
    if found is None:
        raise BenchError(f"{repository} has no main or master branch that HEAD comes from; give --base")
    changed = _git(repository, "status", "--porcelain", "--untracked-files=no")
    if found == _git(repository, "rev-parse", "HEAD") and not changed:
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


def revision_of(repository: Path) -> str:
    """The revision that is checked out, `-dirty` where files differ from it."""
    return _git(repository, "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")


@contextlib.contextmanager
def revision_side(repository: Path, revision: str, ablations: Sequence[str]) -> Iterator[Side]:
    """A revision of a repository, checked out elsewhere for as long as this lasts.

    Its `alexnet_bench` is used where the repository has one, else this one. Folders of ablations that lie in
    the repository are taken from the revision, if it has them.

    Raises:
        BenchError: there is no such revision.
    """
    commit = _git(repository, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", wanted=revision)
    with tempfile.TemporaryDirectory(prefix="bench-base-") as place:
        tree = Path(place) / "tree"
        quiet = ("-c", "core.hooksPath=/dev/null")
        _git(repository, *quiet, "worktree", "add", "--quiet", "--detach", str(tree), commit)
        try:
            folders = [_in_tree(Path(folder), repository, tree) for folder in ablations]
            yield Side(
                code=Code(root=tree if _is_this_project(tree) else ROOT),
                ablations=tuple(str(folder) for folder in folders if folder.is_dir()),
                revision=commit[:12],
            )
        finally:
            with contextlib.suppress(BenchError):
                _git(repository, "worktree", "remove", "--force", str(tree))


def _is_this_project(repository: Path) -> bool:
    return (repository / "alexnet_bench" / "__init__.py").is_file()


def _in_tree(folder: Path, repository: Path, tree: Path) -> Path:
    with contextlib.suppress(ValueError):
        return tree / folder.resolve().relative_to(repository.resolve())
    return folder


def _git(folder: Path, *arguments: str, wanted: str | None = None) -> str:
    command = ["git", "-C", str(folder), *arguments]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except FileNotFoundError:
        raise NoRepositoryError("git is not installed; --base needs it") from None
    except subprocess.CalledProcessError as error:
        if wanted is not None:
            raise BenchError(f"'{wanted}' is no revision of the repository at {folder}") from None
        said = (error.stderr.strip().splitlines() or ["git failed"])[-1]
        if "not a git repository" in said:
            raise NoRepositoryError(f"{said} (in {folder}); --base needs a git repository") from None
        raise BenchError(f"{said} (in {folder})") from None
