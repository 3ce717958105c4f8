"""What a comparison found: a row for each pair of layers, and the faults by place and cause."""

import json
import math
import shutil
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from parity.judging.noise import LIMIT

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console


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
        from parity.models.text import entry

        return "\n".join(entry([self]))


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
        from parity.models.text import print_report

        print_report(self, console)


def output_name(name: str) -> str:
    """An output as people call it: the only one has no name of its own."""
    return name if name == "output" else f"output {name}"


def units(value: float) -> str:
    """Noise units to be read: three digits."""
    if math.isinf(value):
        return "without bound"
    return f"{value:,.0f} units" if value >= 100 else f"{value:.1f} units"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
