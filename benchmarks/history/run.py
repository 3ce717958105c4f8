"""The asv suite over the history: run, keep, publish.  `tox run -e bench -- --quick`, or `-- --range A..B`.

A commit is measured in a separate worktree, with its own suite, one framework and topic at a time.  asv writes its
results at the end of a run, each file in place: a killed run, or two runs at once, could lose all results or leave half
a file.  So each run works in a separate folder, and finished results are merged into `.asv/results`.
"""

import itertools
import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.table import Table

from benchmarks.command import run_command
from benchmarks.history.asv import (
    ASV_DIR,
    CONFIG,
    INSTALLER,
    SUITE,
    VERSIONS,
    asv,
    config_file,
    environments,
    installed,
    this_machine,
)
from benchmarks.history.keep import check_source, combinations, forget_unfinished, is_asked, locked, merge, of_commit
from benchmarks.history.publish import publish
from benchmarks.history.suite import class_name
from benchmarks.revisions import commit_of, commits_of, refuse_dirty_tree, worktree
from parity.cli import Terminal
from parity.files import WholeFile
from parity.frameworks.runtime import Unavailable, devices_of
from parity.frameworks.threads import THREADS
from parity.task import Task, UsageError
from parity.tasks import load, names
from parity.timing import quiet
from parity.timing.loop import USUAL

FIGURES = (
    "peakmem_loop",
    "track_noise_units",
    "track_first_call",
    "track_throughput",
)  # measured for a task's last loop only
FAILED = ["commit", "environment", "benchmark", "parameters", "reason"]


def selection(task: Task, framework: str, *, quick: bool) -> str:
    """The regular expression of a task's benchmarks that a usual run takes: on the CPU, in the usual mode."""
    suite, last = f"{framework}_loops.{class_name(task, 'cpu')}", task.loops[-1]
    if quick:
        return rf"^{suite}\.time_loop\('{last}', 'tiny', '{USUAL[framework]}'\)$"
    rest = rf"'base', '{USUAL[framework]}'\)$"
    return rf"^{suite}\.(time_loop\('\w+', {rest}|({'|'.join(FIGURES)})\('{last}', {rest})"


def narrowed(expression: str, framework: str) -> str:
    """The expression, limited to one framework's benchmarks on its devices here; "" if it names another framework's."""
    named = [f for f in USUAL if f"{f}_loops" in expression]
    if named and framework not in named:
        return ""
    here = "" if "cuda" in devices_of(framework) else r"(?!.*Cuda\.)"
    return rf"^(?={framework}_loops\.){here}.*({expression})"


def parts(asked: Sequence[str], *, quick: bool) -> Iterator[tuple[str, list[str]]]:
    """The parts of a run, each kept as soon as it is finished: a framework, and expressions for its benchmarks.

    A full run has a part for each framework and topic, which takes minutes; a quick run has a part for each framework,
    since asv takes seconds to begin.

    Args:
        asked: expressions for benchmarks; by default the usual ones of every task.
    """
    tasks = [task for task in map(load, names()) if task.loops]
    for framework in USUAL:
        if asked:
            patterns = list(filter(None, (narrowed(expression, framework) for expression in asked)))
            if patterns:
                yield framework, patterns
        else:
            for _, part in itertools.groupby(tasks, key=lambda task: "" if quick else task.topic):
                yield framework, [selection(task, framework, quick=quick) for task in part]


def run_benchmarks(
    tree: Path, commit: str, framework: str, patterns: Sequence[str], results: Path, *, quick: bool, versions: bool
) -> list[dict[str, str]]:
    """Run a framework's matching benchmarks at a commit, and merge their results into `results`.

    Existing results are not measured again.

    Args:
        tree: the commit's files.
        versions: measure in an environment for each version of the framework in `VERSIONS`, not in this one.

    Returns:
        A row for each benchmark that failed or took too long, with the reason.

    Raises:
        Unavailable: the framework is not installed, or has no such benchmark.
        UsageError: the commit's suite cannot be run at all.
    """
    ASV_DIR.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ASV_DIR) as folder:
        mine = Path(folder) / "results"
        with locked(results):
            shutil.copytree(results, mine)
        forget_unfinished(mine, commit, patterns)
        threads = os.environ[THREADS]  # another number of threads is another series
        # asv knows the finished results of branch tips alone, so this commit is named as one.
        changed: dict[str, Any] = {
            "benchmark_dir": str(tree / SUITE), "results_dir": str(mine), "branches": [commit]
        }  # fmt: skip
        if versions:
            command = ["run", f"{commit}^!"]
            include = [{**env, "env_nobuild": {THREADS: threads}} for env in environments(framework)]
            # This checkout's installer: the commit's own may be elsewhere.
            install = f"in-dir={{build_dir}} python {shlex.quote(str(INSTALLER))}"
            config = config_file(VERSIONS, Path(folder), **changed, include=include, install_command=[install])
        else:
            command = ["run", "--set-commit-hash", commit]
            matrix = {"req": installed(framework), "env_nobuild": {THREADS: [threads]}}
            config = config_file(CONFIG, Path(folder), **changed, matrix=matrix)
        command += ["--skip-existing-successful", "--show-stderr", *(["--quick"] if quick else [])]
        if "cuda" in devices_of(framework) and not all("Cpu" in pattern for pattern in patterns):
            command += ["--launch-method", "spawn"]  # CUDA does not survive a fork
        for pattern in patterns:
            command += ["--bench", pattern]
        done = asv(config, *command)
        with locked(results):
            merge(mine, results)
        if "No benchmarks selected" in done.output:
            here = " and ".join(devices_of(framework))
            raise Unavailable(f"{framework} has none of these benchmarks at {commit[:12]} on the devices here ({here})")
        failed = list(failures(mine, commit, patterns, done.output))
    if done.code and not failed:
        raise UsageError(f"the suite of {commit[:12]} cannot be run:\n" + "\n".join(done.output.splitlines()[-5:]))
    return failed


