"""The code that a comparison starts from: a revision of the repository at hand, or another interpreter."""

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from alexnet_bench.environment import git_commit
from alexnet_bench.errors import BenchError
from alexnet_bench.runner.local import ROOT, Code
from alexnet_bench.runner.session import Side

ABLATIONS = "ablations"


def head_side(ablations: Sequence[str]) -> Side:
    """This code; the ablations folder of the repository at hand belongs to it."""
    return Side(code=Code(), ablations=tuple(ablations), revision=git_commit())


def own_ablations(repository: Path, given: Sequence[str]) -> tuple[str, ...]:
    """The folders given, and that of the repository; this project's own are shipped with its code."""
    folder = repository / ABLATIONS
    found = [str(folder)] if folder.is_dir() and not _is_this_project(repository) else []
    return tuple(dict.fromkeys([*found, *given]))


def repository_at(folder: Path) -> Path:
    """The root of the git repository that a folder belongs to.

    Raises:
        BenchError: it belongs to none.
    """
    return Path(_git(folder, "rev-parse", "--show-toplevel"))


@contextlib.contextmanager
def revision_side(repository: Path, revision: str, ablations: Sequence[str]) -> Iterator[Side]:
    """A revision of a repository, checked out beside it for as long as this lasts.

    Its `alexnet_bench` is used where the repository has one, else this one. Folders of ablations that lie in
    the repository are taken from the revision.

    Raises:
        BenchError: there is no such revision.
    """
    commit = _git(repository, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", wanted=revision)
    with tempfile.TemporaryDirectory(prefix="bench-base-") as place:
        tree = Path(place) / "tree"
        _git(repository, "worktree", "add", "--quiet", "--detach", str(tree), commit)
        try:
            yield Side(
                code=Code(root=tree if _is_this_project(tree) else ROOT),
                ablations=tuple(_in_tree(Path(folder), repository, tree) for folder in ablations),
                revision=commit[:12],
            )
        finally:
            shutil.rmtree(tree, ignore_errors=True)
            _git(repository, "worktree", "prune")


def _is_this_project(repository: Path) -> bool:
    return (repository / "alexnet_bench" / "__init__.py").is_file()


def _in_tree(folder: Path, repository: Path, tree: Path) -> str:
    with contextlib.suppress(ValueError):
        moved = tree / folder.resolve().relative_to(repository.resolve())
        return str(moved)
    return str(folder)


def _git(folder: Path, *arguments: str, wanted: str | None = None) -> str:
    command = ["git", "-C", str(folder), *arguments]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except FileNotFoundError:
        raise BenchError("git is not installed; --base needs it") from None
    except subprocess.CalledProcessError as error:
        if wanted is not None:
            raise BenchError(f"'{wanted}' is no revision of the repository at {folder}") from None
        said = (error.stderr.strip().splitlines() or ["git failed"])[-1]
        raise BenchError(f"{said} (in {folder}); --base needs a git repository") from None
