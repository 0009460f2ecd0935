"""Every option and argument of every command refuses values that it cannot have, in one line."""

import importlib

import click
import pytest

from alexnet_bench.cli.group import COMMANDS
from alexnet_bench.cli.options import FILE, FOLDER, SECONDS

NUL, LONG, DIGITS = "a\0b", "x" * 5000, "9" * 5000
PATHS = ["", NUL, LONG, "~nobody-of-that-name/x"]
WHOLE_NUMBERS = ["", "0", "-1", "1.5", "nan", "1e400", "0x10", "\udcff", NUL, "9" * 20, DIGITS, "many", "1;2"]
TIMES = ["", "0x", "-5m", "nan", "inf", "1e400", "5m5s", "\u0665m", NUL, LONG, "\udcff"]
NAMES = ["", " ", ",", "no-such", NUL, LONG, "\udcff", "\x1b[31m", "a\nb", "[", "ü"]
SELECTIONS = [
    *NAMES[1:],
    "+",
    "no-lrn+",
    "@",
    "[!",
    "factorial:",
    "factorial:,",
    "@lrn+tanh",
    "alexnet," * 2000,
]
SELECTIONS += ["half-factorial:normalization,dropout", "factorial:normalization,normalization"]
# What a name means is found out where the command needs it, and not in every one; and a revision, by git.
SELECTING, NAMED = ("--variants", "--control"), ("--topology", "--recipe", "--dataset", "--time-topology")
LISTS = ("--measure", "--mode", "--precision")


def values_of(parameter):
    """What a parameter cannot have; nothing where that is the matter of something else."""
    name, kind = parameter.opts[0], parameter.type
    if kind in (FOLDER, FILE):
        return PATHS
    if isinstance(kind, click.types.IntParamType) or name == "--time-batch-size":
        return WHOLE_NUMBERS
    if kind is SECONDS or name in ("--interval", "--time-threads"):
        return TIMES
    if isinstance(kind, click.Choice) or name in (*NAMED, *LISTS):
        return NAMES
    return SELECTIONS if name in SELECTING else []


def kinds():
    """A command, what stands before the value, and the value, for each that is bad."""
    for name in COMMANDS:
        command = importlib.import_module(f"alexnet_bench.cli.{name}_command").command
        for parameter in command.params:
            option = parameter.opts[0]
            is_flag = isinstance(parameter, click.Option) and parameter.is_flag and not parameter.flag_value
            # A gate and a comparison that name what is wrong first look for what they are held against.
            late = name in ("gate", "compare", "doctor") and option in (*SELECTING, *NAMED, *LISTS)
            for value in () if is_flag or late else values_of(parameter):
                if name == "run" and (option, value) in (
                    ("--recipe", ""),
                    ("--topology", ""),
                    ("--control", ""),
                ):
                    continue
                yield name, option, value


BAD = list(kinds())


def test_there_are_many():
    """Where the commands say otherwise what their options are, nothing would be tried."""
    assert len(BAD) > 250
    assert {name for name, *_ in BAD} == set(COMMANDS)


@pytest.mark.parametrize(
    ("command", "option", "value"), BAD, ids=lambda part: part[:12].encode("unicode_escape").decode()
)
def test_a_value_that_cannot_be_is_one_message(
    bench, tmp_path, monkeypatch, no_workers, command, option, value
):
    monkeypatch.chdir(tmp_path)
    needed = ["alexnet"] if command == "show" else []
    given = [f"{option}={value}"] if option.startswith("-") else [value]

    code, out, err = bench(command, *needed, *given)

    assert (code, out) == (2, "")
    message = err.partition("Error: ")[2]
    assert message.count("\n") == 1
    assert "fault of alexnet-bench" not in message
    assert "\x1b" not in message
    assert list(tmp_path.iterdir()) == []
