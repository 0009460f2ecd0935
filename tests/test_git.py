"""What git says of a repository, whoever calls and whoever owns it, and that nothing is written into it."""

import hashlib
import os
import subprocess
import sys

import pytest
from users_repository import git as call_git

from alexnet_bench import git
from alexnet_bench.errors import BenchError, NoRepositoryError


def contents(folder):
    """Every file below a folder: its bytes, and when it was written."""
    return {
        str(file): (hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_mtime_ns)
        for file in folder.rglob("*")
        if file.is_file()
    }


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A repository with a commit `one`, and one after it."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    call_git(folder, "init", "-q", "-b", "main")
    for name, content in {
        ".gitattributes": b"*.crlf text eol=crlf\nleft.out export-ignore\n",
        "a.crlf": b"1\n2\n",
        "left.out": b"still here\n",
        "of one.txt": b"one\n",
        "run": b"#!/bin/sh\n",
    }.items():
        (folder / name).write_bytes(content)
    (folder / "run").chmod(0o755)
    call_git(folder, "add", ".")
    call_git(folder, "commit", "-q", "-m", "one")
    call_git(folder, "tag", "one")
    (folder / "of one.txt").unlink()
    call_git(folder, "commit", "-q", "-a", "-m", "two")
    monkeypatch.chdir(folder)
    return folder


def files_of(folder, revision, place):
    place.mkdir()
    tree = git.check_out(folder, git.commit_of(folder, revision), place)
    return {str(file.relative_to(tree)): file.read_bytes() for file in tree.rglob("*") if file.is_file()}


def test_a_commit_is_checked_out_whole_and_the_repository_stays_as_it_is(folder, tmp_path):
    # Files that look newer than the index says, which git would gladly note down.
    os.utime(folder / "run", (1, 1))
    before = contents(folder)

    found = files_of(folder, "one", tmp_path / "place")
    revision = git.revision_of(folder)

    assert contents(folder) == before
    assert revision == git.commit_of(folder, "HEAD")[:12]
    assert found.keys() == {".gitattributes", "a.crlf", "left.out", "of one.txt", "run"}
    assert found["a.crlf"] == b"1\r\n2\r\n"
    assert os.access(tmp_path / "place" / "tree" / "run", os.X_OK)


def test_what_a_hook_is_told_is_not_meant_for_us(folder, tmp_path, monkeypatch):
    """Git tells a hook of a linked worktree which repository and which index it is about."""
    call_git(folder, "worktree", "add", "-q", tmp_path / "linked", "one")
    linked = tmp_path / "linked"
    (linked / "run").write_text("staged\n", encoding="utf-8")
    call_git(linked, "add", ".")
    before = contents(folder)
    for name, value in {
        "GIT_DIR": folder / ".git" / "worktrees" / "linked",
        "GIT_INDEX_FILE": folder / ".git" / "worktrees" / "linked" / "index",
        "GIT_WORK_TREE": tmp_path,
        "GIT_OBJECT_DIRECTORY": tmp_path / "nowhere",
        "GIT_CONFIG_COUNT": "none",
        "GIT_PREFIX": "no/",
    }.items():
        monkeypatch.setenv(name, str(value))

    found = files_of(linked, "main", tmp_path / "place")

    assert contents(folder) == before
    assert "of one.txt" not in found
    assert git.root_of(linked) == linked
    assert git.revision_of(linked) == git.commit_of(folder, "one")[:12] + "-dirty"


def test_hooks_and_sparse_checkouts_of_the_repository_do_not_count(folder, tmp_path):
    call_git(folder, "sparse-checkout", "set", "--no-cone", "run")
    for hook in ("post-checkout", "post-index-change"):
        (folder / ".git" / "hooks" / hook).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n", encoding="utf-8")
        (folder / ".git" / "hooks" / hook).chmod(0o755)

    assert len(files_of(folder, "one", tmp_path / "place")) == 5
    assert git.revision_of(folder) == git.commit_of(folder, "HEAD")[:12]
    assert not (tmp_path / "ran").exists()


def test_a_filter_that_cannot_work_leaves_what_is_stored(folder, tmp_path):
    (folder / ".gitattributes").write_text("run filter=secret\n", encoding="utf-8")
    call_git(folder, "commit", "-q", "-a", "-m", "three")
    for name, value in {"smudge": "false", "clean": "cat", "required": "true"}.items():
        call_git(folder, "config", f"filter.secret.{name}", value)

    assert files_of(folder, "HEAD", tmp_path / "place")["run"] == b"#!/bin/sh\n"


