"""What the page holds inside itself, so that one file asks for nothing: scripts, data, pictures."""

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

# In the order in which they run; each sets up its own part of the page.
SCRIPTS = (
    "page.js",
    "tables.js",
    "curves.js",
    "statistics.js",
    "effects.js",
    "numbers.js",
    "recompute.js",
)
# What is itself in an address and in an attribute in single quotes.
_PLAIN = ' !"$()*+,-./:;<=>?@[\\]^_`{|}~'
# What would end the element that holds it, or begin a comment.
_MARKUP = {ord(character): f"\\u{ord(character):04x}" for character in "<>&"}


@dataclass(frozen=True)
class Assets:
    """The page's own style and scripts.

    Args:
        style: the style sheet.
        scripts: each by itself.
        policy: the Content-Security-Policy under which these run, nothing else does, nothing is asked for.
    """

    style: Markup
    scripts: tuple[Markup, ...]
    policy: Markup


@cache
def assets() -> Assets:
    """Read the style and the scripts."""
    folder = files("alexnet_bench.show") / "web"
    style = (folder / "page.css").read_text("utf-8")
    scripts = [(folder / name).read_text("utf-8") for name in SCRIPTS]
    policy = (
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
        f"style-src {_hashed(style)}; script-src {' '.join(map(_hashed, scripts))}"
    )
    return Assets(Markup(style), tuple(map(Markup, scripts)), Markup(policy))


def embedded(value: Any) -> Markup:
    """JSON that stays data within an element of a page, whatever names it holds."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return Markup(text.translate(_MARKUP))


def picture_address(svg: bytes) -> Markup:
    """The address of a picture that holds it, for an attribute in single quotes.

    As text, which is a quarter shorter than in base 64.
    """
    return Markup(f"data:image/svg+xml;charset=utf-8,{quote(b' '.join(svg.split()), safe=_PLAIN)}")


def data_address(content: bytes, kind: str) -> str:
    """The address of a file that holds the file itself."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _hashed(text: str) -> str:
    """What a policy allows exactly this text by."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
