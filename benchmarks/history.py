"""The asv suite over the history: run, keep, publish.  `tox run -e bench -- --quick`, or `-- --range A..B`.

A commit is measured in a worktree of its own, with its own suite, one framework and topic at a time.  asv writes its
results at the end of a run, each file in place; a run that is killed, or two at once, could lose all or leave half of
one.  So it works in a folder of its own, and what is finished is merged, whole, into `.asv/results`.
"""

import itertools
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from asv.machine import Machine
from rich.console import Console
from rich.table import Table

from benchmarks import THREADS
from benchmarks.asv_command import CONFIG, KEPT, SUITE, VERSIONS, asv, configured, environments, installed
from benchmarks.dashboard import publish
from benchmarks.results import forget_unfinished, insist_on_names, locked, merge
from benchmarks.revisions import commit_of, commits_of, refuse_dirty_tree, worktree
from benchmarks.suite import class_name
from parity.framework import Unavailable, devices_of
from parity.report import WholeFile
from parity.task import Task, UsageError, load, names
from parity.timing import USUAL

FIGURES = ("peakmem_loop", "track_noise_units", "track_first_call", "track_throughput")  # of a task's last loop
FAILED = ["commit", "benchmark", "parameters", "reason"]


def selection(task: Task, framework: str, *, quick: bool) -> str:
    """The regular expression of a task's benchmarks that a usual run takes: on the CPU, in the usual mode."""
    suite, last = f"{framework}_loops.{class_name(task, 'cpu')}", task.loops[-1]
    if quick:
        return rf"^{suite}\.time_loop\('{last}', 'tiny', '{USUAL[framework]}'\)$"
    rest = rf"'base', '{USUAL[framework]}'\)$"
    return rf"^{suite}\.(time_loop\('\w+', {rest}|({'|'.join(FIGURES)})\('{last}', {rest})"


def narrowed(expression: str, framework: str) -> str:
    """The expression, kept to one framework's benchmarks on the devices that it has here; "" if it names another's."""
    named = [f for f in USUAL if f"{f}_loops" in expression]
    if named and framework not in named:
        return ""
    here = "" if "cuda" in devices_of(framework) else r"(?!.*Cuda\.)"
    return rf"^(?={framework}_loops\.){here}.*({expression})"


def parts(asked: Sequence[str], *, quick: bool) -> Iterator[tuple[str, list[str]]]:
    """The parts of a run, each kept as soon as it is finished: a framework, and expressions for its benchmarks.

    A full run has one for each topic, some minutes; a quick one for each framework, since asv takes seconds to begin.

    Args:
        asked: expressions for other benchmarks than the usual ones of every task.
    """
    tasks = [task for task in map(load, names()) if task.loops]
    for framework in USUAL:
        if asked:
            found = [narrowed(one, framework) for one in asked]
            if any(found):
                yield framework, list(filter(None, found))
        else:
            for _, part in itertools.groupby(tasks, key=lambda task: "" if quick else task.topic):
                yield framework, [selection(task, framework, quick=quick) for task in part]


def measure(
    tree: Path, commit: str, framework: str, patterns: Sequence[str], results: Path, *, quick: bool, versions: bool
) -> list[dict[str, str]]:
    """Run a framework's benchmarks that match at a commit and merge what came of them into `results`.

    What is there already is not measured again.

    Args:
        tree: the commit's files.
        versions: in an environment for each version of the framework in `VERSIONS`, not in this one.

    Returns:
        A row of each benchmark that failed or took too long, with its reason.

    Raises:
        Unavailable: the framework is not here, or has no such benchmark.
        UsageError: the commit's suite cannot be run at all.
    """
    KEPT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=KEPT) as folder:
        mine = Path(folder) / "results"
        with locked(results):
            shutil.copytree(results, mine)
        forget_unfinished(mine, commit, patterns)
        threads = os.environ[THREADS]  # another number is another series
        # Of the branches' tips asv knows what is finished: so this commit is one.
        changed: dict[str, Any] = {
            "benchmark_dir": str(tree / SUITE), "results_dir": str(mine), "branches": [commit]
        }  # fmt: skip
        if versions:
            command = ["run", f"{commit}^!"]
            include = [{**one, "env_nobuild": {THREADS: threads}} for one in environments(framework)]
            config = configured(VERSIONS, Path(folder), **changed, include=include)
        else:
            command = ["run", "--set-commit-hash", commit]
            matrix = {"req": installed(framework), "env_nobuild": {THREADS: [threads]}}
            config = configured(CONFIG, Path(folder), **changed, matrix=matrix)
        command += ["--skip-existing-successful", "--show-stderr", *(["--quick"] if quick else [])]
        if "cuda" in devices_of(framework) and not all("Cpu" in pattern for pattern in patterns):
            command += ["--launch-method", "spawn"]  # CUDA does not survive a fork
        for pattern in patterns:
            command += ["--bench", pattern]
        said = asv(config, *command)
        with locked(results):
            merge(mine, results)
    if "No benchmarks selected" in said.output:
        here = " and ".join(devices_of(framework))
        raise Unavailable(f"{framework} has none of these benchmarks at {commit[:12]} on the devices here ({here})")
    failed = [{"commit": commit, **row} for row in failures(said.output)]
    if said.code and not failed:
        raise UsageError(f"the suite of {commit[:12]} cannot be run:\n" + "\n".join(said.output.splitlines()[-5:]))
    return failed