def test_what_a_partial_clone_lacks_is_fetched_elsewhere(folder, tmp_path):
    call_git(folder, "config", "uploadpack.allowFilter", "true")
    call_git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")
    partial = tmp_path / "partial"
    call_git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{folder}", partial)
    before = contents(partial)

    assert files_of(partial, "one", tmp_path / "place")["of one.txt"] == b"one\n"
    assert contents(partial) == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="root alone gives files away")
def test_a_repository_may_be_anyones(folder, tmp_path):
    revision = git.revision_of(folder)
    for file in (folder, *folder.rglob("*")):
        os.chown(file, 12345, 12345, follow_symlinks=False)

    assert git.revision_of(folder) == revision
    assert len(files_of(folder, "one", tmp_path / "place")) == 5


def test_revision_and_branch_point_before_the_first_commit_and_of_a_detached_head(folder, tmp_path):
    call_git(tmp_path, "init", "-q")
    call_git(folder, "checkout", "-q", "one")

    assert git.revision_of(tmp_path) is git.branch_point(tmp_path) is None
    assert git.revision_of(folder) == git.branch_point(folder)[:12] == git.commit_of(folder, "one")[:12]


@pytest.mark.parametrize("revision", ["nowhere", "", "--all", "one:run", "a\0b", "HEAD~9"])
def test_what_is_no_revision(folder, revision):
    assert git.commit_of(folder, revision) is None


def test_the_commits_since_a_base_are_the_newest_first_without_merges(folder):
    call_git(folder, "checkout", "-q", "-b", "other", "one")
    call_git(folder, "commit", "-q", "--allow-empty", "-m", "three\n\nand more of it")
    call_git(folder, "merge", "-q", "-m", "merged", "main")

    assert [commit.subject for commit in git.commits_since(folder, "main")] == ["three"]
    found = git.commits_since(folder, "one")
    assert sorted(commit.subject for commit in found) == ["three", "two"]
    assert all(git.commit_of(folder, commit.name) for commit in found)


@pytest.mark.parametrize("base", ["HEAD", "nowhere", "--all", "a\0b"])
def test_where_there_are_none_since_or_git_cannot_tell(folder, base):
    assert git.commits_since(folder, base) == []


def test_where_there_is_no_working_tree(folder, tmp_path, monkeypatch):
    bare = tmp_path / "bare"
    call_git(tmp_path, "clone", "-q", "--bare", folder, bare)
    with pytest.raises(NoRepositoryError, match="--base needs a git working tree"):
        git.root_of(bare)
    with pytest.raises(NoRepositoryError, match="--base needs a git repository"):
        git.root_of(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoRepositoryError, match="git is not installed"):
        git.root_of(folder)


def test_what_git_complains_of_is_one_line(folder):
    (folder / ".git" / "config").write_text("[core\n", encoding="utf-8")

    with pytest.raises(BenchError) as raised:
        git.root_of(folder)
    assert "bad config line 1" in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def test_the_hook_of_a_linked_worktree_commits_what_was_staged(folder, tmp_path):
    """The whole of it: the commit must be what was staged, and not the base's tree."""
    call_git(folder, "worktree", "add", "-q", "-b", "mine", tmp_path / "linked")
    script = tmp_path / "gate.py"
    script.write_text(
        "from pathlib import Path\nfrom alexnet_bench.run.sides import revision_side\n"
        "with revision_side(Path.cwd(), 'one', ['.']) as side:\n"
        "    assert (Path(side.ablations[0]) / 'of one.txt').exists()\n",
        encoding="utf-8",
    )
    hook = folder / ".git" / "hooks" / "pre-commit"
    hook.write_text(f'#!/bin/sh\nexec "{sys.executable}" {script}\n', encoding="utf-8")
    hook.chmod(0o755)
    (tmp_path / "linked" / "run").write_text("staged\n", encoding="utf-8")

    call_git(tmp_path / "linked", "commit", "-q", "-a", "-m", "three")

    shown = ["git", "-C", tmp_path / "linked", "show", "--format=", "--name-only"]
    done = subprocess.run(shown, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["run"]
