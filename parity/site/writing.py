"""The pages on disk: rendered aside and moved into place when all are there."""

import csv
import io
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jinja2

from parity.site import code
from parity.site.plots import Figure
from parity.task import UsageError
from parity.timing.report import duration

TEMPLATES = Path(__file__).parent / "templates"
OURS = "site.css"  # a folder with this file is a site, and may be replaced
SECTIONS = {"Home": "index.html", "Divergences": "divergences/index.html", "Models": "models/index.html",
            "History": "history/index.html", "Method": "method.html", "Reference": "reference/index.html"}  # fmt: skip


class Site:
    """A site that is being written into a folder aside."""

    def __init__(self, folder: Path, about: str) -> None:
        self.folder, self._about = folder, about
        self.addresses: list[str] = []
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True,
            undefined=jinja2.StrictUndefined, keep_trailing_newline=True,
        )  # fmt: skip
        self._environment.filters |= {"python": code.python, "prose": code.prose, "duration": duration}
        self._environment.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "sort_keys": False}

    def page(self, address: str, template: str, **context: Any) -> None:
        """Render a template to an address such as `tasks/mlp.html`."""
        root = "../" * address.count("/")
        section = next((name for name, at in SECTIONS.items() if at.partition("/")[0] == address.partition("/")[0]), "")
        html = self._environment.get_template(template).render(
            root=root, section=section, sections=SECTIONS, about=self._about, **context
        )
        self.file(address, html)
        self.addresses.append(address)

    def file(self, address: str, content: str) -> None:
        """Write a file as it is."""
        path = self.folder / address
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")

    def folder_of(self, address: str, source: Path) -> None:
        """Copy a folder as it is."""
        shutil.copytree(source, self.folder / address)

    def figure(
        self, name: str, title: str, says: str, traces: list[dict[str, Any]], columns: Sequence[str],
        data: Sequence[Sequence[object]], **layout: Any,
    ) -> Figure:  # fmt: skip
        """A figure, with its data as a file."""
        return Figure(title, says, traces, layout, list(columns), [list(row) for row in data],
                      self.table(name, columns, data))  # fmt: skip

    def table(self, name: str, columns: Sequence[str], data: Sequence[Sequence[object]]) -> str:
        """A table as a CSV file; its address."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([columns, *data])
        address = f"data/{slug(name)}.csv"
        self.file(address, text.getvalue())
        return address

    def script(self, address: str, name: str, value: Any) -> None:
        """Data as a script that sets a global name: a page that was opened from a folder may not fetch a file."""
        self.file(address, f"window.{name} = {json.dumps(value, separators=(',', ':'))};\n")


def slug(text: str) -> str:
    """A name that any file system and address takes."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-.") or "unnamed"


def write_whole(out: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write into a folder aside, and put that in the place of `out`.

    Raises:
        UsageError: `out` holds something else than a site, or cannot be written.
    """
    if out.exists() and not (out.is_dir() and ((out / OURS).exists() or not any(out.iterdir()))):
        raise UsageError(f"{out} is there and is no site of parity's: name another folder, or an empty one")
    target = out.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as aside:
            fresh, old = Path(aside) / "new", Path(aside) / "old"
            fresh.mkdir()
            fill(fresh)
            if target.exists():
                target.rename(old)
            fresh.rename(target)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}") from error
