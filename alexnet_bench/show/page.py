"""Writes a report's content as a page, as Markdown and as a LaTeX table; what is filled in is escaped."""

from collections.abc import Callable
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from alexnet_bench.show.content import Content
from alexnet_bench.show.inlined import assets, embedded
from alexnet_bench.show.table import escape_markdown, on_one_line

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "−": "$-$",
    "×": r"$\times$",
    "–": "--",
    "’": "'",
    "`": r"\textasciigrave{}",
    # In the encoding that LaTeX begins with, these are other signs.
    **{character: f"${character}$" for character in "<>|"},
    **{character: f"\\{character}" for character in "&%$#_"},
}


def render_html(content: Content) -> str:
    """The page."""
    return _render("web/page.html.j2", content, on_one_line, autoescape=True)


def render_markdown(content: Content) -> str:
    """The same as Markdown."""
    return _render("report.md.j2", content, escape_markdown)


def render_latex(content: Content) -> str:
    """The tables of variants for a paper."""
    delimiters = {
        "block_start_string": "<%",
        "block_end_string": "%>",
        "variable_start_string": "<<",
        "variable_end_string": ">>",
        "comment_start_string": "<#",
        "comment_end_string": "#>",
    }
    return _render("table.tex.j2", content, escape_latex, **delimiters)


def escape_latex(text: str) -> str:
    """Text that LaTeX shows as it is, after the end of a table's row too, where a bracket is an option."""
    escaped = "".join(_LATEX.get(character, character) for character in on_one_line(text))
    return f"{{}}{escaped}" if escaped.startswith(("[", "*")) else escaped


def _render(template: str, content: Content, escape: Callable[[str], str], **options: Any) -> str:
    environment = Environment(
        loader=PackageLoader("alexnet_bench", "show"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        # What a macro has made, or what is marked as safe, is escaped already.
        finalize=lambda item: (
            escape(item) if isinstance(item, str) and not isinstance(item, Markup) else item
        ),
        **options,
    )
    environment.filters["embedded"] = embedded
    return environment.get_template(template).render(content=content, assets=assets())
