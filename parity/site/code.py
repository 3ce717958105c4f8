"""Source on a page: highlighted, with a colour for each theme."""

import functools
import re

from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from pygments.styles import get_style_by_name
from pygments.token import STANDARD_TYPES

LIGHT, DARK = "xcode", "github-dark"  # both have a contrast of 4.5 and more on the pages' backgrounds


@functools.cache
def python(source: str) -> Markup:
    """Highlighted Python."""
    return Markup(highlight(source, *_tools()))


@functools.cache
def _tools() -> tuple[PythonLexer, HtmlFormatter]:
    return PythonLexer(), HtmlFormatter(nowrap=True)


def prose(text: str) -> Markup:
    """A sentence; what stands between backticks is code."""
    parts = re.split(r"`([^`]+)`", text)
    return Markup("").join(Markup("<code>{}</code>").format(p) if i % 2 else escape(p) for i, p in enumerate(parts))


def style() -> str:
    """The style of highlighted source."""
    light, dark = get_style_by_name(LIGHT), get_style_by_name(DARK)
    rules = []
    for token, short in STANDARD_TYPES.items():
        a, b = light.style_for_token(token)["color"], dark.style_for_token(token)["color"]
        if short and (a or b):
            rules.append(f".code .{short}{{color:light-dark(#{a or '000'},#{b or 'e6edf3'})}}")
    return "\n".join(rules) + "\n"
