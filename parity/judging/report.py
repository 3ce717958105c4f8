"""The report of a sweep, for a terminal of 80 columns.  No name is cut, since people type names and search for them."""

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from parity.judging.lesson import gap_between
from parity.judging.noise import LIMIT, noise_units
from parity.judging.run import Outputs
from parity.judging.sweep import Result, worst_elements
from parity.judging.verdict import CLAIM, PASSING, Row, Verdict
from parity.tables import table

STYLES: dict[Verdict, str] = {
    "agrees": "green", "exact": "green", "coarse": "cyan", "raises": "green", "statistical": "green", "holds": "green",
    "approximates": "cyan", "lapsed": "yellow",
    "differs": "bold red", "error": "bold magenta", "unavailable": "dim",
}  # fmt: skip
SHORT = {"float32": "f32", "float64": "f64"}
IN_FULL = 6  # the most elements that are shown; a larger value is shown by its first and last
NARROW = 3  # the most columns of units that leave room for a column of names

Way = tuple[str, ...]  # framework, then the device and the mode if they are not cpu and eager
ByWay = dict[Way, Result]


def summary_table(results: Sequence[Result]) -> Table:
    """A row for each task: the worst noise units of each framework, and the output with the worst of all."""
    ways = _ways(results)
    columns = [" ".join(way) for way in ways]
    where = ["output"] if len(ways) <= NARROW else []
    title = f"Worst noise units ({LIMIT:g} or less agrees)"
    view = table(title, ["task", *columns, *where], names=["task", "output"], right=columns)
    for task in dict.fromkeys(result.job.name for result in results):
        rows = {
            way: [r for x in results if (x.job.name, _way(x)) == (task, way) for r in x.rows if _judged(r)]
            for way in ways
        }
        worst = max((row for of_way in rows.values() for row in of_way), key=_badness, default=None)
        output = worst.output if worst is not None and _badness(worst) > (0, 0.0) else ""
        view.add_row(f"[bold]{task}[/]", *map(_cell, rows.values()), *([f"[dim]{output}[/]"] if where else []))
    return view


def totals(console: Console, results: Sequence[Result], seconds: float) -> None:
    """Print the number of outputs with each verdict, each framework's worst units, and why runs are unavailable."""
    rows = [row for result in results for row in result.rows]
    counts: Counter[Verdict] = Counter(row.verdict for row in rows)
    console.print(", ".join(f"[{STYLES[v]}]{counts[v]} {v}[/]" for v in STYLES if counts[v]), f"in {seconds:.0f} s")
    measured = [row for row in rows if row.units]
    for framework, dtype in dict.fromkeys((row.framework, row.dtype) for row in measured):
        worst = max((row for row in measured if (row.framework, row.dtype) == (framework, dtype)), key=_badness)
        style = "" if worst.verdict in PASSING else STYLES[worst.verdict]
        where = f"{worst.task} {worst.size} {worst.output}"
        console.print(f"  {framework} {dtype}: worst {worst.units:.3g} in {where}", style=style, highlight=False)
    for line in _printed(results):
        console.print(f"  {line}", markup=False, highlight=False)
    for line in _not_tested(results):
        console.print(f"  {line}", style="yellow", markup=False, highlight=False)
    for line in _unavailable_lines(rows):
        console.print(f"  {line}", style="dim", markup=False, highlight=False)


def outputs_table(results: Sequence[Result]) -> Table:
    """Every output: its noise units in each way of running it, and the largest absolute difference to torch."""
    title = "Every output: noise units; Δ is the largest |difference| to torch"
    ways = _ways(results)
    gaps = [way for way in ways if way != ("torch",)] if ("torch",) in ways else []
    cells = [(" ".join(way), functools.partial(_units_cell, way)) for way in ways]
    cells += [(f"Δ {' '.join(way)}", functools.partial(_gap_cell, way)) for way in gaps]
    return _by_output(title, results, cells, numbers=True)


def values_table(results: Sequence[Result]) -> Table:
    """Every output's value: a small one in full, a larger one by its first and last element; or the error raised."""
    ways = _ways(results)
    cells = [(" ".join(way), functools.partial(_value_cell, way)) for way in ways]
    return _by_output("Every output: its value", results, cells, numbers=False)


