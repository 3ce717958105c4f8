"""The asv suite over the history: run, keep, publish.  `tox run -e bench -- --quick`, or `-- --range A..B`.

A commit is measured in a worktree of its own, with its own suite, one framework and topic at a time.  asv writes its
results at the end of a run, each file in place; a run that is killed, or two at once, could lose all or leave half of
one.  So it works in a folder of its own, and what is finished is merged, whole, into `.asv/results`.
"""

import contextlib
import fcntl
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from asv.environment import get_env_name
from asv.machine import Machine
from asv.results import Results
from asv.runner import BenchmarkResult
from rich.console import Console
from rich.table import Table

from benchmarks import THREADS
from benchmarks.revisions import ROOT, commit_of, commits_of, git, refuse_dirty_tree, worktree
from benchmarks.suite import class_name
from parity.framework import INSTALL, Unavailable, devices_of
from parity.report import WholeFile
from parity.task import Task, UsageError, load, names
from parity.timing import USUAL

CONFIG, VERSIONS = ROOT / "asv.conf.json", ROOT / "asv.versions.conf.json"
VERSION_OF = {"numpy": "numpy", "torch": "PARITY_TORCH", "tf": "tensorflow-cpu"}  # names a framework in VERSIONS
PACKAGES_OF = {"numpy": ("numpy",), "torch": ("torch",), "tf": ("tensorflow-cpu", "tensorflow")}  # one of them is here
SUITE = Path("benchmarks") / "loops"
KEPT = ROOT / ".asv"
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
        if results.exists():
            shutil.copytree(results, mine)
        threads = os.environ[THREADS]  # another number is another series
        changed: dict[str, Any] = {"benchmark_dir": str(tree / SUITE), "results_dir": str(mine)}
        if versions:
            command = ["run", f"{commit}^!"]
            include = [{**one, "env_nobuild": {THREADS: threads}} for one in environments(framework)]
            config = _config(VERSIONS, Path(folder), **changed, include=include)
        else:
            command = ["run", "--set-commit-hash", commit]
            matrix = {"req": installed(framework), "env_nobuild": {THREADS: [threads]}}
            config = _config(CONFIG, Path(folder), **changed, matrix=matrix)
        command += ["--skip-existing-successful", "--show-stderr", *(["--quick"] if quick else [])]
        if any("Cuda" in pattern for pattern in patterns):
            command += ["--launch-method", "spawn"]  # CUDA does not survive a fork
        for pattern in patterns:
            command += ["--bench", pattern]
        said = asv(config, *command, quick=quick)
        with _alone(results):
            merge(mine, results)
    if "No benchmarks selected" in said.output:
        here = " and ".join(devices_of(framework))
        raise Unavailable(f"{framework} has none of these benchmarks on the devices that are here ({here})")
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


def merge(source: Path, target: Path) -> None:
    """Add the results of one folder to another's, machine by machine; each file is written whole.

    Of two results of one benchmark at one commit the one that was started later stays.
    """
    for path in sorted(source.rglob("*.json")):
        kept = target / path.relative_to(source)
        kept.parent.mkdir(parents=True, exist_ok=True)
        found = json.loads(path.read_text())
        if kept.exists() and "results" in found:
            found = _newer(json.loads(kept.read_text()), found)
        elif kept.exists() and path.name == "benchmarks.json":
            found = json.loads(kept.read_text()) | found
        WholeFile(kept).write(json.dumps(found, indent=1) + "\n")


def add_times(commit: str, size: str, times: dict[Any, list[float]], digests: dict[Any, str], *, threads: str) -> None:
    """Add the times of a commit's loops, measured by the paired driver, to the results: a series of their own.

    Args:
        times: seconds of a call by `benchmarks.sides.Loop`, a value of each process.
        digests: the specification's digest by loop, asv's version of the benchmark.
        threads: how many threads there were; another number is another series.
    """
    machine = Machine.load(interactive=True, use_defaults=True)
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    date = int(git("show", "--no-patch", "--format=%ct", commit)) * 1000
    with tempfile.TemporaryDirectory() as folder:
        machine.save(folder)
        for framework in dict.fromkeys(loop.framework for loop in times):
            requirements = {package: versions[0] for package, versions in installed(framework).items()}
            environment = get_env_name("paired", python, requirements, {})
            results = Results(machine.__dict__, requirements, commit, date, python, environment, {THREADS: threads})
            tasks: dict[str, list[Any]] = {}
            for loop in times:
                if loop.framework == framework:
                    tasks.setdefault(loop.task, []).append(loop)
            for task, loops in tasks.items():
                name = f"{framework}_loops.{class_name(load(task), 'cpu')}.time_loop"
                params = [[repr(loop.loop) for loop in loops], [repr(size)], [repr(USUAL[framework])]]
                samples, number = [times[loop] for loop in loops], [1] * len(loops)
                # asv puts the median of the samples in the place of these results.
                measured = BenchmarkResult([0.0] * len(loops), samples, number, 0, "", None)
                results.add_result({"name": name, "params": params, "version": digests[loops[0]]}, measured)
            results.save(folder)
        with _alone(KEPT / "results"):
            merge(Path(folder), KEPT / "results")


