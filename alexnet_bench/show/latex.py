"""Tables and captions in LaTeX that compiles and fits a column of text, whatever the names in it are."""

import re
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from alexnet_bench.show.table import Table, on_one_line

# Points across of `article` at its default size, and between two columns.
TEXT_WIDTH = 345
_GAP = 8
# More rows than this, with the notes, are more than a page.
_MOST_ON_A_PAGE = 36
_SIGNS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "−": "$-$",
    "×": r"$\times$",
    "±": r"$\pm$",
    "∞": r"$\infty$",
    "†": r"$\dagger$",
    "≈": r"$\approx$",
    "–": "--",
    "—": "---",
    "…": r"\ldots{}",
    "’": "'",
    "`": r"\textasciigrave{}",
    # In the encoding that LaTeX begins with, these are other signs.
    **{character: f"${character}$" for character in "<>|"},
    **{character: f"\\{character}" for character in "&%$#_"},
}
# Latin letters that LaTeX has without a package; not the eths and thorns among them.
_LETTERS = {chr(code) for code in range(0xC0, 0x100)} - set("ÐÞðþ×÷")
_PLAIN = {chr(code) for code in range(0x20, 0x7F)} | _LETTERS
_OTHERS = re.compile(f"[^{re.escape(''.join(_PLAIN | _SIGNS.keys()))}]+")
# Two of these would make another sign.
_LIGATURES = re.compile(r"(?<=([-',]))(?=\1)")
# A line may end after so many characters that hold neither a space nor a hyphen.
_UNBROKEN = re.compile(r"[^\s-]{18}(?=[^\s-])")
_BREAK = "\\hspace{0pt}"
# A longer cell goes over several lines.
_WIDEST = 104
# As much as a name takes before it does.
_NAME = 80
_PACKAGES = {
    "booktabs": r"\toprule",
    "array": r"\arraybackslash",
    "longtable": r"{longtable}",
    "graphicx": r"\includegraphics",
}
_ABOUT_OTHERS = r"""% Some names are in scripts of which pdfLaTeX prints the numbers;
% XeLaTeX and LuaLaTeX print them, with a font that has them.
\providecommand{\otherscript}[2]{\ifdefined\Umathcode#1\else#2\fi}
"""
# About how many points characters take at the size of the table.
_WIDE, _SMALL, _USUAL = ("MWm%+−=×<>≈", 6.7), (" .,:;()[]'ijltfI|", 2.5), 4.3


def escape_latex(text: str) -> str:
    """Text that LaTeX shows as it is, after the end of a table's row too, where a bracket is an option.

    What pdfLaTeX has no letters for is written for XeLaTeX and LuaLaTeX, and by its numbers for pdfLaTeX.
    """
    parts = []
    at = 0
    shown = on_one_line(text)
    for found in _OTHERS.finditer(shown):
        parts += [_escaped(shown[at : found.start()]), _other(found[0])]
        at = found.end()
    escaped = "".join([*parts, _escaped(shown[at:])])
    return f"{{}}{escaped}" if escaped.startswith(("[", "*")) else escaped


def breakable(text: str) -> Markup:
    """The same, in which lines may end within long words, too."""
    shown = on_one_line(text)
    pieces = _UNBROKEN.sub(lambda found: f"{found[0]}\0", shown).split("\0")
    return Markup(_BREAK.join(map(escape_latex, pieces)))


def render(template: str, **filled: Any) -> str:
    """A template with LaTeX's own delimiters; text that is filled in is escaped."""
    environment = Environment(
        loader=PackageLoader("alexnet_bench", "show"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        finalize=lambda item: (
            breakable(item) if isinstance(item, str) and not isinstance(item, Markup) else item
        ),
    )
    text = environment.get_template(template).render(is_long=is_long, layout=layout, **filled)
    return _with_needs(text)


def is_long(table: Table) -> bool:
    """Whether a table is to go over several pages."""
    return len(table.rows) > _MOST_ON_A_PAGE


def layout(table: Table) -> Markup:
    """The columns: the first has what the others leave of a line, numbers are aligned right."""
    _, *widths = widths_of(table)
    rest = sum(widths) + _GAP * len(widths)
    columns = [rf">{{\raggedright\arraybackslash}}p{{\dimexpr\linewidth-{rest}pt\relax}}"]
    for name, width in zip(table.columns[1:], widths, strict=True):
        side = "left" if name in table.numeric else "right"
        columns.append(rf">{{\ragged{side}\arraybackslash}}p{{{width}pt}}")
    return Markup(f"@{{}}{''.join(columns)}@{{}}")


def fits(table: Table) -> bool:
    """Whether a table is no wider than a column of text."""
    first, *widths = widths_of(table)
    return min(first, _NAME) + sum(widths) + _GAP * len(widths) <= TEXT_WIDTH


def widths_of(table: Table) -> list[int]:
    """About how many points each column takes: what its longest cell does, up to what is then broken."""
    return [
        2
        + round(
            max(
                min(_WIDEST, max((_width(row[at]) for row in table.rows), default=0)),
                *map(_width, title.split()),
            )
        )
        for at, title in enumerate(table.columns)
    ]


def _with_needs(text: str) -> str:
    """The same under what it needs."""
    packages = [name for name, sign in _PACKAGES.items() if sign in text]
    needs = f"% Needs \\usepackage{{{','.join(packages)}}}.\n"
    return needs + (_ABOUT_OTHERS if r"\otherscript" in text else "") + text


def _width(text: str) -> float:
    return sum(
        next((points for signs, points in (_WIDE, _SMALL) if character in signs), _USUAL)
        for character in text
    )


def _escaped(text: str) -> str:
    return "".join(_SIGNS.get(character, character) for character in _LIGATURES.sub("\0", text)).replace(
        "\0", "{}"
    )


def _other(text: str) -> str:
    numbers = " ".join(f"U+{ord(character):04X}" for character in text)
    return rf"\otherscript{{{text}}}{{{numbers}}}"
