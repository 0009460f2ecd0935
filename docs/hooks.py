"""What the site is made of: every file at its place in the repository, so that links hold in both.

Pages are README, the docs and what these link to; other files that these link to, such as figures, are
copied. The reference of commands and of Python is made from the code.
"""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

import alexnet_bench
from alexnet_bench.cli.group import COMMANDS
from alexnet_bench.cli.group import bench as program

ROOT = Path(__file__).parents[1]
_LINK = re.compile(r"\[((?:\\.|\[[^\]]*\]|[^\]\\[])*)\]\((?![a-z]+:|#)([^)\s#]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The pages, the references, and all that is linked to from there."""
    made = {"docs/reference/commands.md": commands(), "docs/reference/python.md": functions()}
    places = ["README.md", *(f"docs/{file.src_uri}" for file in files.documentation_pages())]
    # Grows while it is gone through: a page that is linked to may link to others.
    for place in places:
        if place.endswith(".md"):
            places += [link for link in _linked(place) if link not in places and link not in made]
    for file in [file for file in files if file.src_dir == config.docs_dir]:
        files.remove(file)
    for place in places:
        files.append(File.generated(config, place, abs_src_path=str(ROOT / place)))
    for place, text in made.items():
        files.append(File.generated(config, place, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Without links to folders and hidden files, which a site has not."""
    folder = ROOT / posixpath.dirname(page.file.src_uri)

    def absent(link: str) -> bool:
        return (folder / link).is_dir() or bool(re.search(r"(^|/)\.\w", link))

    return _LINK.sub(lambda link: link[1] if absent(link[2]) else link[0], markdown)


def commands() -> str:
    """Every command with its help."""
    lines = ["# Commands", "", _help(program, "bench")]
    for name in COMMANDS:
        lines += ["", f"## bench {name}", "", _help(program.get_command(None, name), f"bench {name}")]
    return "\n".join(lines)


def functions() -> str:
    """Every public function and class, as mkdocstrings asks for them."""
    public = [name for name in alexnet_bench.__all__ if callable(getattr(alexnet_bench, name))]
    return "\n\n".join(
        ["# Python", "`import alexnet_bench`", *(f"::: alexnet_bench.{name}" for name in public)]
    )


def _help(command: click.Command, path: str) -> str:
    context = click.Context(command, info_name=path, max_content_width=100, terminal_width=100)
    return f"```text\n{command.get_help(context)}\n```"


def _linked(place: str) -> Iterator[str]:
    """The files that a page links to, as paths in the repository."""
    for link in _LINK.finditer((ROOT / place).read_text(encoding="utf-8")):
        # A report escapes the underscores of its figures' names.
        named = re.sub(r"\\(.)", r"\1", link[2])
        target = posixpath.normpath(posixpath.join(posixpath.dirname(place), named))
        if (ROOT / target).is_file():
            yield target