def publish(results: Path) -> Path:
    """Make the dashboard of what has been measured, on all machines; its first page.

    Raises:
        UsageError: asv could not make it.
    """
    with tempfile.TemporaryDirectory(dir=KEPT) as folder, _alone(results):
        shown = Path(folder) / "results"
        shutil.copytree(results, shown)
        benchmarks = json.loads((shown / "benchmarks.json").read_text())
        (shown / "benchmarks.json").write_text(json.dumps(measured_only(benchmarks, shown)))
        said = asv(_config(CONFIG, Path(folder), results_dir=str(shown)), "publish")
        if said.code:
            raise UsageError("the dashboard could not be made:\n" + "\n".join(said.output.splitlines()[-5:]))
    return KEPT / "html" / "index.html"


def measured_only(benchmarks: dict[str, Any], results: Path) -> dict[str, Any]:
    """The benchmarks and parameters of which some machine has a result; empty graphs would hide the others."""
    seen: dict[str, list[set[str]]] = {}
    for path in results.glob("*/*.json"):
        for name, row in json.loads(path.read_text()).get("results", {}).items():
            values, params = row[0], row[1]
            for value, combination in zip(values or [], itertools.product(*params), strict=True):
                if value is not None and value == value:  # asv writes NaN for what was not asked for
                    for kept, one in zip(seen.setdefault(name, [set() for _ in params]), combination, strict=True):
                        kept.add(one)
    shown = {}
    for name, benchmark in benchmarks.items():
        if name in seen:
            axes = zip(benchmark["params"], seen[name], strict=True)
            shown[name] = {**benchmark, "params": [[p for p in axis if p in found] for axis, found in axes]}
        elif not isinstance(benchmark, dict):
            shown[name] = benchmark  # the version of the file's format
    return shown


@dataclass(frozen=True)
class Said:
    """What a run of asv said, and its exit code."""

    code: int
    output: str


def environments(framework: str) -> list[dict[str, Any]]:
    """The environments of `VERSIONS` that hold a version of this framework."""
    every: list[dict[str, Any]] = json.loads(VERSIONS.read_text())["include"]
    return [one for one in every if VERSION_OF[framework] in {**one.get("req", {}), **one.get("env", {})}]


def installed(framework: str) -> dict[str, list[str]]:
    """The framework's package and its version here, as a matrix of asv's.

    Raises:
        Unavailable: it is not installed.
    """
    for package in PACKAGES_OF[framework]:
        with contextlib.suppress(PackageNotFoundError):
            return {package: [version(package)]}
    raise Unavailable(f"{framework} is not installed: {INSTALL[framework]}")


def asv(config: Path, *args: str, quick: bool = False) -> Said:
    """Run asv with this configuration; what it says is shown as it comes."""
    # The constraints are of this environment's frameworks, not of other versions of them.
    environment = {name: value for name, value in os.environ.items() if name != "PIP_CONSTRAINT"}
    environment |= {"PARITY_BENCH_QUICK": "1"} if quick else {}
    process = subprocess.Popen(
        [sys.executable, "-m", "asv", "--config", str(config), *args], cwd=ROOT, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        print(line, end="", flush=True)
        lines.append(line)
    return Said(process.wait(), "".join(lines))


def _config(config: Path, folder: Path, **changed: Any) -> Path:
    """A configuration with what is changed, as a file in this folder; its paths are absolute."""
    paths = {"repo": ROOT, "benchmark_dir": ROOT / SUITE, "html_dir": KEPT / "html", "env_dir": KEPT / "env"}
    absolute = {name: str(path) for name, path in paths.items()}
    path = folder / config.name
    path.write_text(json.dumps({**json.loads(config.read_text()), **absolute, **changed}))
    return path


def _newer(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    started = old["result_columns"].index("started_at")

    def start(result: list[Any]) -> float:
        return (result[started] or 0) if len(result) > started else 0

    kept = dict(old["results"])
    for name, result in new["results"].items():
        if name not in kept or start(result) >= start(kept[name]):
            kept[name] = result
    return {**new, "results": kept, "durations": {**old.get("durations", {}), **new.get("durations", {})}}


@contextlib.contextmanager
def _alone(results: Path) -> Iterator[None]:
    """Two runs merge one after the other."""
    results.mkdir(parents=True, exist_ok=True)
    with open(results.parent / "results.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _report(failed: list[dict[str, str]]) -> None:
    """Show what has no result and why, and keep it beside the results."""
    rows = pd.DataFrame(failed, columns=FAILED).drop_duplicates()  # asv says it in each of its rounds
    WholeFile(KEPT / "failed.csv").write(rows.to_csv(index=False))
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
        with _alone(KEPT / "results"):
            merge(add, KEPT / "results")
        print(f"dashboard: {publish(KEPT / 'results')}")
        return
    refuse_dirty_tree()
    commits = commits_of(range_) if range_ else [commit_of("HEAD")]
    Machine.load(interactive=True, use_defaults=True)  # asv asks who it is on a machine that it does not know
    failed: list[dict[str, str]] = []
    missing: set[str] = set()
    measured = 0
    for commit in commits:
        with worktree(commit) as tree:
            for framework, chosen in parts(bench or (), quick=quick):
                try:
                    failed += measure(tree, commit, framework, chosen, KEPT / "results", quick=quick, versions=versions)
                    measured += 1
                except Unavailable as error:
                    missing.add(str(error))
                except UsageError as error:  # the other commits go on
                    failed.append({"commit": commit, "benchmark": framework, "parameters": "", "reason": str(error)})
    for reason in sorted(missing):
        print(f"not measured: {reason}")
    _report(failed)
    if not measured:
        raise UsageError("nothing was measured")
    page = publish(KEPT / "results")
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
