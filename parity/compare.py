"""Results of several machines, or of several versions, side by side.

`parity run --json` wrote them in each place, or `parity time --output` did.
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
from parity.timing.report import INTERVAL, duration, factor, mark

TIMES = (".csv", ".parquet")
TIMED = ["task", "loop", "backend", "size"]
RUN = ["task", "framework", "device", "dtype", "mode", "size"]
OUTPUT = [*RUN, "output"]
GROWTH, HIGH = 4, 8  # growth counts if it is more than fourfold and ends above 8 noise units
SHOWN = 20  # the most rows listed for each kind of difference


def compare_files(console: Console, paths: Sequence[Path], *, exact: bool = False) -> int:
    """Print a comparison of several files of results, or of times, and return the exit code.

    Returns:
        0 if all files have every output with the same verdict and no noise units that grew; 1 if a verdict differs,
        units grew, or an output (or a timed loop) is missing from a file; 2 if they share nothing.

    Raises:
        UsageError: only one file is named, or a file cannot be read.
    """
    if len(paths) < 2:
        raise UsageError("one file alone cannot be compared: name two or more")
    for path in paths:
        if path.exists() and not path.is_file():
            raise UsageError(f"{path} is no file that can be read twice: save it first")
    if any(map(drift.is_of_divergences, paths)):
        return drift.report(console, paths)
    if _are_times(paths):
        return _report_times(console, _read_times(paths))
    environments, rows = read_results(paths)
    comparison = Comparison(rows, list(environments))
    console.print(environments_table(environments))
    console.print(units_table(rows))
    kinds = [
        ("Verdicts that differ", comparison.differing(), "verdict"),
        (f"Noise units that grew more than {GROWTH} times, to above {HIGH}", comparison.grown(), "units"),
        ("Noise units that are not the same", comparison.unequal() if exact else [], "units"),
        ("Missing from a file", comparison.missing(), "verdict"),
    ]
    for title, different, what in kinds:
        if different:
            console.print(_rows_table(title, different, what, comparison.names))
    counts = [f"{count_of(len(comparison.shared), 'output')} shared"]
    counts += [f"{len(different)} {title[0].lower()}{title[1:]}" for title, different, _ in kinds if different]
    console.print(", ".join(counts), highlight=False)
    if not comparison.shared:
        return 2
    return int(any(different for _, different, _ in kinds))


def read_results(paths: Sequence[Path]) -> tuple[dict[str, dict[str, Any]], pd.DataFrame]:
    """The environments by result, and all rows with their file's name in the column `result`; UsageError."""
    environments, frames = {}, []
    for name, path in _called(paths).items():
        environments[name], rows = results.read(path)
        frames.append(pd.DataFrame(rows, columns=list(Row.__annotations__)).assign(result=name))
    return environments, pd.concat(frames, ignore_index=True)


@dataclass(frozen=True)
class Said:
    """The verdicts and the noise units of one output, by result."""

    run: tuple[str, ...]
    output: str
    verdicts: dict[str, str]
    units: dict[str, float]


class Comparison:
    """The outputs of several results, side by side.

    Args:
        rows: as `read_results` returns them.
        names: the names of all results, also of one without rows.
    """

    def __init__(self, rows: pd.DataFrame, names: Sequence[str]) -> None:
        self.names = names
        absent = rows["verdict"] == "unavailable"
        self._excused = set(rows.loc[absent, [*OUTPUT, "result"]].itertuples(index=False, name=None))
        judged: dict[tuple[str, ...], Said] = {}
        for *key, name, verdict, units in rows[~absent][[*OUTPUT, "result", "verdict", "units"]].itertuples(
            index=False
        ):
            outcome = judged.setdefault(tuple(key), Said(tuple(key[:-1]), key[-1], {}, {}))
            outcome.verdicts[name], outcome.units[name] = verdict, units
        self.every = list(judged.values())  # outputs that at least one result has judged
        self.shared = [outcome for outcome in self.every if len(outcome.verdicts) == len(self.names)]

    def differing(self) -> list[Said]:
        """The outputs whose verdicts differ between the results."""
        return [outcome for outcome in self.every if len(set(outcome.verdicts.values())) > 1]

    def grown(self) -> list[Said]:
        """The outputs whose noise units are far greater in another result than in the first."""
        return [
            outcome for outcome in self.shared
            if max(outcome.units.values()) > max(HIGH, GROWTH * outcome.units[self.names[0]])
        ]  # fmt: skip

    def unequal(self) -> list[Said]:
        """The outputs whose noise units are not the same to the last digit."""
        return [outcome for outcome in self.shared if pd.Series(outcome.units).nunique(dropna=False) > 1]

    def missing(self) -> list[Said]:
        """The outputs that are missing from a result without a reason."""
        return [outcome for outcome in self.every if any(not self._answers(outcome, name) for name in self.names)]

    def _answers(self, outcome: Said, name: str) -> bool:
        stage = outcome.output.partition("/")[0]
        return name in outcome.verdicts or any((*outcome.run, part, name) in self._excused for part in ("", stage))


