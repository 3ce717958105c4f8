"""What a terminal shows: its lines, blanks between the words included, and which words are in which style."""

import io
from collections.abc import Callable
from typing import NamedTuple

from rich.console import Console, RenderableType
from rich.text import Text

COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan")


class Screen(NamedTuple):
    lines: list[str]
    styles: dict[str, str]  # words -> style


def screen(*shown: RenderableType | Callable[[Console], None], width: int = 80) -> Screen:
    """A console on which these are printed, or print themselves."""
    console = Console(width=width, record=True, file=io.StringIO())
    for one in shown:
        one(console) if callable(one) else console.print(one)
    text = Text.from_ansi(console.export_text(styles=True))
    styles = {text.plain[span.start : span.end].strip(): str(span.style) for span in text.spans}
    for number, colour in enumerate(COLOURS):
        styles = {words: style.replace(f"color({number})", colour) for words, style in styles.items()}
    return Screen([line.rstrip() for line in text.plain.splitlines()], {w: s for w, s in styles.items() if w})
