"""What a gate is asked wrongly: one line, exit code 2, and nothing is started."""

import pytest
from users_repository import git

from alexnet_bench.cli.gate_command import command
from alexnet_bench.run.project import OPTIONS

FILES = ["--pytest-benchmark", "a", "--against", "b"]


@pytest.fixture
def refused(bench, repository, no_workers):
    def words(*arguments, pyproject=None):
        if pyproject is not None:
            (repository / "pyproject.toml").write_text(pyproject, encoding="utf-8")
        code, out, err = bench("gate", *arguments)
        assert (code, out) == (2, "")
        assert "Traceback" not in err
        return err

    return words


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("variant = 'alexnet'", "unknown key 'variant' (did you mean 'variants'?)"),
        ("thresholds = {trainning = '2%'}", "unknown gated quantity 'trainning' (did you mean 'training'?)"),
        ("thresholds = {training = '120%'}", "it must be a share such as '2%', below 100%, or"),
        ("thresholds = {no-lrn = {memory = 'much'}}", "memory is 'much'"),
        ("false-alarms = 0", "false-alarms is 0"),
        ("false-alarms = '0.1'", "false-alarms is '0.1'; it must be a share such as '2%', below 100%\n"),
        ("budget = 'long'", "'long' is no time such as 90s"),
        ("budget = ", "pyproject.toml cannot be read"),
        ("budget = true", "budget is True; it must be what would be typed after --budget"),
        ("history = {}", "history is {}; it must be what would be typed"),
        ("ablations = [[1]]", "ablations is [[1]]"),
        ("thresholds = '3%'", "thresholds is '3%'; it must be a table"),
        ("thresholds = {no-lnr = {memory = '4%'}}", "unknown variant 'no-lnr' (did you mean 'no-lrn'?)"),
        ("process-spread = false", "process-spread is False; it must be a share such as '2%', below 100%\n"),
    ],
)
def test_settings_that_cannot_be_used(refused, table, words):
    assert words in refused("--base", "HEAD~1", pyproject=f"[tool.alexnet-bench.gate]\n{table}\n")


def test_sections_that_are_none(refused):
    assert "tool is 3; it must be a table" in refused("--base", "HEAD~1", pyproject="tool = 3\n")


def test_what_may_be_set_is_what_may_be_typed():
    typed = {name.removeprefix("--") for item in command.params for name in item.opts}

    assert set(OPTIONS) <= typed


@pytest.mark.parametrize(
    ("branch", "words"),
    [
        ("main", "nothing was changed since the default branch; give --base, such as HEAD~1"),
        ("trunk", "no main or master branch"),
    ],
)
def test_a_branch_that_has_no_base(refused, repository, branch, words):
    git(repository, "branch", "-M", branch)

    assert words in refused()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--base", "nowhere"], "'nowhere' is no revision"),
        (["--base", "HEAD", "--variants", "plane"], "unknown variant 'plane' (did you mean 'plain'?)"),
        (["--record"], "--record needs --baseline"),
        (["--record", "--junit", "a.xml", "--strict"], "--record excludes --junit, --strict"),
        (["--baseline", "kept", "--base", "HEAD"], "--baseline excludes --base"),
        (["--baseline", "kept"], "kept holds no session; add one with --record"),
        (["--pytest-benchmark", "a"], "give both --pytest-benchmark NEW and --against OLD"),
        (["--against", "a"], "give both"),
        ([*FILES, "--base", "HEAD"], "excludes --base"),
        ([*FILES, "--variants", "lrn"], "excludes --variants"),
        ([*FILES, "--quick", "--record"], "excludes --quick, --record"),
    ],
)
def test_what_cannot_be_asked(refused, arguments, words):
    assert words in refused(*arguments)


@pytest.mark.parametrize("text", ["[", "[tool.alexnet-bench.gate]\nvariant = 3\nbudget = 'long'\n", "\0"])
def test_help_needs_no_settings(bench, repository, text):
    (repository / "pyproject.toml").write_text(text, encoding="utf-8")

    code, out, err = bench("gate", "--help")

    assert (code, err) == (0, "")
    assert "Decide whether this code is slower" in out
    assert bench("gate").code == 2
