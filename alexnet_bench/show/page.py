"""Writes a report's content as a page and as Markdown; what is filled in is escaped."""

from collections.abc import Callable
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from alexnet_bench.show.content import Content
from alexnet_bench.show.inlined import assets, embedded
from alexnet_bench.show.table import escape_markdown, on_one_line


def render_html(content: Content) -> str:
    """The page."""
    return _render("web/page.html.j2", content, on_one_line, autoescape=True)


def render_markdown(content: Content) -> str:
    """The same as Markdown."""
    return _render("report.md.j2", content, escape_markdown)


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