def _rows_table(title: str, different: Sequence[Said], what: str, names: Sequence[str]) -> Table:
    view = table(title, ("run", "output", *names), names=("output",))
    for outcome in different[:SHOWN]:
        view.add_row(" ".join(outcome.run), outcome.output, *(_cell(outcome, what, name) for name in names))
    if len(different) > SHOWN:
        view.caption = f"and {len(different) - SHOWN} more"
    return view


def _cell(outcome: Said, what: str, name: str) -> str:
    if name not in outcome.verdicts:
        return "missing"
    verdict, units = outcome.verdicts[name], outcome.units[name]
    text = verdict if what == "verdict" or pd.isna(units) else f"{units:.6g}"
    return text if verdict in PASSING else f"[red]{text}[/]"


def _are_times(paths: Sequence[Path]) -> bool:
    """Whether these files hold times rather than verdicts; UsageError for a mixture of both."""
    kinds = {path.suffix in TIMES for path in paths}
    if len(kinds) > 1:
        raise UsageError("times (.csv, .parquet) and verdicts (.json) are not compared with each other")
    return kinds == {True}


def _read_times(paths: Sequence[Path]) -> dict[str, pd.DataFrame]:
    """The rows of each file of times, by result, with `TIMED` as the index; UsageError if a file cannot be read."""
    return {name: measure.read_times(path).set_index(TIMED) for name, path in _called(paths).items()}


def _report_times(console: Console, times: Mapping[str, pd.DataFrame]) -> int:
    every = list(dict.fromkeys(key for rows in times.values() for key in rows.index))
    shared = [key for key in every if all(key in rows.index for rows in times.values())]
    timed = {name: rows.dropna(subset="median_seconds") for name, rows in times.items()}
    console.print(times_table(timed))
    console.print(
        f"{count_of(len(shared), 'loop')} shared, {len(every) - len(shared)} missing from a file", highlight=False
    )
    return 2 if not shared else int(len(shared) < len(every))


def times_table(times: Mapping[str, pd.DataFrame]) -> Table:
    """A row for each loop: the median times with intervals, and for two results the second's ratio to the first."""
    title = f"Median time: {INTERVAL}; times of two machines compare the machines, not the frameworks"
    machines = {name: dict.fromkeys(map(_machine, rows.to_dict("records"))) for name, rows in times.items()}
    headings = ["\n".join([name, *(f"[dim]{machine}[/]" for machine in listed)]) for name, listed in machines.items()]
    headings += ["ratio"] if len(times) == 2 else []
    view = table(title, [*TIMED, *headings], names=("task",), right=headings)
    for key in dict.fromkeys(key for rows in times.values() for key in rows.index):
        by_result = {name: rows.loc[key] for name, rows in times.items() if key in rows.index}
        cells = [_time(by_result[name]) if name in by_result else "[dim]n/a[/]" for name in times]
        if len(by_result) == len(times) == 2:
            first, second = (row["median_seconds"] for row in by_result.values())
            cells.append(factor(second / first))
        view.add_row(*key, *cells)
    return view


def environments_table(environments: dict[str, dict[str, Any]]) -> Table:
    """A row for each part of the environments that is not the same in all results."""
    plain = {name: _flat(environment) for name, environment in environments.items()}
    view = table("Differences between the environments", ("", *plain))
    for key in dict.fromkeys(key for flat in plain.values() for key in flat):
        values = [flat.get(key, "-") for flat in plain.values()]
        if len(set(values)) > 1:
            view.add_row(key, *values)
    return view


def units_table(rows: pd.DataFrame) -> Table:
    """A row for each task: the worst noise units by result and framework, in red if an output does not agree."""
    judged = rows[rows["verdict"] != "unavailable"]
    columns: list[tuple[str, str]] = list(judged[["result", "framework"]].drop_duplicates().itertuples(index=False))
    headings = [f"{framework}\n[dim]{result}[/]" for result, framework in columns]
    view = table("Worst noise units", ("task", *headings), names=("task",), right=headings)
    for task, of_task in judged.groupby("task", sort=False):
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
    """The files by name, or by path if two have the same name; UsageError if one file is named twice."""
    unique = len({path.stem for path in paths}) == len(paths)
    if len(set(paths)) < len(paths):
        raise UsageError("one file is named twice")
    return {path.stem if unique else str(path): path for path in paths}


def _machine(row: Mapping[Any, Any]) -> str:
    threads = "" if pd.isna(row["threads"]) else f", threads: {row['threads']:.0f}"
    return f"{row['cpu']}, {row['cores']} cores{threads}"


def _time(row: "pd.Series[Any]") -> str:
    low, middle, high = (duration(row[f"{which}_seconds"]) for which in ("low", "median", "high"))
    unit = high[high.index(" ") :]
    return f"{middle}{mark(row)} [dim]{low.removesuffix(unit)}-{high}[/]"


def _flat(environment: dict[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in environment.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key} ")
        else:
            flat[f"{prefix}{key}"] = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return flat
