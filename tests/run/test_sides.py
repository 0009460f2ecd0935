"""The code at hand alone, as a stored baseline is made of."""

import subprocess
import tempfile

import pytest

from alexnet_bench.errors import BenchError
from alexnet_bench.records.lock import LOCK, locked
from alexnet_bench.run.code import ROOT
from alexnet_bench.run.settings import Settings
from alexnet_bench.run.sides import own_side, revision_side

ASKED = Settings(variants="alexnet", measure=("throughput",))


def test_a_repositorys_ablations_are_timed_too(repository):
    settings, sides = own_side(ASKED)

    assert settings.ablations == sides["head"].ablations == (str(repository / "ablations"),)
    assert sides["head"].code.root == ROOT


def test_this_projects_ablations_are_shipped_with_it(monkeypatch):
    monkeypatch.chdir(ROOT)

    assert own_side(ASKED)[0].ablations == ()


def test_it_needs_neither_ablations_nor_a_repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert own_side(ASKED)[0].ablations == ()
    subprocess.run(["git", "init", "-q"], check=True)
    assert own_side(ASKED)[1]["head"].revision is None
    subprocess.run([*GIT, "commit", "-q", "--allow-empty", "-m", "first"], check=True)

    settings, sides = own_side(ASKED)
    assert settings.ablations == ()
    assert sides["head"].revision


def test_another_clone_of_this_project_is_refused(bench, tmp_path, monkeypatch):
    """Else its gate, or a comparison with a base, would silently time the one that is installed."""
    (tmp_path / "alexnet_bench").mkdir()
    (tmp_path / "alexnet_bench" / "__init__.py").touch()
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q"], check=True)

    with pytest.raises(BenchError, match="install this clone"):
        own_side(ASKED)
    assert "install this clone" in bench("compare", "--base", "HEAD").err


def test_what_a_killed_command_left_of_its_base_is_removed_and_nothing_else(
    repository, tmp_path, monkeypatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left, foreign, held = (tmp_path / f"bench-base-{name}" for name in ("left", "foreign", "held"))
    for place in (left, foreign, held):
        (place / "tree").mkdir(parents=True)
    (left / LOCK).write_text("process 1 on a machine\n", encoding="utf-8")
    (tmp_path / "bench-base-link").symlink_to(left)

    with locked(held), revision_side(repository, "HEAD", ()) as side:
        assert not left.exists()
        assert (foreign / "tree").is_dir() and (held / "tree").is_dir()
        assert side.revision
        kept = {place.name for place in tmp_path.glob("bench-base-*")}
        with revision_side(repository, "HEAD", ()):
            assert kept <= {place.name for place in tmp_path.glob("bench-base-*")}


GIT = ("git", "-c", "user.name=someone", "-c", "user.email=someone@example.org")
