"""What a shell is told when Tab is pressed: names of variants, ablations, topologies, data sets and runs."""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    add_completion_class,
    shell_complete,
    split_arg_string,
)

VARIABLE = "_BENCH_COMPLETE"
RUNS = Path("results", "runs")
Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def completed(program: click.Command, name: str) -> int | None:
    """Answer a shell that asks, and return the exit code; None where none does.

    What is wrong is told when the command is called: here it would be printed into what is being typed.
    """
    if not (asked := os.environ.get(VARIABLE)):
        return None
    with contextlib.suppress(Exception, KeyboardInterrupt):
        return shell_complete(program, {}, name, VARIABLE, asked)
    return 1


@add_completion_class
class _Bash(BashComplete):
    """Bash takes a line apart at `@`, `:` and `=`, which are parts of our words: the whole line is read."""

    source_template = r"""
%(complete_func)s() {
    local IFS=$'\n' answer type value
    answer=$(env COMP_LINE="${COMP_LINE:0:$COMP_POINT}" COMP_WORDBREAKS="$COMP_WORDBREAKS" \
        %(complete_var)s=bash_complete "$1")
    for answer in $answer; do
        IFS=',' read -r type value <<< "$answer"
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("$value"); [[ $value != */ ]] || compopt -o nospace ;;
        esac
    done
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one that is typed, and that one."""
        line, breaks = os.environ["COMP_LINE"], os.environ["COMP_WORDBREAKS"]
        words = split_arg_string(line)
        typed = "" if line[-1:].isspace() else words.pop()
        # What is before a break stays as it is. Bash breaks words before "@", and after the others.
        value = typed.partition("=")[2] if typed.startswith("--") and "=" in typed else typed
        self._kept = max((value.rfind(sign) + (sign != "@") for sign in breaks if sign in value), default=0)
        return words[1:], typed

    def format_completion(self, item: CompletionItem) -> str:
        """A line of the answer."""
        return f"{item.type},{item.value[self._kept :] if item.type == 'plain' else item.value}"


def variant(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """One variant."""
    return _beginning(typed, _variants(context))


def selection(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Variants and ablations, after a comma or a plus too."""
    known = _variants(context) | {f"@{name}": about for name, about in _ablations(context).items()}
    return _continued(typed, known | {"all": "all that are comparable"}, ",+")


def choices(known: Iterable[str]) -> Complete:
    """Some of a few words, comma-separated."""
    return lambda context, parameter, typed: _continued(typed, dict.fromkeys(known, ""), ",")


def topology(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """A topology."""
    from alexnet_bench.network.topology import TOPOLOGIES

    return _beginning(typed, {name: item.about for name, item in TOPOLOGIES.items()})


def recipe(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """A recipe."""
    from alexnet_bench.network.recipes import RECIPES

    return _beginning(typed, dict.fromkeys(RECIPES, ""))


def dataset(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """A data set, and the folder that it lies in."""
    from alexnet_bench.data import DATASETS

    name, colon, path = typed.partition(":")
    if colon:
        takes_path = name in DATASETS and DATASETS[name].takes_path
        return [CompletionItem(f"{name}:{folder}/") for folder in _folders(path)] if takes_path else []
    needing = {item.name for item in DATASETS.values() if item.takes and "[" not in item.spec}
    known = {f"{name}:" if name in needing else name: item.help for name, item in DATASETS.items()}
    return _beginning(typed, known)


def data(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """A data set, or a folder of photographs."""
    folders = [CompletionItem(f"{path}/") for path in _folders(typed)]
    return [*folders, *dataset(context, parameter, typed)]


def run(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """A run's folder: one of `results/runs`, or any other, with the folders on the way to it."""
    from alexnet_bench.records.manifest import holds_run

    newest = sorted(filter(holds_run, _folders(f"{RUNS}/")), reverse=True)
    found = [str(path) for path in newest if str(path).startswith(typed) or path.name.startswith(typed)]
    found += [str(path) if holds_run(path) else f"{path}/" for path in _folders(typed)]
    return [CompletionItem(name) for name in dict.fromkeys(found)]


def _variants(context: click.Context) -> dict[str, str]:
    return {name: item.difference for name, item in _registry(context).variants.items()}


def _ablations(context: click.Context) -> dict[str, str]:
    return {
        name: f"{', '.join(arm.name for arm in item.arms)} against {item.control.name}"
        for name, item in _registry(context).ablations.items()
    }


def _registry(context: click.Context) -> Any:
    """With the files of the folders that were typed before."""
    from alexnet_bench.network.registry import load_registry

    return load_registry(context.params.get("ablations") or ())


def _beginning(typed: str, known: Mapping[str, str], before: str = "") -> list[CompletionItem]:
    return [
        CompletionItem(before + name, help=about or None)
        for name, about in known.items()
        if name.startswith(typed)
    ]


def _continued(typed: str, known: Mapping[str, str], signs: str) -> list[CompletionItem]:
    """What the last of several words may be."""
    at = max(typed.rfind(sign) + 1 for sign in signs)
    return _beginning(typed[at:], known, typed[:at])


def _folders(typed: str) -> Iterator[Path]:
    """The folders whose paths begin with what is typed; hidden ones if a dot is."""
    parent, _, name = typed.rpartition("/")
    with contextlib.suppress(OSError):
        for path in sorted(Path(f"{parent}/" if typed.startswith("/") else parent).iterdir()):
            if path.name.startswith(name) and (name or not path.name.startswith(".")) and path.is_dir():
                yield path
