"""Tables for a terminal of 80 columns: long text is wrapped, and nothing is cut."""

import textwrap
from collections.abc import Collection, Sequence
from io import StringIO

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

WIDTH = 78  # columns of a narrow terminal, without its edges
ENDLESS = 10_000  # columns, to measure what a table would take


def paragraph(text: str, width: int, *, indent: str = "    ") -> str:
    """The text wrapped between words, its further lines indented."""
    return textwrap.fill(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def table(
    title: str, columns: Sequence[str], *, names: Collection[str] = (), right: Collection[str] = (), gap: int = 1
) -> Table:
    """An empty table.

    Args:
        columns: the headings; text that is too long for its column is wrapped between words.
        names: the columns with names that people type or search for; these are never wrapped.
        right: the columns of numbers.
        gap: blanks between two columns.
    """
    view = Table(
        title=title, title_justify="left", title_style="bold", min_width=min(len(title), WIDTH), box=None,
        padding=(0, gap, 0, 0), header_style="bold",
    )  # fmt: skip
    for column in columns:
        view.add_column(
            column, no_wrap=column in names, overflow="fold", justify="right" if column in right else "left"
        )
    return view


def least_width(console: Console, view: Table) -> int:
    """The columns that a table takes where all that can be wrapped is."""
    return Measurement.get(console, console.options.update(width=ENDLESS), view).minimum


def unpadded(console: Console, view: Table) -> None:
    """Print a table without blanks at the ends of its lines, wider than the console before a name is cut."""
    text = StringIO()
    inner = Console(
        file=text, width=max(console.width, least_width(console, view)), force_terminal=console.is_terminal,
        color_system="standard" if console.is_terminal else None,
    )  # fmt: skip
    inner.print(view)
    for line in text.getvalue().splitlines():
        shown = Text.from_ansi(line)
        shown.rstrip()
        console.print(shown, soft_wrap=True, highlight=False)
