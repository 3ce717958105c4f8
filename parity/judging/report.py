"""What a person sees of a survey: tables for the terminal, rows for a file."""

import json
import math
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console, JustifyMethod
from rich.table import Table

from parity.judging.verdict import GOOD, Row, Verdict
from parity.judging.noise import LIMIT, noise_units
from parity.judging.run import Outputs
from parity.judging.sweep import Result, worst_elements
from parity.task import UsageError

STYLES: dict[Verdict, str] = {
    "agrees": "green", "exact": "green", "raises": "green", "statistical": "green",
    "differs": "bold red", "error": "bold magenta", "unavailable": "dim",
}  # fmt: skip
SHORT = {"float32": "f32", "float64": "f64"}
IN_FULL = 6  # elements of a value that is shown in full; of a larger one, the first and the last

Way = tuple[str, ...]  # framework, and where they are not the usual ones device and mode
ByWay = dict[Way, Result]


class WholeFile:
    """A file that is written whole or not at all; that it can be written is known at once.

    Raises:
        UsageError: the path cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if path.is_dir():
            raise UsageError(f"{path} is a folder; name a file")
        try:
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}") from error
        self._handle, self._temporary = handle, Path(temporary)

    def write(self, content: str | bytes) -> None:
        with os.fdopen(self._handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        umask = os.umask(0)
        os.umask(umask)
        self._temporary.chmod(0o666 & ~umask)  # as open() would have made it
        self._temporary.replace(self.path)

    def discard(self) -> None:
        """Leave the path as it was; nothing happens after `write`."""
        with suppress(OSError):
            os.close(self._handle)
        self._temporary.unlink(missing_ok=True)


def to_json(environment: dict[str, Any], rows: Iterable[Row]) -> str:
    """The environment and the rows as strict JSON; infinite units are the string "inf"."""
    plain = [asdict(row) | {"units": "inf" if row.units == math.inf else row.units} for row in rows]
    return json.dumps({"environment": environment, "rows": plain}, indent=1, allow_nan=False) + "\n"


def summary_table(results: Sequence[Result]) -> Table:
    """Task by framework: the worst noise units of each and the output that has them."""
    ways = list(dict.fromkeys(_way(result) for result in results if not _unavailable(result)))
    table = Table(title=f"Worst noise units ({LIMIT:g} or less agrees)", title_justify="left")
    table.add_column("task", style="bold")
    for way in ways:
        table.add_column(" ".join(way))
    for task in dict.fromkeys(result.job.task.name for result in results):
        cells = []
        for way in ways:
            rows = [r for result in results if (result.job.task.name, _way(result)) == (task, way) for r in result.rows]
            cells.append(_cell(rows))
        table.add_row(task, *cells)
    return table


def totals(console: Console, results: Sequence[Result], seconds: float) -> None:
    """How many outputs have which verdict, the worst of each framework, and why what is not here is not."""
    rows = [row for result in results for row in result.rows]
    counts: Counter[Verdict] = Counter(row.verdict for row in rows)
    console.print(", ".join(f"[{STYLES[v]}]{counts[v]} {v}[/]" for v in STYLES if counts[v]), f"in {seconds:.0f} s")
    measured = [row for row in rows if row.units is not None and row.verdict in GOOD]
    for framework in dict.fromkeys(row.framework for row in measured):
        for dtype in dict.fromkeys(row.dtype for row in measured):
            of_kind = [row for row in measured if (row.framework, row.dtype) == (framework, dtype)]
            if of_kind:
                worst = max(of_kind, key=lambda row: row.units or 0)
                where = f"{worst.task} {worst.size} {worst.output}"
                console.print(f"  {framework} {dtype}: worst {worst.units:.2f} in {where}")
    said = dict.fromkeys(
        f"{result.job.task.name} {stage}, {result.job.framework}: {text}"
        for result in results
        for stage, text in result.outputs.printed.items()
    )
    for line in said:
        console.print(f"  {line}", markup=False, highlight=False)
    reasons = Counter(row.reason for row in rows if row.verdict == "unavailable")
    for reason, count in reasons.items():
        console.print(f"  unavailable, {count} runs: {reason}", style="dim", markup=False)


def outputs_table(results: Sequence[Result]) -> Table:
    """Every output: its noise units in each way that it was run, and the largest absolute difference to torch."""
    title = "Every output: noise units, and the largest |difference| to torch"
    return _by_output(title, results, cell=_output_cell, justify="right")


def values_table(results: Sequence[Result]) -> Table:
    """What every output is: a small one in full, of a larger one the first and the last element; or what was raised."""
    return _by_output("Every output: its value", results, cell=_value_cell, justify="left")


def _by_output(
    title: str, results: Sequence[Result], *, cell: Callable[[ByWay, Way, str], str], justify: JustifyMethod
) -> Table:
    """A section for each task, size and dtype, a row for each output, a column for each way that it was run."""
    ways = list(dict.fromkeys(_way(result) for result in results if not _unavailable(result)))
    table = Table(title=title, title_justify="left")
    table.add_column("output", overflow="fold")
    for way in ways:
        table.add_column(" ".join(way), justify=justify, overflow="fold")
    groups: dict[str, ByWay] = {}
    for result in results:
        if not _unavailable(result):
            key = f"{result.job.task.name} {result.job.size} {SHORT[result.job.dtype]}"
            groups.setdefault(key, {})[_way(result)] = result
    for key, by_way in groups.items():
        table.add_row(f"[bold]{key}[/]")
        stages = ["", *next(iter(by_way.values())).job.task.stages]  # "": what is said of the whole run
        outputs = dict.fromkeys(row.output for result in by_way.values() for row in result.rows)
        for output in sorted(outputs, key=lambda output: stages.index(output.partition("/")[0])):
            table.add_row(f"  {output}", *(cell(by_way, way, output) for way in ways))
        table.add_section()
    return table


def differences(console: Console, results: Sequence[Result]) -> None:
    """What does not agree, in full, each run's first difference in data-flow order marked."""
    for result in results:
        bad = [row for row in result.rows if row.verdict in ("differs", "error")]
        for row in bad:
            first = ", the first in data-flow order" if row is bad[0] and len(bad) > 1 else ""
            where = " ".join((row.framework, row.device, row.dtype, row.mode, row.size))
            console.print(f"\n[{STYLES[row.verdict]}]{row.verdict}[/] [bold]{row.task} {row.output}[/] {where}{first}")
            console.print(f"  {row.reason}", markup=False)
            failure = result.outputs.raised.get(row.output)
            if failure is not None:
                console.print(failure.trace.rstrip(), style="dim", markup=False)
            elif indices := worst_elements(result, row.output):
                console.print(_elements(result, row.output, indices, results))


