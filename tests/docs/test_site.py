"""The site of README and docs builds without a warning, holds what it promises, and loads nothing else."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import alexnet_bench
from alexnet_bench.cli.group import COMMANDS

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("mkdocs") is None, reason='the site takes pip install ".[docs]"'
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def page(site, place):
    return (site / place / "index.html").read_text(encoding="utf-8")


def test_every_page_of_the_docs_is_in_the_navigation(site):
    front = page(site, "")
    for file in (ROOT / "docs").glob("*.md"):
        assert f'href="docs/{file.stem}/"' in front, file


def test_the_references_are_made_from_the_code(site):
    commands, python = page(site, "docs/reference/commands"), page(site, "docs/reference/python")
    for name in COMMANDS:
        assert f'id="bench-{name}"' in commands
    for name in alexnet_bench.__all__:
        if callable(getattr(alexnet_bench, name)):
            assert f'id="alexnet_bench.{name}"' in python


def test_nothing_is_asked_of_others(site):
    loaded = re.compile(r'<(?:script|img|link rel="(?:stylesheet|icon)")[^>]*(?:src|href)="(?:https?:)?//')
    for file in site.rglob("*.html"):
        assert not loaded.search(file.read_text(encoding="utf-8")), file


def test_every_link_within_the_site_leads_somewhere(site):
    missing = set()
    for file in site.rglob("*.html"):
        for link in re.findall(r'(?:href|src)="(?![a-z]+:)([^"#?]+)', file.read_text(encoding="utf-8")):
            target = site / link.lstrip("/") if link.startswith("/") else file.parent / link
            if not (target / "index.html").is_file() and not target.is_file():
                missing.add((str(file.relative_to(site)), link))
    assert missing == set()
