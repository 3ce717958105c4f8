"""Results of several machines, or of several versions, side by side.

They are what `parity run --json` wrote in each place, or what `parity time --output` did.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from parity.judging.verdict import GOOD
from parity.task import UsageError
from parity.timing.report import INTERVAL, duration, factor

TIMES = (".csv", ".parquet")
TIMED = ["task", "loop", "contestant", "size"]
RUN = ["task", "framework", "device", "dtype", "mode", "size"]


def read(paths: Sequence[Path]) -> tuple[dict[str, dict[str, Any]], pd.DataFrame]:
    """The environments by result, and all rows with a column `result` that says whose they are.

    Raises:
        UsageError: a file is no result of `parity run --json`.
    """
    environments, frames = {}, []
    for name, path in _called(paths).items():
        try:
            found = json.loads(path.read_text())
            environments[name] = found["environment"]
            frames.append(pd.DataFrame(found["rows"]).assign(result=name))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{path} is no file of results; write one with parity run --json {path}") from error
    rows = pd.concat(frames, ignore_index=True)
    return environments, rows.assign(units=rows["units"].astype(float))


def are_times(paths: Sequence[Path]) -> bool:
    """Whether these files hold times, and not verdicts; UsageError if some do and others do not."""
    kinds = {path.suffix in TIMES for path in paths}
    if len(kinds) > 1:
        raise UsageError("times (.csv, .parquet) and verdicts (.json) are not compared with each other")
    return kinds == {True}


def read_times(paths: Sequence[Path]) -> dict[str, pd.DataFrame]:
    """The rows that have a time, by result.

    Raises:
        UsageError: a file is not what `parity time --output` wrote.
    """
    found = {}
    for name, path in _called(paths).items():
        try:
            rows = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
            found[name] = rows.dropna(subset="median_seconds").set_index(TIMED)[
                ["low_seconds", "median_seconds", "high_seconds", "cpu", "cores"]
            ]
        except ImportError as error:
            raise UsageError(f"{path} cannot be read without pyarrow: python -m pip install '.[bench]'") from error
        except (OSError, ValueError, KeyError) as error:
            raise UsageError(f"{path} is no file of times; write one with parity time --output FOLDER") from error
    return found


def times_table(times: dict[str, pd.DataFrame]) -> Table:
    """Loop by result: the median time with its interval, and of two results the ratio of the second to the first."""
    title = f"Median time: {INTERVAL}; times of two machines compare the machines, not the frameworks"
    view = Table(title=title, title_justify="left")
    for column in TIMED:
        view.add_column(column, overflow="fold")
    for name, rows in times.items():
        machines = dict.fromkeys(f"{row.cpu}, {row.cores} cores" for row in rows.itertuples())
        view.add_column("\n".join([name, *(f"[dim]{machine}[/]" for machine in machines)]), justify="right")
    if len(times) == 2:
        view.add_column("ratio", justify="right")
    for key in dict.fromkeys(key for rows in times.values() for key in rows.index):
        here = {name: rows.loc[key] for name, rows in times.items() if key in rows.index}
        cells = [_time(here[name]) if name in here else "[dim]n/a[/]" for name in times]
        if len(here) == len(times) == 2:
            first, second = (row["median_seconds"] for row in here.values())
            cells.append(factor(second / first))
        view.add_row(*key, *cells)
    return view


def report(console: Console, environments: dict[str, dict[str, Any]], rows: pd.DataFrame) -> None:
    """The environments where they differ, the worst noise units of each task, and the verdicts that differ."""
    console.print(environments_table(environments))
    console.print(units_table(rows))
    different = differing(rows)
    if different.empty:
        console.print("every output that they share has the same verdict in all of them")
        return
    view = Table(title="Verdicts that differ", title_justify="left")
    for column in ("run", "output", *environments):
        view.add_column(column, overflow="fold")
    for _, row in different.iterrows():
        view.add_row(" ".join(row[RUN]), row["output"], *(_verdict(row.get(name)) for name in environments))
    console.print(view)


def environments_table(environments: dict[str, dict[str, Any]]) -> Table:
    """What the results depend on, a line for each thing that is not the same in all of them."""
    plain = {name: _flat(environment) for name, environment in environments.items()}
    view = Table(title="Where they differ", title_justify="left")
    view.add_column("")
    for name in plain:
        view.add_column(name, overflow="fold")
    for key in dict.fromkeys(key for flat in plain.values() for key in flat):
        values = [flat.get(key, "-") for flat in plain.values()]
        if len(set(values)) > 1:
            view.add_row(key, *values)
    return view


def units_table(rows: pd.DataFrame) -> Table:
    """Task by result and framework: the worst noise units, red where something does not agree."""
    view = Table(title="Worst noise units", title_justify="left")
    view.add_column("task", style="bold")
    here = rows[rows["verdict"] != "unavailable"]
    columns: list[tuple[str, str]] = list(here[["result", "framework"]].drop_duplicates().itertuples(index=False))
    for result, framework in columns:
        view.add_column(f"{framework}\n[dim]{result}[/]", justify="right")
    for task, of_task in here.groupby("task", sort=False):
        cells = []
        for result, framework in columns:
            mine = of_task[(of_task["result"] == result) & (of_task["framework"] == framework)]
            bad = sorted(set(mine["verdict"]) - set(GOOD))
            worst = mine["units"].max()
            text = ", ".join(bad) or ("-" if mine.empty else "exact" if pd.isna(worst) else f"{worst:.3g}")
            cells.append(f"[red]{text}[/]" if bad else text)
        view.add_row(str(task), *cells)
    return view


def differing(rows: pd.DataFrame) -> pd.DataFrame:
    """The outputs of which the results say different things: the run, the output, and a column for each result."""
    here = rows[rows["verdict"] != "unavailable"]
    wide = here.pivot_table(index=[*RUN, "output"], columns="result", values="verdict", aggfunc="first", sort=False)
    return wide[wide.nunique(axis=1) > 1].reset_index()


def _called(paths: Sequence[Path]) -> dict[str, Path]:
    """The files by what they are called: their name, or their path where two have the same name."""
    unique = len({path.stem for path in paths}) == len(paths)
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


def _verdict(verdict: Any) -> str:
    if not isinstance(verdict, str):
        return "-"
    return verdict if verdict in GOOD else f"[red]{verdict}[/]"
