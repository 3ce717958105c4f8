"""How the numbers come about: a noise unit by pencil and by the judge, and how far the rest can be believed."""

import importlib.metadata
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import markdown2
import numpy as np
from markupsafe import Markup

from parity.judging.noise import JITTER, LIMIT, noise_units, truth_of
from parity.site import times
from parity.site.sources import Found
from parity.site.units import grouped
from parity.site.writing import Site

README = Path(__file__).parents[3] / "README.md"
W, X, COPIES = 1.5, 2.0, 4096  # of one product: so many that eight draws come out as their expectation
STEP = 2.0**-22  # from 3 to the next float32
RECORDED = {  # what the README says once, by a word of the paragraph before its table
    "faults": "worst noise units of",
    "overhead": "The harness adds at most",
    "verdict": "How often it is wrong is measured",
}


@dataclass(frozen=True)
class Line:
    """A step of the example."""

    what: str
    formula: str
    pencil: float
    judge: float


def write(site: Site, found: Found) -> None:
    """The page."""
    timed = [row for row in found.timed if not row.skip_reason]
    site.page(
        "method.html", "method.html", title="Method", lines=example(), w=W, x=X, copies=COPIES, limit=LIMIT,
        faults={task.name: list(task.faults) for task in found.tasks.values()},
        recorded={name: recorded(words) for name, words in RECORDED.items()},
        noise=[
            [column.result, column.backend, len(rows), f"{times.spread(rows):.0%}", sum(row.disturbed for row in rows)]
            for column, rows in grouped(timed, lambda row: row.column).items()
        ],
    )  # fmt: skip


def example() -> list[Line]:
    """The noise of y = w · x, step by step: as one finds it with a pencil, and as the judge measures it."""
    y, u = W * X, JITTER
    w, x = np.full(COPIES, W), np.full(COPIES, X)
    truth = truth_of(lambda params, batch: {"y": params["w"] * batch["x"]}, {"w": w}, {"x": x}, "float32")["y"]
    jitter = float(np.sqrt(truth.noise**2 - (u * y) ** 2 / 3))

    def units(output: float) -> float:
        return noise_units(np.full(COPIES, output), truth.value, noise=truth.noise, peak=truth.peak)

    noise = u * y
    return [
        Line("the truth", "y = w · x", y, float(truth.value[0])),
        Line("jitter: both inputs rounded once", "u · y · √(1/3 + 1/3)", u * y * np.sqrt(2 / 3), jitter),
        Line(
            "the result rounded once", "u · y · √(1/3)", u * y / np.sqrt(3), float(np.sqrt(truth.noise**2 - jitter**2))
        ),
        Line("the noise", "u · y · √(1/3 + 1/3 + 1/3) = u · y", noise, truth.noise),
        Line("units of the next float32 above 3", "2⁻²² / noise", STEP / noise, units(y + STEP)),
        Line("units of 3.003, a wrong factor of 1.001", "0.003 / noise", 0.003 / noise, units(y + 0.003)),
    ]


def recorded(words: str, read: Callable[[], str] | None = None) -> Markup:
    """The README's paragraph with these words and its table, or its table with them; empty if there is none."""
    blocks = re.split(r"\n\s*\n", (read or _readme)())
    for place, block in enumerate(blocks):
        if words in block:
            after = blocks[place + 1] if place + 1 < len(blocks) else ""
            text = block if block.lstrip().startswith("|") or not after.startswith("|") else f"{block}\n\n{after}"
            return Markup(markdown2.markdown(text, extras=["tables"]))
    return Markup()


def _readme() -> str:
    """The README of the checkout, or the one that the installed package has as its description."""
    if README.exists():
        return README.read_text()
    try:
        return str(importlib.metadata.metadata("parity")["Description"] or "")
    except importlib.metadata.PackageNotFoundError:
        return ""
