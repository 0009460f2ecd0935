"""What ablation files define, and what a `--variants` selection means of it."""

import fnmatch
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from functools import reduce
from pathlib import Path

from alexnet_bench.errors import AblationError, UnknownNameError, VariantError
from alexnet_bench.network.ablation import Ablation
from alexnet_bench.network.ablation_files import ablations_in, shipped_folder
from alexnet_bench.network.factorial import Factorial
from alexnet_bench.network.variant import ALEXNET, Variant
from alexnet_bench.words import in_short

FACTORIAL, HALF_FACTORIAL, FACTORS_BETWEEN = "factorial:", "half-factorial:", ","
# With three factors, half of the sums would mix every main effect with an interaction of two.
FEWEST_FACTORS, MOST_FACTORS = {FACTORIAL: 2, HALF_FACTORIAL: 4}, 5
# Files are called by a variant, and no file system takes names of any length: of one, and of a sum.
LONGEST_NAME, LONGEST_SUM = 64, 200
# More than anybody types.
LONGEST_SELECTION = 10_000
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_FIELDS = {item.name for item in fields(Variant)}


@dataclass(kw_only=True)
class Registry:
    """What the loaded ablation files define, by name, in the order of the files' names."""

    variants: dict[str, Variant] = field(default_factory=lambda: {ALEXNET.name: ALEXNET})
    ablations: dict[str, Ablation] = field(default_factory=dict)
    _files: dict[str, Path] = field(default_factory=dict)

    def add(self, ablation: Ablation, file: Path) -> None:
        """Take in an ablation and its variants.

        Raises:
            AblationError: another file defines one of its names, or a name cannot be selected.
        """
        self._claim(f"@{ablation.name}", file)
        self.ablations[ablation.name] = ablation
        for variant in ablation.variants:
            if variant == self.variants.get(variant.name) and (
                variant == ALEXNET or self._files[variant.name] == file
            ):
                continue
            self._claim(variant.name, file)
            self.variants[variant.name] = variant

    def _claim(self, name: str, file: Path) -> None:
        if name == ALEXNET.name:
            raise AblationError(f"{file}: '{name}' is the paper's network; give your variant another name")
        own = name.removeprefix("@")
        if name == "all" or not NAME.fullmatch(own) or len(own) > LONGEST_NAME:
            raise AblationError(
                f"{file}: {in_short(name)} cannot be selected; use letters, digits, '.', '_' and '-', "
                f"{LONGEST_NAME} of them at most, and not 'all'"
            )
        if name in self._files:
            raise AblationError(
                f"'{name}' is defined in {self._files[name]} and in {file}; rename one of them"
            )
        self._files[name] = file

    def select(self, selection: str) -> list[Variant]:
        """The variants that a selection means, each once, in the order in which they are named.

        Args:
            selection: comma-separated names, globs, `@ablation`s (globs too), sums (`no-lrn+tanh`) and
                `factorial:normalization,dropout` or `half-factorial:…`; or `all`.

        Raises:
            UnknownNameError: names that stand for nothing, all at once.
            VariantError: a sum that sets one field twice, or adds what is no single variant.
        """
        if len(selection) > LONGEST_SELECTION:
            raise VariantError(
                f"the selection of variants has {len(selection):,} characters; give {LONGEST_SELECTION:,} at "
                "most: globs (no-*) and ablations (@lrn) stand for several"
            )
        terms = [term for term in terms_of(selection) if _crossing(term) is None]
        crossed = self.factorials(selection)
        terms += ["+".join(cell) or ALEXNET.name for factorial in crossed for cell in factorial.cells]
        if not terms:
            raise AblationError("the selection of variants is empty; give names, or `all`")
        self._check_known(terms)
        chosen = {variant.name: variant for term in terms for variant in self._resolve(term)}
        return list(chosen.values())

    def find(self, name: str) -> Variant:
        """The one variant that a name or sum means.

        Raises:
            BenchError: it means none, or several.
        """
        chosen = self.select(name) if name.strip(" ,") else []
        if len(chosen) != 1:
            raise VariantError(f"'{name}' means {len(chosen)} variants; name one")
        return chosen[0]

    def control(self, variant: Variant, selection: str = "") -> Variant:
        """What a variant is held against: the control of the ablation that it is an arm of.

        A control is held against nothing, so it is its own; a sum is held against the paper's network.

        Args:
            variant: any of the registry, or a sum.
            selection: the ablations that it names go before the others.
        """
        for ablations in (self._selected(selection), list(self.ablations.values())):
            for ablation in ablations:
                if variant in ablation.arms:
                    return ablation.control
            if any(variant == ablation.control for ablation in ablations):
                return variant
        return ALEXNET

    def factorials(self, selection: str) -> list[Factorial]:
        """What each `factorial:` of a selection crosses: the first arm that changes each factor of `alexnet`.

        Raises:
            UnknownNameError: no ablation changes a factor alone.
            AblationError: it crosses fewer than two factors, or so many that nobody would wait.
        """
        first = {
            ablation.factor: ablation.arms[0].name
            for ablation in reversed(self.ablations.values())
            if ablation.factor != "several" and not ablation.apart and not ablation.control.changes
        }
        found = []
        for term in terms_of(selection):
            if (kind := _crossing(term)) is not None:
                factors = term.removeprefix(kind).split(FACTORS_BETWEEN)
                if unknown := [name for name in factors if name not in first]:
                    raise UnknownNameError("factor", unknown, first)
                fewest = FEWEST_FACTORS[kind]
                if not fewest <= len(set(factors)) == len(factors) <= MOST_FACTORS:
                    raise AblationError(
                        f"'{term}' crosses {len(factors)}; give {fewest} to {MOST_FACTORS} factors, each once"
                    )
                changes = tuple(first[name] for name in factors)
                found.append(Factorial(changes=changes, half=kind == HALF_FACTORIAL))
        return found

    def _resolve(self, term: str) -> Iterator[Variant]:
        if term == "all":
            apart = {
                variant.name for item in self.ablations.values() if item.apart for variant in item.variants
            } - {ALEXNET.name}
            yield from (variant for variant in self.variants.values() if variant.name not in apart)
        elif term.startswith("@"):
            for ablation in self._selected(term):
                yield from ablation.variants
        elif "+" in term:
            found = reduce(Variant.plus, [self.variants[name.strip()] for name in term.split("+")])
            if len(found.name) > LONGEST_SUM:
                raise VariantError(f"'{found.name}' is too long a name for files; add fewer variants")
            yield found
        else:
            yield from (self.variants[name] for name in fnmatch.filter(self.variants, term))

    def _selected(self, selection: str) -> list[Ablation]:
        """The ablations that a selection names."""
        patterns = [term[1:] for term in terms_of(selection) if term.startswith("@")]
        return [self.ablations[name] for item in patterns for name in fnmatch.filter(self.ablations, item)]

    def _check_known(self, terms: Sequence[str]) -> None:
        names = [name.strip() for term in terms if term != "all" for name in term.split("+")]
        variants = [name for name in names if not name.startswith("@")]
        unknown = [name for name in variants if not fnmatch.filter(self.variants, name)]
        kind = "variant" if unknown else "ablation"
        patterns = [name for name in names if name.startswith("@")]
        unknown += [name for name in patterns if not fnmatch.filter(self.ablations, name[1:])]
        if unknown:
            known = [*self.variants, *(f"@{name}" for name in self.ablations)]
            raise UnknownNameError(kind, unknown, known, shown_by="bench list")
        for term in terms:
            addends = [name.strip() for name in term.split("+")]
            if len(addends) > 1 and (groups := [name for name in addends if name not in self.variants]):
                raise VariantError(
                    f"'{term}' adds {', '.join(groups)}, which may mean several; name the variants of a sum"
                )


def terms_of(selection: str) -> list[str]:
    """The terms of a selection; the commas of a factorial are its own, up to a term that names no factor."""
    terms: list[str] = []
    for term in (part.strip() for part in selection.split(",") if part.strip()):
        if terms and _crossing(terms[-1]) and term.split(".")[0] in _FIELDS:
            terms[-1] += FACTORS_BETWEEN + term
        else:
            terms.append(term)
    return terms


def _crossing(term: str) -> str | None:
    """Which kind of factorial a term asks for, if any."""
    return next((kind for kind in FEWEST_FACTORS if term.startswith(kind)), None)


def load_registry(folders: Iterable[Path] = ()) -> Registry:
    """What the shipped ablation files define, and those of further folders.

    Raises:
        AblationError: a folder that is not there, a file that cannot be used, a name defined twice.
    """
    registry = Registry()
    # One folder under two names is one folder.
    for folder in {path.resolve(): path for path in (shipped_folder(), *folders)}.values():
        for file, ablation in ablations_in(folder):
            registry.add(ablation, file)
    return registry
