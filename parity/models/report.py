"""What a comparison found: a row for each pair of layers, and the faults by place and cause."""

import json
import math
import shutil
import textwrap
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from parity.judging.noise import LIMIT

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console
    from rich.table import Table

FIRST = "<- first"  # the first layer whose output differs
NARROW = 36  # columns of a note below two names


@dataclass
class Row:
    """A pair of layers, in float32's noise units; None where it was not measured."""

    first: str
    second: str
    isolated: float | None = None  # float64: given what the first model's layer got
    isolated_float32: float | None = None
    propagated: float | None = None  # float64: as the model runs
    propagated_float32: float | None = None
    edge: float | None = None  # float64: its input, where all layers before are right
    note: str = ""


@dataclass
class Fault:
    """One place where the second model is not the first, and why, where that is proven."""

    part: str  # output, between, weights, buffers, gradients, training, loss, step, pairing or error
    first: str
    second: str
    units: float = math.inf
    cause: str = "unknown"  # an entry of the catalogue
    title: str = ""
    cure: str = ""
    note: str = ""
    stated: bool = False  # the cause is what the configurations alone say, and is not proven

    @property
    def where(self) -> tuple[str, str]:
        return self.first, self.second

    @property
    def place(self) -> str:
        """Where it is, in words."""
        if self.part == "between":
            return f"between {self.first} and {self.second}"
        return " / ".join(dict.fromkeys(name for name in self.where if name))

    def __str__(self) -> str:
        return "\n".join(_entry([self]))


@dataclass(repr=False)
class Report:
    """The whole comparison; `agrees` where no fault was found and everything was compared."""

    rows: list[Row] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    outputs: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    jittered: int = 0  # runs that measured the noise
    allowed: list[Fault] = field(default_factory=list)  # whose causes the user declared

    @property
    def agrees(self) -> bool:
        return not self.faults

    @property
    def first(self) -> Fault | None:
        """The first fault in the order of the calls."""
        return self.faults[0] if self.faults else None

    @property
    def worst(self) -> float:
        """The most noise units of any layer or output that was compared."""
        rows = [*self.rows, *self.outputs]
        found = [u for row in rows for u in (row.isolated, row.propagated, row.edge) if u is not None]
        return max(found, default=0.0)

    def to_pandas(self) -> "pd.DataFrame":
        """A row for each pair of layers and each output."""
        import pandas as pd

        return pd.DataFrame([asdict(row) for row in (*self.rows, *self.outputs)])

    def to_json(self) -> str:
        """All of it; an infinite number of units is the text "inf"."""
        found = {
            "agrees": self.agrees, "limit": LIMIT, "jittered": self.jittered,
            "faults": [asdict(fault) for fault in self.faults],
            "allowed": [asdict(fault) for fault in self.allowed], "layers": [asdict(row) for row in self.rows],
            "outputs": [asdict(row) for row in self.outputs], "notes": self.notes,
        }  # fmt: skip
        return json.dumps(_plain(found), indent=1) + "\n"

    def verdict(self) -> str:
        """One sentence."""
        if self.agrees and self.allowed:
            return f"They agree but for what is allowed: {', '.join(dict.fromkeys(f.cause for f in self.allowed))}."
        if self.agrees:
            rows = [*self.rows, *self.outputs]
            narrow = [u for row in rows for u in (row.isolated_float32, row.propagated_float32) if u is not None]
            most = max(narrow, default=self.worst)
            if most > LIMIT:
                return f"They agree in float64; in float32 some layers round more than that: {units(most)}."
            return f"They agree: rounding alone, {most:.1f} of {LIMIT:.0f} units at most."
        return f"They differ: {len(self.faults)} {'fault' if len(self.faults) == 1 else 'faults'}."

    def __repr__(self) -> str:
        first = self.first
        return f"<Report: {self.verdict()}" + (f" {first.place}: {first.cause}>" if first is not None else ">")

    def __str__(self) -> str:
        from io import StringIO

        from rich.console import Console

        text = StringIO()
        self.print(Console(file=text, width=shutil.get_terminal_size().columns))
        return text.getvalue()

    def print(self, console: "Console") -> None:
        """The table of the layers, then the faults in words."""
        from parity.tables import least_width, paragraph, unpadded

        view = self._table(stacked=False)
        if least_width(console, view) > console.width:
            view = self._table(stacked=True)
        unpadded(console, view)
        lines = [line for alike in _grouped(self.faults) for line in _entry(alike)]
        allowed = [
            f"allowed: {line}" if i == 0 else line
            for alike in _grouped(self.allowed)
            for i, line in enumerate(_entry(alike))
        ]
        for line in (*lines, *allowed, *self.notes, self.verdict()):
            indent = line[: len(line) - len(line.lstrip())]
            console.print(paragraph(line, console.width, indent=indent or "    "), markup=False, highlight=False)

    def _table(self, *, stacked: bool) -> "Table":
        """The layers, both names in one line or one below the other."""
        from rich.markup import escape

        from parity.tables import table

        heads = ("first\n  second",) if stacked else ("first", "second")
        columns = ("isolated", "float32", "propagated", "float32 ")
        runs = f" ({self.jittered} jittered runs)" if self.jittered else ""
        view = table(
            f"Noise units, {LIMIT:.0f} agree{runs}", (*heads, *columns, *([] if stacked else [""])),
            names=(*heads, *columns), right=columns, gap=1 if stacked else 2,
        )  # fmt: skip
        marked = False
        for row in (*self.rows, *self.outputs):
            bad = row.propagated is not None and row.propagated > LIMIT and not marked
            marked = marked or bad
            figures = (row.isolated, row.isolated_float32, row.propagated, row.propagated_float32)
            mark = FIRST if bad else row.note
            words = [row.first, row.second, mark]
            if stacked:
                words = ["\n  ".join([*filter(None, words[:2]), *textwrap.wrap(mark, NARROW)])]
            start, end = (words, []) if stacked else (words[:2], words[2:])
            view.add_row(*map(escape, start), *map(_cell, figures), *map(escape, end))
        if not stacked:
            view.columns[-1].min_width = len(FIRST)
        return view