def _elements(result: Result, key: str, indices: Sequence[tuple[int, ...]], results: Sequence[Result]) -> Table:
    job, truth = result.job, result.truths[key]
    # The others in the same mode and on the same device, where they ran so.
    same = [r for r in results if (r.job.task, r.job.size, r.job.dtype) == (job.task, job.size, job.dtype)]
    same.sort(key=lambda r: (r.job.mode == job.mode) + (r.job.device == job.device))
    values = {r.job.framework: r.outputs[key] for r in same if key in r.outputs}
    values |= {job.framework: result.outputs[key]}
    table = Table(box=None)
    for column in ("index", "truth", *values, "units", "absolute", "relative"):
        table.add_column(column, justify="right")
    for index in indices:
        true, got = truth.value[index], result.outputs[key][index]
        units = noise_units(got, true, noise=truth.peak, peak=truth.peak)
        error = abs(np.longdouble(got) - true)
        relative = error / abs(true) if true else math.inf
        others = (f"{v[index]:.9g}" if v.shape == truth.value.shape else "-" for v in values.values())
        table.add_row(
            str(list(index)), f"{true:.9g}", *others, f"{units:.3g}", f"{error:.3g}", f"{relative:.3g}"
        )  # fmt: skip
    return table


def _way(result: Result) -> Way:
    """A column's heading."""
    job = result.job
    return (job.framework, *([job.device] if job.device != "cpu" else []), *([job.mode] if job.mode != "eager" else []))


def _unavailable(result: Result) -> bool:
    return all(row.verdict == "unavailable" for row in result.rows)


def _cell(rows: Sequence[Row]) -> str:
    rows = [row for row in rows if row.verdict != "unavailable"]
    if not rows:
        return "[dim]n/a[/]"
    failed = next((row for row in rows if row.verdict == "error"), None)
    if failed is not None:
        return f"[{STYLES['error']}]error[/] {failed.output}"
    worst = max(rows, key=lambda row: (row.verdict not in GOOD, row.units or 0.0))
    if not worst.units:
        return f"[{STYLES[worst.verdict]}]{worst.verdict}[/]"
    style = STYLES[worst.verdict]
    return f"[{style}]{worst.units:.3g}[/] [dim]{worst.output} {SHORT[worst.dtype]} {worst.size}[/]"


def _output_cell(by_way: ByWay, way: Way, output: str) -> str:
    row = next((row for row in by_way[way].rows if row.output == output), None) if way in by_way else None
    if row is None:
        return "[dim]-[/]"
    text = row.verdict if row.units is None or row.verdict == "exact" else f"{row.units:.2f}"
    mine = by_way[way].outputs.get(output)
    torch = by_way[("torch",)].outputs.get(output) if ("torch",) in by_way else None
    if way[0] == "torch" or mine is None or torch is None or mine.shape != torch.shape or mine.dtype.kind == "b":
        return f"[{STYLES[row.verdict]}]{text}[/]"
    with np.errstate(invalid="ignore"):
        gap = np.where(mine == torch, 0, np.abs(mine - torch)).max(initial=0)
    return f"[{STYLES[row.verdict]}]{text}[/] [dim]Δ {gap:.2g}[/]"


def _value_cell(by_way: ByWay, way: Way, output: str) -> str:
    outputs = by_way[way].outputs if way in by_way else Outputs()
    if output in outputs.raised:
        return outputs.raised[output].classes[0]
    if output not in outputs:
        return "[dim]-[/]"
    value = outputs[output]
    elements = list(value.ravel() if value.size <= IN_FULL else value.ravel()[[0, -1]])
    said = [f"{element:.5g}" if value.dtype.kind == "f" else str(element) for element in elements]
    if value.size > IN_FULL:
        said.insert(1, "...")
    shape = f"[dim]{'x'.join(map(str, value.shape))}:[/] " if value.ndim else ""
    return shape + " ".join(said)