def failures(results: Path, commit: str, patterns: Sequence[str], output: str) -> Iterator[dict[str, str]]:
    """A row for each combination that was requested at a commit and has no result, with asv's message."""
    reason = reasons(output)
    for found in of_commit(results, commit).values():
        for name, row in found["results"].items():
            for value, one in combinations(row):
                if value is None and is_asked(name, one, patterns):
                    why = reason.get((name, one), "it ended without a message")
                    where = {"commit": commit, "environment": found["env_name"], "benchmark": name, "parameters": one}
                    yield {**where, "reason": why}


def reasons(output: str) -> dict[tuple[str, str], str]:
    """By benchmark and parameters, the last line on stderr: for a failed benchmark, the last line of its traceback."""
    found, name = {}, ""
    for block in re.split(r"^\[[ .\d]+%\] ·+ ", output, flags=re.MULTILINE):
        if re.match(r"\w+\.\w+\.\w+ ", block):
            name = block.split()[0]
        for part in re.split(r"^\s*For parameters: ", block, flags=re.MULTILINE)[1:]:
            parameters, *lines = filter(None, map(str.strip, part.splitlines()))
            own = [line for line in lines if not line.startswith("asv: benchmark failed")]  # once, after all
            found[name, parameters] = (own or ["asv: benchmark failed"])[-1]
    return found


def report_failures(failed: list[dict[str, str]], tried: Sequence[tuple[str, str, Sequence[str]]]) -> None:
    """Print the benchmarks without a result and the reasons, and keep them beside the results.

    Args:
        tried: the commit, framework and expressions of each part that was measured; the kept rows of other parts stay.
    """
    rows = pd.DataFrame(failed, columns=FAILED)
    path = ASV_DIR / "failed.csv"
    with locked(ASV_DIR / "results"):
        old = pd.read_csv(path, dtype=str, keep_default_na=False) if path.exists() else rows.head(0)
        replaced = [
            any(
                row.commit == commit
                and (row.benchmark == f"{framework}_loops" or is_asked(row.benchmark, row.parameters, patterns))
                for commit, framework, patterns in tried
            )
            for row in old.itertuples()
        ]
        WholeFile(path).write(pd.concat([old[[not row for row in replaced]], rows]).to_csv(index=False))
    if failed:
        view = Table(title="No result", title_justify="left")
        for column in FAILED:
            view.add_column(column, overflow="fold")
        for commit, *cells in rows.itertuples(index=False):
            view.add_row(commit[:8], *cells)
        Terminal().print(view)


def run(
    quick: Annotated[bool, typer.Option("--quick", help="Only the last loop of each task, at tiny, once.")] = False,
    range_: Annotated[
        str | None, typer.Option("--range", metavar="A..B", help="These commits instead of HEAD.")
    ] = None,
    bench: Annotated[list[str] | None, typer.Option("--bench", "-b", help="Benchmarks by regular expression.")] = None,
    versions: Annotated[
        bool, typer.Option("--versions", help="Measure in environments of several framework versions.")
    ] = False,
    add: Annotated[Path | None, typer.Option("--add", help="Only add another machine's results.")] = None,
) -> None:
    """Measure, keep and publish."""
    if add is not None:
        if not any(add.glob("*/machine.json")):
            raise UsageError(f"{add} holds no results; name the .asv/results of another machine")
        check_source(add, ASV_DIR / "results")
        with locked(ASV_DIR / "results"):
            merge(add, ASV_DIR / "results")
        print(f"dashboard: {publish(ASV_DIR)}")
        return
    for pattern in bench or ():
        try:
            re.compile(pattern)
        except re.error as error:
            raise UsageError(f"{pattern!r} is not a regular expression: {error}") from error
    refuse_dirty_tree()
    commits = commits_of(range_) if range_ else [commit_of("HEAD")]
    this_machine()  # on an unknown machine asv would ask questions during the run
    quiet.say(Terminal())
    failed: list[dict[str, str]] = []
    missing: set[str] = set()
    tried: list[tuple[str, str, list[str]]] = []
    for commit in commits:
        with worktree(commit) as tree:
            for framework, chosen in parts(bench or (), quick=quick):
                try:
                    failed += run_benchmarks(
                        tree, commit, framework, chosen, ASV_DIR / "results", quick=quick, versions=versions
                    )
                except Unavailable as error:
                    missing.add(str(error))
                    continue
                except UsageError as error:  # the other commits go on
                    where = {"commit": commit, "environment": "", "benchmark": f"{framework}_loops", "parameters": ""}
                    failed.append({**where, "reason": str(error)})
                tried.append((commit, framework, chosen))
    for reason in sorted(missing):
        print(f"not measured: {reason}")
    report_failures(failed, tried)
    if not tried:
        raise UsageError("nothing was measured")
    page = publish(ASV_DIR)
    print(f"dashboard: {page} (python -m asv preview serves it)")
    raise typer.Exit(1 if failed else 0)


def main() -> None:
    """The entry point."""
    run_command(run, "bench", kept="finished results are kept")


if __name__ == "__main__":
    main()
