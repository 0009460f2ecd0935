"""What git says of a user's repository. Nothing in here writes into it.

Whatever calls us may have told git which repository, index or objects to use: a hook does. Every call is of
the repository that a folder lies in, whoever owns it, and answered in English.
"""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alexnet_bench.errors import BenchError, NoRepositoryError

DEFAULT_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
# How a remote is reached, and how far up a repository is looked for; every other variable of git is dropped.
_KEPT = (
    "GIT_SSH",
    "GIT_SSL",
    "GIT_HTTP",
    "GIT_PROXY",
    "GIT_ASKPASS",
    "GIT_CEILING_DIRECTORIES",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
)
_SETTINGS = (
    # The files in it are about to be executed anyway.
    "safe.directory=*",
    # No program and no daemon of the user's is started to look at files.
    f"core.hooksPath={os.devnull}",
    "core.fsmonitor=false",
)
# Of a tree that is checked out: all of it, here alone.
_OF_A_TREE = (
    "core.sparseCheckout=false",
    "core.splitIndex=false",
    "submodule.recurse=false",
    "gc.auto=0",
    "maintenance.auto=false",
)


def root_of(folder: Path) -> Path:
    """The root of the working tree that a folder lies in.

    Raises:
        NoRepositoryError: it lies in none, or git is not installed.
    """
    return Path(_git(folder, "rev-parse", "--show-toplevel"))


def revision_of(folder: Path) -> str | None:
    """The commit that is checked out, `-dirty` where files differ from it; None where there is none yet."""
    commit = commit_of(folder, "HEAD")
    return commit and commit[:12] + ("-dirty" if is_changed(folder) else "")


def is_changed(folder: Path) -> bool:
    """Whether files that git tracks differ from the commit that is checked out."""
    return bool(_git(folder, "status", "--porcelain", "--no-renames", "--untracked-files=no"))


def commit_of(folder: Path, revision: str) -> str | None:
    """The full name of a commit; None where there is no such revision."""
    if revision.startswith("-"):
        return None
    return _git_or_none(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")


def branch_point(folder: Path) -> str | None:
    """Where the checked-out branch left the default branch; None where there is none that it comes from."""
    found = (_git_or_none(folder, "merge-base", "HEAD", name) for name in DEFAULT_BRANCHES)
    return next(filter(None, found), None)


@dataclass(frozen=True, kw_only=True)
class Commit:
    """A commit: the beginning of its name, and the first line of its message."""

    name: str
    subject: str


def commits_since(folder: Path, base: str) -> list[Commit]:
    """The commits of HEAD that a base has not, newest first, without merges; none where git cannot tell."""
    form = ("--no-merges", "--format=%h%x00%s", "--no-show-signature")
    found = None if base.startswith("-") else _git_or_none(folder, "log", *form, f"{base}..HEAD", "--")
    lines = (line.partition("\0") for line in (found or "").split("\n") if line)
    return [Commit(name=name, subject=subject) for name, _, subject in lines]


def is_shallow(folder: Path) -> bool:
    """Whether the history was cut off when the repository was cloned."""
    return _git(folder, "rev-parse", "--is-shallow-repository") == "true"


def check_out(folder: Path, commit: str, place: Path) -> Path:
    """The files of a commit, in a folder `tree` of a place of our own.

    They are written as git would there, line ends and filters too, from a repository in the place that
    borrows the other's objects and settings: what a partial clone lacks is fetched into it. What a filter
    cannot restore stays as it is stored.
    """
    store, tree = place / "git", place / "tree"
    objects = _git(folder, "rev-parse", "--git-path", "objects")
    config = Path(folder, _git(folder, "rev-parse", "--git-common-dir"), "config").resolve()
    kind = _git(folder, "rev-parse", "--show-object-format")
    _git(place, "init", "--quiet", "--bare", "--template=", f"--object-format={kind}", str(store))
    lenders = store / "objects" / "info" / "alternates"
    lenders.parent.mkdir(exist_ok=True)
    lenders.write_bytes(os.fsencode(Path(folder, objects).resolve()) + b"\n")
    tree.mkdir()
    filters = _git_or_none(folder, "config", "--name-only", "--get-regexp", r"^filter\..*\.required$") or ""
    settings = [f"include.path={config}", *_OF_A_TREE, *(f"{name}=false" for name in filters.splitlines())]
    where = (f"--git-dir={store}", f"--work-tree={tree}")
    _git(folder, *where, "read-tree", "-m", "-u", commit, settings=settings, GIT_NO_LAZY_FETCH="0")
    return tree


def _git_or_none(folder: Path, *arguments: str) -> str | None:
    """What it answers; None where it has no answer."""
    try:
        return _git(folder, *arguments)
    except NoRepositoryError:
        raise
    except BenchError:
        return None


def _git(folder: Path, *arguments: str, settings: Sequence[str] = (), **variables: str) -> str:
    options = [part for setting in (*_SETTINGS, *settings) for part in ("-c", setting)]
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *options, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            env=_environment() | variables,
        )
    except FileNotFoundError:
        raise NoRepositoryError("git is not installed; --base needs it") from None
    except (OSError, ValueError) as error:
        raise BenchError(f"git cannot be run: {error}") from None
    except subprocess.CalledProcessError as error:
        raise _complaint(folder, os.fsdecode(error.stderr)) from None
    return os.fsdecode(done.stdout).removesuffix("\n")


def _environment() -> dict[str, str]:
    others = {
        name: value
        for name, value in os.environ.items()
        if name != "LANGUAGE" and (not name.startswith("GIT_") or name.startswith(_KEPT))
    }
    return others | {
        "LC_ALL": "C",
        # To look at files is no reason to write an index, nor to fetch what a partial clone lacks.
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        # Nobody is there to answer.
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_LFS_SKIP_DOWNLOAD_ERRORS": "1",
    }


def _complaint(folder: Path, said: str) -> BenchError:
    """What git said, in a line."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(("fatal: ", "error: "))]
    reason = (told or lines or ["git failed"])[0]
    if "not a git repository" in reason:
        return NoRepositoryError(f"--base needs a git repository, and {folder} lies in none")
    if "must be run in a work tree" in reason:
        return NoRepositoryError(f"--base needs a git working tree, and {folder} lies in none")
    if "dubious ownership" in reason:
        return BenchError(
            f"git does not read {folder}, which another user owns; allow it with "
            f"`git config --global --add safe.directory {folder}`"
        )
    return BenchError(f"{reason} (in {folder})")
