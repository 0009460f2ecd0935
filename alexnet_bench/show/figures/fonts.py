"""Fonts that have the characters of a figure's names, whatever these are written in."""

import contextlib
import logging
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

from alexnet_bench.errors import BenchWarning

# It comes with matplotlib.
_OWN = "DejaVu Sans"
# In a file's name: what makes it the worse choice, what the better one, and what cannot be drawn with.
_WORSE = (
    "bold",
    "italic",
    "oblique",
    "light",
    "thin",
    "black",
    "medium",
    "condensed",
    "serif",
    "mono",
    "song",
)
_BETTER = ("sanscjk", "sanstc", "sourcehansans", "pingfang", "msjh", "msyh", "wqy", "sans")
_NO_OUTLINES = ("emoji", "lastresort")


def find_fonts(figure: Figure) -> None:
    """Write the texts of a figure with fonts of this machine, where matplotlib's own lacks characters.

    Where no font has them, it is said once what to install.
    """
    for axes in figure.findobj(Axes):
        assert isinstance(axes, Axes)
        # Else there are no labels of ticks yet.
        axes.get_xticklabels(), axes.get_yticklabels()
    texts = [text for text in figure.findobj(Text) if isinstance(text, Text)]
    written = {character for text in texts for character in text.get_text() if character.isprintable()}
    lacking = written - _characters(_own())
    if not lacking:
        return
    families, left = _families(frozenset(lacking))
    for text in texts:
        text.set_fontfamily([_OWN, *families])
    if left:
        warnings.warn(
            "no font of this machine has some characters of the names in the figures, which show boxes "
            "instead; install one that has them (for Chinese on Debian or Ubuntu: apt-get install "
            "fonts-noto-cjk) and write the figures again",
            BenchWarning,
            stacklevel=2,
        )


@contextlib.contextmanager
def without_complaints() -> Iterator[None]:
    """A context in which matplotlib says nothing of a glyph or weight that a font lacks."""
    log = logging.getLogger("matplotlib.font_manager")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing from font")
            yield
    finally:
        log.setLevel(before)


@cache
def _families(characters: frozenset[str]) -> tuple[list[str], frozenset[str]]:
    """Families that have these characters, and the characters that none has."""
    families, left = [], characters
    for file in sorted(font_manager.findSystemFonts(), key=_rank):
        if not left:
            break
        if found := left & _characters(file):
            left -= found
            families.append(_family(file))
    return families, left


def _rank(file: str) -> tuple[bool, int, str]:
    """The place of a font among those to choose from."""
    name = Path(file).name.lower()
    better = [name.replace("-", "").find(word) >= 0 for word in _BETTER]
    return any(word in name for word in _WORSE), [*better, True].index(True), name


def _family(file: str) -> str:
    """The name that matplotlib now knows a font by; of several regions, that of Traditional Chinese."""
    known = font_manager.fontManager
    before = len(known.ttflist)
    known.addfont(file)
    names = [entry.name for entry in known.ttflist[before:]]
    return next((name for name in names if name.endswith(" TC")), names[0])


@cache
def _characters(file: str) -> frozenset[str]:
    """What a font has; nothing where it cannot be drawn with."""
    if any(word in Path(file).name.lower() for word in _NO_OUTLINES):
        return frozenset()
    try:
        return frozenset(map(chr, FT2Font(file).get_charmap()))
    # A damaged file, or one of a kind that FreeType does not read.
    except (RuntimeError, OSError, ValueError):
        return frozenset()


def _own() -> str:
    return font_manager.findfont(_OWN)
