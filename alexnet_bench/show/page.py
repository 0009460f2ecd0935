"""Writes a report's content as a page, as Markdown and as a LaTeX table; what is filled in is escaped."""

from collections.abc import Callable
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from alexnet_bench.show.content import Content
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
    **{character: f"\\{character}" for character in "&%$#_"},
}
# What a wide page cannot hold; the other formats have it.
_NOT_IN_LATEX = {"Differs in", "Learning rate", "Seeds", "Draws", "Device", "Failed"}


def render_html(content: Content) -> str:
    """The page."""
    environment = _environment(autoescape=True, finalize=_escaping(on_one_line))
    return environment.get_template("page.html.j2").render(content=content)


def render_markdown(content: Content) -> str:
    """The same as Markdown."""
    environment = _environment(finalize=_escaping(escape_markdown))
    grid = lambda table: Markup(table.markdown())  # noqa: E731
    return environment.get_template("report.md.j2").render(content=content, grid=grid)


def render_latex(content: Content) -> str:
    """The tables of variants for a paper."""
    environment = _environment(
        finalize=_escaping(escape_latex),
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
    )
    return environment.get_template("table.tex.j2").render(content=content, left_out=_NOT_IN_LATEX)


def escape_latex(text: str) -> str:
    """Text that LaTeX shows as it is."""
    return "".join(_LATEX.get(character, character) for character in on_one_line(text))


def _escaping(escape: Callable[[str], str]) -> Callable[[Any], Any]:
    # What a macro has made is escaped already.
    return lambda value: escape(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _environment(**options: Any) -> Environment:
    return Environment(
        loader=PackageLoader("alexnet_bench", "show"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        **{"autoescape": False, **options},
    )
