"""Results of several machines, or of several versions, side by side.

They are what `parity run --json` wrote in each place, or what `parity time --output` did.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from parity.divergences import drift
from parity.judging import results
from parity.judging.report import count_of
from parity.judging.verdict import PASSING, Row
from parity.tables import table
from parity.task import UsageError
from parity.timing import measure
from parity.timing.report import INTERVAL, duration, factor

TIMES = (".csv", ".parquet")
TIMED = ["task", "loop", "backend", "size"]
RUN = ["task", "framework", "device", "dtype", "mode", "size"]
OUTPUT = [*RUN, "output"]
GROWTH, HIGH = 4, 8  # noise units that grew more than fourfold, and above 8, are a finding
SHOWN = 20  # rows of one kind that are listed


def compare_files(console: Console, paths: Sequence[Path], *, exact: bool = False) -> int:
    """Show what several files of results, or of times, say of the same outputs, or loops; the exit code.

    Returns:
        0 if they share every output with the same verdict and no worse noise units; 1 if a verdict differs, units
        grew, or an output is missing on a side; 2 if they share nothing.

    Raises:
        UsageError: there is one file alone, or one cannot be read.
    """
    if len(paths) < 2:
        raise UsageError("one file is compared with nothing: name two or more")
    if any(map(drift.is_of_divergences, paths)):
        return drift.report(console, paths)
    if _are_times(paths):
        return _report_times(console, _read_times(paths))
    environments, rows = read_results(paths)
    found = Comparison(rows, list(environments))
    console.print(environments_table(environments))
    console.print(units_table(rows))
    kinds = [
        ("Verdicts that differ", found.differing(), "verdict"),
        (f"Noise units that grew more than {GROWTH} times, above {HIGH}", found.grown(), "units"),
        ("Noise units that are not the same", found.unequal() if exact else [], "units"),
        ("Missing on a side", found.missing(), "verdict"),
    ]
    for title, different, what in kinds:
        if different:
            console.print(_rows_table(title, different, what, found.names))
    counts = [f"{count_of(len(found.shared), 'output')} shared"]
    counts += [f"{len(different)} {title[0].lower()}{title[1:]}" for title, different, _ in kinds if different]
    console.print(", ".join(counts), highlight=False)
    if not found.shared:
        return 2
    return int(any(different for _, different, _ in kinds))


def read_results(paths: Sequence[Path]) -> tuple[dict[str, dict[str, Any]], pd.DataFrame]:
    """The environments by result, and all rows with a column `result` that says whose they are; UsageError."""
    environments, frames = {}, []
    for name, path in _called(paths).items():
        environments[name], rows = results.read(path)
        frames.append(pd.DataFrame(rows, columns=list(Row.__annotations__)).assign(result=name))
    return environments, pd.concat(frames, ignore_index=True)


@dataclass(frozen=True)
class Said:
    """What the results say of one output: by result its verdict and its noise units."""

    run: tuple[str, ...]
    output: str
    verdicts: dict[str, str]
    units: dict[str, float]


class Comparison:
    """What several results say of the same outputs.

    Args:
        rows: as `read_results` gives them.
        names: the results, one without rows too.
    """

    def __init__(self, rows: pd.DataFrame, names: Sequence[str]) -> None:
        self.names = names
        absent = rows["verdict"] == "unavailable"
        self._excused = set(rows.loc[absent, [*OUTPUT, "result"]].itertuples(index=False, name=None))
        judged: dict[tuple[str, ...], Said] = {}
        for *key, name, verdict, units in rows[~absent][[*OUTPUT, "result", "verdict", "units"]].itertuples(
            index=False
        ):
            said = judged.setdefault(tuple(key), Said(tuple(key[:-1]), key[-1], {}, {}))
            said.verdicts[name], said.units[name] = verdict, units
        self.every = list(judged.values())  # outputs that some result has judged
        self.shared = [said for said in self.every if len(said.verdicts) == len(self.names)]

    def differing(self) -> list[Said]:
        """The outputs of which the results have different verdicts."""
        return [said for said in self.every if len(set(said.verdicts.values())) > 1]

    def grown(self) -> list[Said]:
        """The outputs whose noise units are far greater in a result than in the first one."""
        return [
            said for said in self.shared
            if max(said.units.values()) > max(HIGH, GROWTH * said.units[self.names[0]])
        ]  # fmt: skip

    def unequal(self) -> list[Said]:
        """The outputs whose noise units are not the same to the last digit."""
        return [said for said in self.shared if pd.Series(said.units).nunique(dropna=False) > 1]

    def missing(self) -> list[Said]:
        """The outputs that a result lacks and gives no reason for."""
        return [said for said in self.every if any(not self._answers(said, name) for name in self.names)]

    def _answers(self, said: Said, name: str) -> bool:
        stage = said.output.partition("/")[0]
        return name in said.verdicts or any((*said.run, of, name) in self._excused for of in ("", stage))


def _rows_table(title: str, different: Sequence[Said], what: str, names: Sequence[str]) -> Table:
    view = table(title, ("run", "output", *names), names=("output",))
    for said in different[:SHOWN]:
        view.add_row(" ".join(said.run), said.output, *(_cell(said, what, name) for name in names))
    if len(different) > SHOWN:
        view.caption = f"and {len(different) - SHOWN} more"
    return view


def _cell(said: Said, what: str, name: str) -> str:
    if name not in said.verdicts:
        return "missing"
    verdict, units = said.verdicts[name], said.units[name]
    text = verdict if what == "verdict" or pd.isna(units) else f"{units:.6g}"
    return text if verdict in PASSING else f"[red]{text}[/]"


def _are_times(paths: Sequence[Path]) -> bool:
    """Whether these files hold times, and not verdicts; UsageError if some do and others do not."""
    kinds = {path.suffix in TIMES for path in paths}
    if len(kinds) > 1:
        raise UsageError("times (.csv, .parquet) and verdicts (.json) are not compared with each other")
    return kinds == {True}


def _read_times(paths: Sequence[Path]) -> dict[str, pd.DataFrame]:
    """The rows that have a time or a reason why they have none, by result; UsageError."""
    return {name: measure.read_times(path).set_index(TIMED) for name, path in _called(paths).items()}


def _report_times(console: Console, times: Mapping[str, pd.DataFrame]) -> int:
    every = list(dict.fromkeys(key for rows in times.values() for key in rows.index))
    shared = [key for key in every if all(key in rows.index for rows in times.values())]
    timed = {name: rows.dropna(subset="median_seconds") for name, rows in times.items()}
    console.print(times_table(timed))
    console.print(
        f"{count_of(len(shared), 'loop')} shared, {len(every) - len(shared)} missing on a side", highlight=False
    )
    return 2 if not shared else int(len(shared) < len(every))


def times_table(times: Mapping[str, pd.DataFrame]) -> Table:
    """Loop by result: the median time with its interval, and of two results the ratio of the second to the first."""
    title = f"Median time: {INTERVAL}; times of two machines compare the machines, not the frameworks"
    machines = {
        name: dict.fromkeys(f"{row.cpu}, {row.cores} cores" for row in rows.itertuples())
        for name, rows in times.items()
    }
    headings = ["\n".join([name, *(f"[dim]{machine}[/]" for machine in of)]) for name, of in machines.items()]
    headings += ["ratio"] if len(times) == 2 else []
    view = table(title, [*TIMED, *headings], names=("task",), right=headings)
    for key in dict.fromkeys(key for rows in times.values() for key in rows.index):
        here = {name: rows.loc[key] for name, rows in times.items() if key in rows.index}
        cells = [_time(here[name]) if name in here else "[dim]n/a[/]" for name in times]
        if len(here) == len(times) == 2:
            first, second = (row["median_seconds"] for row in here.values())
            cells.append(factor(second / first))
        view.add_row(*key, *cells)
    return view


def environments_table(environments: dict[str, dict[str, Any]]) -> Table:
    """What the results depend on, a line for each thing that is not the same in all of them."""
    plain = {name: _flat(environment) for name, environment in environments.items()}
    view = table("Where they differ", ("", *plain))
    for key in dict.fromkeys(key for flat in plain.values() for key in flat):
        values = [flat.get(key, "-") for flat in plain.values()]
        if len(set(values)) > 1:
            view.add_row(key, *values)
    return view


def units_table(rows: pd.DataFrame) -> Table:
    """Task by result and framework: the worst noise units, red where something does not agree."""
    here = rows[rows["verdict"] != "unavailable"]
    columns: list[tuple[str, str]] = list(here[["result", "framework"]].drop_duplicates().itertuples(index=False))
    headings = [f"{framework}\n[dim]{result}[/]" for result, framework in columns]
    view = table("Worst noise units", ("task", *headings), names=("task",), right=headings)
    for task, of_task in here.groupby("task", sort=False):
        cells = []
        for result, framework in columns:
            mine = of_task[(of_task["result"] == result) & (of_task["framework"] == framework)]
            bad = sorted(set(mine["verdict"]) - set(PASSING))
            worst = mine["units"].max()
            text = ", ".join(bad) or ("-" if mine.empty else "exact" if pd.isna(worst) else f"{worst:.3g}")
            cells.append(f"[red]{text}[/]" if bad else text)
        view.add_row(str(task), *cells)
    return view


def _called(paths: Sequence[Path]) -> dict[str, Path]:
    """The files by what they are called: their name, or their path where two have the same name."""
    unique = len({path.stem for path in paths}) == len(paths)
    if len(set(paths)) < len(paths):
        raise UsageError("one file is named twice")
    return {path.stem if unique else str(path): path for path in paths}


def _time(row: "pd.Series[Any]") -> str:
    low, middle, high = (duration(row[f"{which}_seconds"]) for which in ("low", "median", "high"))
    unit = high[high.index(" ") :]
    return f"{middle} [dim]{low.removesuffix(unit)}-{high}[/]"


def _flat(environment: dict[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in environment.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key} ")
        else:
            flat[f"{prefix}{key}"] = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return flat
