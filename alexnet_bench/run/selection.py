"""Which variants a selection means where two sides may have different ones."""

import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import alexnet_bench.worker
from alexnet_bench.errors import BenchError, UnknownNameError
from alexnet_bench.network.registry import Registry, load_registry, terms_of
from alexnet_bench.records.schema import BASE, HEAD
from alexnet_bench.run.settings import Settings
from alexnet_bench.run.sides import Side

SCRIPT = Path(alexnet_bench.worker.__file__).parent / "variants.py"
# Ablation files are loaded, and nothing is built.
MOST_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Selected:
    """What a selection means on the sides of a comparison.

    Args:
        of_head: the part of it that head knows.
        only_head: names of the variants in it that the base lacks.
        only_base: likewise, that head lacks.
    """

    of_head: str
    only_head: tuple[str, ...] = ()
    only_base: tuple[str, ...] = ()


def select_on_sides(settings: Settings, sides: Mapping[str, Side], named: Sequence[str] = ()) -> Selected:
    """Find out which variants of a selection each side has; head may be alone.

    Those named need not be selected, but have to be somewhere.

    Raises:
        UnknownNameError: names that stand for nothing on either side, or for nothing at all of head.
    """
    registry = load_registry(Path(folder) for folder in settings.ablations)
    terms = terms_of(settings.variants)
    own = {term: _names(registry, term) for term in (*terms, *named)}
    chosen = list(dict.fromkeys(name for term in terms for name in own[term]))
    base = _names_of_base(sides, (*own, *chosen)) or own
    if lacking := [term for term in terms if not own[term] and not base[term]]:
        registry.select(",".join(lacking))
    if not chosen:
        registry.select(settings.variants)
    if wrong := [name for name in named if [name] not in (own[name], base[name])]:
        unknown = UnknownNameError("variant", wrong, registry.variants, shown_by="bench list")
        raise BenchError(f"thresholds: {unknown}")
    known = {name for term in terms for name in base[term]}
    return Selected(
        of_head=",".join(term for term in terms if own[term]),
        only_head=tuple(name for name in chosen if base is not own and not base[name]),
        only_base=tuple(sorted(name for name in known if not _names(registry, name))),
    )


def _names_of_base(sides: Mapping[str, Side], selections: Iterable[str]) -> dict[str, list[str]] | None:
    """What the base's own code says of selections; None where it is head's, or cannot be asked.

    What is wrong with a code that cannot be asked is told when its networks are built.
    """
    base, head = sides.get(BASE), sides[HEAD]
    if base is None or (base.code.root, base.ablations) == (head.code.root, head.ablations):
        return None
    asked = {"ablations": list(base.ablations), "selections": list(selections)}
    try:
        done = subprocess.run(
            [str(base.code.python), str(SCRIPT), str(base.code.root)],
            env=base.code.environment,
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
            timeout=MOST_SECONDS,
        )
        return cast(dict[str, list[str]], json.loads(done.stdout))
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def _names(registry: Registry, selection: str) -> list[str]:
    try:
        return [variant.name for variant in registry.select(selection)]
    except BenchError:
        return []