def differences(console: Console, results: Sequence[Result], suspects: Mapping[tuple[str, str], str]) -> None:
    """Print every output that does not agree, in full, and mark each run's first difference in data-flow order.

    Args:
        suspects: by task and output, why NumPy's own file is suspected.
    """
    bad = [(result, row) for result in results for row in result.rows if not (_passes(row) or _absent(row))]
    alike: dict[tuple[str, str, str], list[Row]] = {}  # one cause may make many runs fail
    for _, row in bad:
        alike.setdefault((row.task, row.output, row.reason), []).append(row)
    first = {id(result): row for result, row in reversed(bad)}
    many = Counter(id(result) for result, _ in bad)
    for result, row in bad:
        group = alike.pop((row.task, row.output, row.reason), None)
        if group is None:
            continue
        mark = ", the first in data-flow order" if row is first[id(result)] and many[id(result)] > 1 else ""
        where = "; ".join(" ".join((r.framework, r.device, r.dtype, r.mode, r.size)) for r in group)
        console.print(
            f"\n[{STYLES[row.verdict]}]{row.verdict}[/] [bold]{row.task} {escape(row.output)}[/] {where}{mark}"
        )
        console.print(f"  {row.reason}", markup=False)
        if reason := suspects.get((row.task, row.output)):
            console.print(f"  {reason}", style="yellow", markup=False)
        failure = result.outputs.raised.get(row.output)
        if failure is not None:
            console.print(failure.trace.rstrip(), style="dim", markup=False)
        elif indices := worst_elements(result, row.output):
            console.print(_elements(result, row.output, indices, results))


def count_of(number: int, what: str) -> str:
    """`1 run`, `2 runs`."""
    return f"{number} {what}" + ("" if number == 1 else "s")


def _by_output(
    title: str, results: Sequence[Result], cells: Sequence[tuple[str, Callable[[ByWay, str], str]]], *,
    numbers: bool,
) -> Table:  # fmt: skip
    """A section for each task, size and dtype, a row for each output, a column for each entry of `cells`."""
    headings = [heading for heading, _ in cells]
    view = table(title, ["output", *headings], names=["output"], right=headings if numbers else [])
    groups: dict[str, ByWay] = {}
    for result in results:
        if not _unavailable(result):
            key = f"{result.job.name} {result.job.size} {SHORT[result.job.dtype]}"
            groups.setdefault(key, {})[_way(result)] = result
    for key, by_way in groups.items():
        view.add_row(f"[bold]{key}[/]")
        stages = ["", *next(iter(by_way.values())).job.task.stages]  # "": a verdict on the whole run
        outputs = dict.fromkeys(row.output for result in by_way.values() for row in result.rows if not _claim(row))
        for output in sorted(outputs, key=lambda output: stages.index(output.partition("/")[0])):
            view.add_row(output, *(cell(by_way, output) for _, cell in cells))
    return view


def _elements(result: Result, key: str, indices: Sequence[tuple[int, ...]], results: Sequence[Result]) -> Table:
    job, truth = result.job, result.truths[key]
    # Results with the same mode and device come last, and so replace a framework's other results.
    same = [r for r in results if (r.job.name, r.job.size, r.job.dtype) == (job.name, job.size, job.dtype)]
    same.sort(key=lambda r: (r.job.mode == job.mode) + (r.job.device == job.device))
    values = {r.job.framework: r.outputs[key] for r in same if key in r.outputs}
    columns = ["index", "truth", *values, "units", "absolute"]
    view = table("", columns, right=columns)
    for index in indices:
        true, got = truth.value[index], result.outputs[key][index]
        units = noise_units(got, true, noise=truth.peak, peak=truth.peak)
        error = abs(np.longdouble(got) - true)
        others = (f"{v[index]:.6g}" if v.shape == truth.value.shape else "-" for v in values.values())
        view.add_row(str(list(index)), f"{true:.6g}", *others, f"{units:.3g}", f"{error:.3g}")
    return view


