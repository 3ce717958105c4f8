"""The asv suite over the history: run, keep, publish.  `tox run -e bench -- --quick`, or `-- --range A..B`.

asv writes each result file where it finds it; a run that is killed, or two at once, could leave half of one.  So it
works in a folder of its own, one framework at a time, and what is finished is merged, whole, into `.asv/results`.
"""

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from asv.machine import Machine
from asv.results import Results
from asv.runner import BenchmarkResult

from benchmarks.suite import class_name
from parity.report import WholeFile
from parity.task import Task, UsageError, load, names
from parity.timing import USUAL

ROOT = Path(__file__).parent.parent
FIGURES = ("peakmem_loop", "track_noise_units", "track_first_call", "track_throughput")  # of a task's last loop


def selection(task: Task, framework: str, *, quick: bool) -> str:
    """The regular expression of a task's benchmarks that a usual run takes: on the CPU, in the usual mode."""
    suite, last = f"{framework}_loops.{class_name(task, 'cpu')}", task.loops[-1]
    if quick:
        return rf"^{suite}\.time_loop\('{last}', 'tiny', '{USUAL[framework]}'\)$"
    rest = rf"'base', '{USUAL[framework]}'\)$"
    return rf"^{suite}\.(time_loop\('\w+', {rest}|({'|'.join(FIGURES)})\('{last}', {rest})"


def revisions(span: str | None) -> list[str]:
    """The commits to measure, oldest first: HEAD, or those of a span `A..B`.

    Raises:
        UsageError: the tree is dirty, or the span names no commits.
    """
    if _git("status", "--porcelain"):
        raise UsageError("the tree is dirty: commit or stash, a result belongs to a commit")
    if span is None:
        return [_git("rev-parse", "HEAD")]
    found = _git("rev-list", "--reverse", span, "--").split()
    if not found:
        raise UsageError(f"there is no commit in {span!r}; write A..B, A being the older")
    return found


def measure(framework: str, patterns: list[str], commit: str, results: Path, *, quick: bool) -> int:
    """Run a framework's benchmarks at a commit and merge what came of it into `results`; asv's exit code."""
    with tempfile.TemporaryDirectory(dir=ROOT / ".asv") as folder:
        work = Path(folder)
        config = json.loads((ROOT / "asv.conf.json").read_text())
        # Paths in the configuration are relative to its file, which lies outside of the repository's root here.
        config |= {"repo": str(ROOT), "benchmark_dir": str(ROOT / "benchmarks"), "results_dir": str(work / "results")}
        (work / "asv.conf.json").write_text(json.dumps(config))
        if results.exists():
            shutil.copytree(results, work / "results")  # what is there is not measured again
        command = ["run", "--environment", f"existing:{sys.executable}", "--set-commit-hash", commit]
        command += ["--skip-existing-successful", *(["--quick"] if quick else [])]
        for pattern in patterns:
            command += ["--bench", pattern]
        code = asv(work / "asv.conf.json", *command, quick=quick)
        with _alone(results):
            merge(work / "results", results)
    return code


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


def add_times(
    commit: str, size: str, times: dict[Any, list[float]], digests: dict[Any, str], *, settings: dict[str, str],
) -> None:  # fmt: skip
    """Add the times of a commit's loops, measured by the paired driver, to the results: a series of their own.

    Args:
        times: seconds of a call by `benchmarks.sides.Loop`, a value of each process.
        digests: the specification's digest by loop, asv's version of the benchmark.
        settings: the environment variables that the series is told apart by.
    """
    machine = Machine.load(interactive=True, use_defaults=True)
    of_suite: dict[str, list[Any]] = {}
    for loop in times:
        of_suite.setdefault(f"{loop.framework}_loops.{class_name(load(loop.task), 'cpu')}.time_loop", []).append(loop)
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    date = int(_git("show", "--no-patch", "--format=%ct", commit)) * 1000
    results = Results(machine.__dict__, {}, commit, date, python, "paired", settings)
    for name, loops in of_suite.items():
        params = [[repr(loop.loop) for loop in loops], [repr(size)], [repr(USUAL[loops[0].framework])]]
        samples = [times[loop] for loop in loops]
        # asv puts the median of the samples in the place of these results.
        measured = BenchmarkResult([0.0] * len(loops), samples, [1] * len(loops), 0, "", None)
        results.add_result({"name": name, "params": params, "version": digests[loops[0]]}, measured)
    with tempfile.TemporaryDirectory() as folder:
        machine.save(folder)
        results.save(folder)
        (ROOT / ".asv").mkdir(exist_ok=True)
        with _alone(ROOT / ".asv" / "results"):
            merge(Path(folder), ROOT / ".asv" / "results")


def asv(config: Path, *args: str, quick: bool = False) -> int:
    """asv with this configuration; its exit code."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **({"PARITY_BENCH_QUICK": "1"} if quick else {})}
    return subprocess.run(
        [sys.executable, "-m", "asv", "--config", str(config), *args], cwd=ROOT, env=environment
    ).returncode


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


def _git(*args: str) -> str:
    done = subprocess.run(["git", *args], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UsageError(f"git {' '.join(args)}: {done.stderr.strip()}")
    return done.stdout.strip()


def run(
    quick: Annotated[bool, typer.Option("--quick", help="The last loop of each task, tiny, once.")] = False,
    range_: Annotated[str | None, typer.Option("--range", metavar="A..B", help="These commits, not HEAD.")] = None,
    bench: Annotated[list[str] | None, typer.Option("--bench", "-b", help="Benchmarks by regular expression.")] = None,
) -> None:
    """Measure, keep and publish."""
    here = _git("rev-parse", "--abbrev-ref", "HEAD")
    (ROOT / ".asv").mkdir(exist_ok=True)
    results, failed = ROOT / ".asv" / "results", False
    if asv(ROOT / "asv.conf.json", "machine", "--yes"):
        raise UsageError("asv does not know this machine, and could not be told")
    tasks = [task for task in map(load, names()) if task.loops]
    commits = revisions(range_)
    try:
        for commit in commits:
            if range_ is not None:
                _git("checkout", "--quiet", "--detach", commit)
            for framework in USUAL:
                patterns = bench or [selection(task, framework, quick=quick) for task in tasks]
                failed |= bool(measure(framework, patterns, commit, results, quick=quick))
                if bench:
                    break  # the expressions are of all frameworks at once
    finally:
        if range_ is not None:
            _git("checkout", "--quiet", here)
    failed |= bool(asv(ROOT / "asv.conf.json", "publish"))
    print(f"dashboard: {ROOT / '.asv' / 'html' / 'index.html'} (asv preview serves it)")
    raise typer.Exit(1 if failed else 0)


def main() -> None:
    """The entry point: what cannot be done is one line and exit code 2."""
    try:
        typer.run(run)
    except UsageError as error:
        print(f"bench: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