def failures(output: str) -> Iterator[dict[str, str]]:
    """What asv says of failed benchmarks: their name, their parameters, and the last line of their traceback."""
    name = ""
    for block in re.split(r"^\[[ .\d]+%\] ·+ ", output, flags=re.MULTILINE):
        if re.match(r"\w+\.\w+\.\w+ ", block):
            name = block.split()[0]
        for part in re.split(r"^\s*For parameters: ", block, flags=re.MULTILINE)[1:]:
            parameters, *said = filter(None, map(str.strip, part.splitlines()))
            ends = [line for line in said if line.startswith("asv: benchmark ")]  # others merely wrote to stderr
            reasons = [line for line in said if not line.startswith("asv: benchmark failed")]
            if ends:
                yield {"benchmark": name, "parameters": parameters, "reason": (reasons or ends)[-1]}


def _report(failed: list[dict[str, str]], tried: set[tuple[str, str]]) -> None:
    """Show what has no result and why, and keep it beside the results.

    Args:
        tried: the commits and frameworks that were measured now; what is kept of others stays.
    """
    rows = pd.DataFrame(failed, columns=FAILED).drop_duplicates()  # asv says it in each of its rounds
    path = KEPT / "failed.csv"
    with locked(KEPT / "results"):
        if path.exists():
            old = pd.read_csv(path, dtype=str, keep_default_na=False)
            other = [(c, b.partition("_loops")[0]) not in tried for c, b in zip(old["commit"], old["benchmark"])]
            old = old[other]
        else:
            old = rows.head(0)
        WholeFile(path).write(pd.concat([old, rows]).to_csv(index=False))
    if failed:
        view = Table(title="No result", title_justify="left")
        for column in FAILED:
            view.add_column(column, overflow="fold")
        for commit, *said in rows.itertuples(index=False):
            view.add_row(commit[:8], *said)
        Console().print(view)


def run(
    quick: Annotated[bool, typer.Option("--quick", help="The last loop of each task, tiny, once.")] = False,
    range_: Annotated[str | None, typer.Option("--range", metavar="A..B", help="These commits, not HEAD.")] = None,
    bench: Annotated[list[str] | None, typer.Option("--bench", "-b", help="Benchmarks by regular expression.")] = None,
    versions: Annotated[
        bool, typer.Option("--versions", help="In environments of several framework versions.")
    ] = False,
    add: Annotated[Path | None, typer.Option("--add", help="Measure nothing: add another machine's results.")] = None,
) -> None:
    """Measure, keep and publish."""
    if add is not None:
        if not any(add.glob("*/machine.json")):
            raise UsageError(f"{add} holds no results; name the .asv/results of another machine")
        insist_on_names(add, KEPT / "results")
        with locked(KEPT / "results"):
            merge(add, KEPT / "results")
        print(f"dashboard: {publish(KEPT)}")
        return
    refuse_dirty_tree()
    commits = commits_of(range_) if range_ else [commit_of("HEAD")]
    Machine.load(interactive=True, use_defaults=True)  # asv asks who it is on a machine that it does not know
    failed: list[dict[str, str]] = []
    missing: set[str] = set()
    tried: set[tuple[str, str]] = set()
    measured = 0
    for commit in commits:
        with worktree(commit) as tree:
            for framework, chosen in parts(bench or (), quick=quick):
                tried.add((commit, framework))
                try:
                    failed += measure(tree, commit, framework, chosen, KEPT / "results", quick=quick, versions=versions)
                    measured += 1
                except Unavailable as error:
                    missing.add(str(error))
                except UsageError as error:  # the other commits go on
                    failed.append({"commit": commit, "benchmark": framework, "parameters": "", "reason": str(error)})
    for reason in sorted(missing):
        print(f"not measured: {reason}")
    _report(failed, tried)
    if not measured:
        raise UsageError("nothing was measured")
    page = publish(KEPT)
    print(f"dashboard: {page} (python -m asv preview serves it)")
    raise typer.Exit(1 if failed else 0)


def main() -> None:
    """The entry point: what cannot be done is one line and exit code 2."""
    try:
        typer.run(run)
    except UsageError as error:
        print(f"bench: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("bench: interrupted; finished results are kept, the same command goes on", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