def _ways(results: Sequence[Result]) -> dict[Way, None]:
    """A column for each way of running that is possible here."""
    return dict.fromkeys(_way(result) for result in results if not _unavailable(result))


def _way(result: Result) -> Way:
    """The words of this result's column heading."""
    job = result.job
    return (job.framework, *([job.device] if job.device != "cpu" else []), *([job.mode] if job.mode != "eager" else []))


def _claim(row: Row) -> bool:
    return row.output.startswith(f"{CLAIM}/")


def _passes(row: Row) -> bool:
    return row.verdict in PASSING


def _absent(row: Row) -> bool:
    return row.verdict == "unavailable"


def _judged(row: Row) -> bool:
    return not _absent(row)


def _unavailable(result: Result) -> bool:
    return all(map(_absent, result.rows))


def _badness(row: Row) -> tuple[int, float]:
    """A sort key: a failure is worse than any units, and an error is worst."""
    return (row.verdict == "error") + (row.verdict not in PASSING), row.units or 0.0


def _cell(rows: Sequence[Row]) -> str:
    if not rows:
        return "[dim]n/a[/]"
    worst = max(rows, key=_badness)
    text = f"{worst.units:.3g}" if worst.units else worst.verdict
    return f"[{STYLES[worst.verdict]}]{text}[/]"


def _units_cell(way: Way, by_way: ByWay, output: str) -> str:
    row = next((row for row in by_way[way].rows if row.output == output), None) if way in by_way else None
    if row is None:
        return "[dim]-[/]"
    text = row.verdict if row.units is None or row.verdict == "exact" else f"{row.units:.3g}"
    return f"[{STYLES[row.verdict]}]{text}[/]"


def _gap_cell(way: Way, by_way: ByWay, output: str) -> str:
    pair = (by_way[w].outputs.get(output) if w in by_way else None for w in (way, ("torch",)))
    return f"[dim]{gap_between(*pair)}[/]"


def _value_cell(way: Way, by_way: ByWay, output: str) -> str:
    outputs = by_way[way].outputs if way in by_way else Outputs()
    if output in outputs.raised:
        return outputs.raised[output].classes[0]
    if output not in outputs:
        return "[dim]-[/]"
    value = outputs[output]
    elements, between = (value.ravel(), " ") if value.size <= IN_FULL else (value.ravel()[[0, -1]], " ... ")
    words = (f"{element:.5g}" if value.dtype.kind == "f" else str(element) for element in elements)
    shape = f"[dim]{'x'.join(map(str, value.shape))}:[/] " if value.ndim else ""
    return shape + between.join(words)


def _printed(results: Sequence[Result]) -> Iterable[str]:
    """What the stages printed, each line once, with its task, stage and framework."""
    return dict.fromkeys(
        f"{result.job.name} {stage}, {result.job.framework}: {line}"
        for result in results
        for stage, text in result.outputs.printed.items()
        for line in text.splitlines()
    )


def _not_tested(results: Sequence[Result]) -> list[str]:
    """By task, the outputs that cannot tell a right implementation from a wrong one."""
    vacuous: dict[str, dict[str, None]] = {}
    for result in results:
        vacuous.setdefault(result.job.name, {}).update(dict.fromkeys(result.vacuous))
    return [
        f"{task}: these outputs test nothing, since they are zero or equal to an input: {', '.join(keys)}"
        for task, keys in vacuous.items()
        if keys
    ]


def _unavailable_lines(rows: Sequence[Row]) -> list[str]:
    """Why runs are unavailable; a missing GPU is one line for all frameworks."""
    absent = [row for row in rows if _absent(row)]
    reasons = Counter(row.reason for row in absent if row.device == "cpu")
    gpu = [row for row in absent if row.device != "cpu"]
    if gpu:
        frameworks = ", ".join(dict.fromkeys(row.framework for row in gpu))
        reasons[f"no CUDA here for {frameworks}; parity doctor shows the install commands"] = len(gpu)
    return [f"unavailable, {count_of(count, 'run')}: {reason}" for reason, count in reasons.items()]
