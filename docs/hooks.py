"""What the site holds beside the pages of this folder.

README is its front page; CONTRIBUTING, CHANGELOG and the results' README are pages; the reference of commands is
made from the program. What else a page links to outside of this folder, such as a report's figure, is copied.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
# What becomes a page, and where it lies in the site.
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "results/README.md": "results/README.md",
}
_LINK = re.compile(r"(\]\()((?![a-z]+:|#)[^)\s#]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what is made, and what the pages link to outside of this folder."""
    for source, place in PAGES.items():
        files.append(File.generated(config, place, content=_moved(source, place)))
    files.append(File.generated(config, "reference/commands.md", content=_commands()))
    files.append(File.generated(config, "reference/python.md", content=_functions()))
    texts = {file.src_uri: file.content_string for file in files.documentation_pages()}
    for link in sorted({link for place, text in texts.items() for link in _outside(place, text)}):
        if files.get_file_from_path(link) is None and (ROOT / link).is_file():
            files.append(File.generated(config, link, abs_src_path=str(ROOT / link)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point links that leave this folder to where the site has what they name."""
    return _relinked(markdown, page.file.src_uri)


def _moved(source: str, place: str) -> str:
    """The text of a file elsewhere in the repository, with the links that it needs at its place in the site."""
    text = (ROOT / source).read_text(encoding="utf-8")

    def link(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join("docs", posixpath.relpath(".", "docs"), posixpath.dirname(source), found[2]))
        return found[1] + _from(place, _in_site(target))

    return _LINK.sub(link, text)


def _relinked(text: str, place: str) -> str:
    def link(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join("docs", posixpath.dirname(place), found[2]))
        return found[0] if target.startswith("docs/") else found[1] + _from(place, _in_site(target))

    return _LINK.sub(link, text)