def _grouped(faults: list[Fault]) -> list[list[Fault]]:
    """The faults of one kind, cause and note together, where the cause is known."""
    found: dict[Any, list[Fault]] = {}
    for i, fault in enumerate(faults):
        key = (fault.part, fault.cause, fault.note) if fault.title else i
        found.setdefault(key, []).append(fault)
    return list(found.values())


def _entry(alike: list[Fault]) -> list[str]:
    """A fault in lines, or several of one kind with the list of their places."""
    fault = alike[0]
    finite = [one.units for one in alike if math.isfinite(one.units)]
    place = fault.place if len(alike) == 1 else f"{len(alike)} places"
    most = f" {'up to ' * (len(alike) > 1)}{units(max(finite))} of {LIMIT:.0f}" if finite else ""
    lines = [f"{place} [{fault.part}]{most}: {f'{fault.cause}: {fault.title}' if fault.title else fault.cause}"]
    lines += [f"    {', '.join(one.place for one in alike)}"] if len(alike) > 1 else []
    lines += [f"    {fault.note}"] if fault.note else []
    return lines + ([f"    aligned by: {fault.cure}"] if fault.cure else [])


def output_name(name: str) -> str:
    """An output as people call it: the only one has no name of its own."""
    return name if name == "output" else f"output {name}"


def units(value: float) -> str:
    """Noise units to be read: three digits."""
    if math.isinf(value):
        return "without bound"
    return f"{value:,.0f} units" if value >= 100 else f"{value:.1f} units"


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    text = "inf" if math.isinf(value) else f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
    return f"[red]{text}[/]" if value > LIMIT else text


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
