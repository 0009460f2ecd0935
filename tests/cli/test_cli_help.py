"""Every command and option explains itself, and every command line in the docs is one."""

import re
import shlex
from pathlib import Path

import click
import pytest

from alexnet_bench import __version__
from alexnet_bench.cli.group import COMMANDS
from alexnet_bench.cli.group import bench as program
from alexnet_bench.data import DATASETS
from alexnet_bench.network.registry import load_registry, shipped_folder

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "results/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / ".github").rglob("*.yml")),
    *sorted(shipped_folder().glob("[!_]*.py")),
]


def command_lines(text):
    """The command lines of `bench` in code blocks, in indented lines and between backticks."""
    fenced = False
    for line in re.sub(r"\s*\\\n\s*", " ", text).splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
            continue
        pieces = [] if fenced else re.findall(r"`([^`]+)`", line)
        if fenced or re.match(r" {2,}|\t", line):
            pieces += re.split(r"&&|\|\||[;|>`]", line)
        yield from filter(None, map(_command_line, pieces))


def _command_line(text):
    """The arguments that a piece of a shell line gives to `bench`; None if it calls something else."""
    inside = re.search(rf"(?<![\w/-])bench (?={'|'.join(COMMANDS)})", text)
    text = text[inside.start() :] if inside else text.strip().removeprefix("$ ")
    text = re.split(r"\s{2,}|\s#", text.replace('"""', ""))[0]
    words = shlex.split(text) if text.count("'") % 2 == text.count('"') % 2 == 0 else text.split()
    if not words or words[0].rpartition("/")[2] != "bench" or words[1:] in ([], ["…"], ["..."]):
        return None
    # A number for the placeholder N.
    return ["1" if word.strip("[]") == "N" else word.strip("[]") for word in words[1:]]


def parse(arguments):
    """The parameters that a command line gives to its command; nothing is carried out."""
    try:
        if arguments[0].startswith("-"):
            program.make_context("bench", list(arguments))
        elif arguments[0] not in COMMANDS:
            raise click.UsageError(f"there is no command {arguments[0]}")
        else:
            command = program.get_command(None, arguments[0])
            return command.make_context(arguments[0], arguments[1:]).params
    except click.exceptions.Exit as left:
        assert left.exit_code == 0
    return {}


DOCUMENTED = [
    pytest.param(arguments, id=f"{path.relative_to(path.parents[1])}: {shlex.join(arguments)}")
    for path in DOCUMENTS
    if path.exists()
    for arguments in command_lines(path.read_text(encoding="utf-8"))
]
EXAMPLES = [
    pytest.param(arguments, id=shlex.join(arguments))
    for text in (
        program.help,
        *(f"  {program.get_command(None, name).epilog.replace('Example: ', '')}" for name in COMMANDS),
    )
    for arguments in command_lines(text)
]


@pytest.mark.parametrize("arguments", [*EXAMPLES, *DOCUMENTED])
def test_every_documented_command_line_can_be_typed(arguments):
    given = parse(arguments)

    selection, dataset = given.get("variants", ""), given.get("dataset", "").partition(":")[0]
    if selection and not given["ablations"] and not selection.isupper():
        assert load_registry().select(selection)
    assert not dataset or dataset.isupper() or dataset in DATASETS


def test_the_readme_and_the_ablations_say_what_to_type():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "bench run" not in readme or any(line[0] == "run" for line in command_lines(readme))
    for file in shipped_folder().glob("[!_]*.py"):
        assert any(line[:2] == ["run", "--variants"] for line in command_lines(file.read_text("utf-8"))), file


def test_the_lines_of_a_text_are_found():
    text = '''
A bench run is no command, `bench list` is, and so is `bench show VARIANT`; `bench` alone and
`bench …` are not, nor is `benchmark run`.

    bench run --variants @lrn    one question

```console
$ python -m venv .venv && .venv/bin/bench run --variants  # all of them
bench run --resume RUN \\
    --seeds N
"""A block. bench run --ablations mine"""
from alexnet_bench import ALEXNET
TF_CPP_MIN_LOG_LEVEL=2 bench list --json | jq . ; echo bench
```
`bench run [--variants SEL]`
'''

    assert [shlex.join(words) for words in command_lines(text)] == [
        "list",
        "show VARIANT",
        "run --variants @lrn",
        "run --variants",
        "run --resume RUN --seeds 1",
        "run --ablations mine",
        "list --json",
        "run --variants SEL",
    ]


@pytest.mark.parametrize(
    "line", ["run --varaints all", "runn", "--hlep", "show", "run --seeds many", "list x"]
)
def test_a_line_that_cannot_be_typed_is_found_out(line):
    with pytest.raises(click.UsageError):
        parse(line.split())


# -- help


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_help_and_an_example(bench, name):
    code, out, err = bench(name, "--help")

    command = program.get_command(None, name)
    assert (code, err) == (0, "")
    assert out.startswith(f"Usage: bench {name} ")
    assert f"bench {name} " in command.epilog
    assert command.help.strip().endswith(".")
    options = [item for item in command.params if isinstance(item, click.Option)]
    assert [item.name for item in options if not item.help.strip().endswith((".", ")"))] == []


def test_the_group_lists_every_command_and_exit_code(bench):
    code, out, err = bench("--help")

    assert (code, err) == (0, "")
    assert all(re.search(rf"^  {name}\s+\w+", out, re.MULTILINE) for name in COMMANDS)
    assert "4 a fault of this program" in out
    assert "Where several hold: 4, 1, 2, 3, 0." in out
    assert bench("-h").out == out


def test_the_version_is_the_packages(bench):
    assert bench("--version") == (0, f"bench, version {__version__}\n", "")


def test_a_command_that_there_is_not_has_a_closest(bench):
    code, out, err = bench("claim", "results/runs/mine")

    assert (code, out) == (2, "")
    assert err.startswith("Error: unknown command 'claim' (did you mean 'claims'?); choose from: ")
