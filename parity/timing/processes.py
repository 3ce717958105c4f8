"""The processes of a comparison: pytest runs `side_by_side` in each, and one that dies costs a backend its task."""

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from parity.frameworks import threads
from parity.judging.worker import Worker, WorkerError
from parity.task import UsageError
from parity.timing.alternation import Alternation
from parity.timing.contest import NOW

COMPARISON = Path(__file__).parent / "side_by_side.py"
ROUNDS = ("--benchmark-min-rounds=1", "--benchmark-max-time=0.035", "--benchmark-calibration-precision=10")  # in a turn
TIMEOUT = 600.0  # seconds for a backend's turn; the first includes verdict, build and compilation
PLUGIN = "parity.timing.plugin"
TOO_LONG = "Timeout ("  # faulthandler writes this before it ends the process


def rows_of(
    tasks: Sequence[str], options: Sequence[str], counts: Sequence[int | None], timeout: float, kept: Path | None = None
) -> list[dict[str, Any]]:
    """The rows of every number of threads, task by task; of several numbers, each is in the name of its backends.

    Args:
        counts: None stands for the usual number.
        kept: a folder for the rows of each task as soon as it is finished; what is there already is not timed again.
    """
    with ExitStack() as stack:
        folder = kept or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.callback(_remove_unless_something_is_finished, folder)
        places = [folder / f"{count or 'usual'}" for count in counts]
        _keep_what_all_have(places, tasks)
        workers = [stack.enter_context(closing(Worker())) for _ in counts]
        alternation = stack.enter_context(closing(Alternation()))

        def measured(worker: Worker, count: int | None, place: Path) -> list[dict[str, Any]]:
            shared = [*options, "--alternation", alternation.address]
            rows = _measured(worker, tasks, shared, place, count, timeout)
            label = f" {count} thread{'s' if count != 1 else ''}" if len(counts) > 1 else ""
            return [{**row, "backend": row["backend"] + label} for row in rows]

        with ThreadPoolExecutor(len(counts)) as pool:
            running = [pool.submit(measured, *each) for each in zip(workers, counts, places, strict=True)]
            try:
                for future in wait(running, return_when=FIRST_EXCEPTION).done:  # one that failed ends the others
                    future.result()
                found = [row for future in running for row in future.result()]
            except BaseException:  # interrupted: the end of the workers ends the threads that wait for them
                stack.close()
                raise
    place = {task: number for number, task in enumerate(tasks)}
    return sorted(found, key=lambda row: place[row["task"]])


def _keep_what_all_have(places: Sequence[Path], tasks: Sequence[str]) -> None:
    """Make the folders of all processes; a task that is finished in some of them is timed again, in turns."""
    for place in places:
        place.mkdir(parents=True, exist_ok=True)
    for task in tasks:
        files = [place / f"{task}.json" for place in places]
        if not all(file.exists() for file in files):
            for file in files:
                file.unlink(missing_ok=True)


def _remove_unless_something_is_finished(folder: Path) -> None:
    if not any(folder.glob("*/*.json")):
        shutil.rmtree(folder, ignore_errors=True)


def _measured(
    worker: Worker, tasks: Sequence[str], options: Sequence[str], folder: Path, count: int | None, timeout: float
) -> list[dict[str, Any]]:  # fmt: skip
    """The rows of the tasks, from as many processes as needed; each writes a task's rows once the task is finished."""
    files, now = {task: folder / f"{task}.json" for task in tasks}, folder / NOW
    now.unlink(missing_ok=True)  # of a run that was killed
    lost: dict[tuple[str, str], str] = {}
    while left := [task for task, file in files.items() if not file.exists()]:
        known = json.dumps([[*who, reason] for who, reason in lost.items()])
        end, log = _process(worker, [*options, "--tasks", ",".join(left), "--lost", known], folder, count, timeout)
        if any(not files[task].exists() for task in left):
            task, backend, loop = json.loads(now.read_text()) if now.exists() else ("", "", "")
            if not task or (task, backend) in lost:  # it ended before a new turn
                raise UsageError(f"the comparison could not be made: {end}\n{log}")
            lost[task, backend] = f"{end}, at {loop}"
    return [row for file in files.values() for row in json.loads(file.read_text())]


def _process(
    worker: Worker, options: Sequence[str], folder: Path, count: int | None, timeout: float
) -> tuple[str, str]:  # fmt: skip
    """Run the comparison until it ends or a turn takes longer than `timeout`; return how it ended, and its log."""
    limits = (f"faulthandler_timeout={timeout}", "faulthandler_exit_on_timeout=true")
    command = [
        str(COMPARISON), "-p", PLUGIN, *(word for limit in limits for word in ("-o", limit)), *ROUNDS, *options,
        "--rows", str(folder), "--import-limit", str(max(timeout, TIMEOUT)),
        # Nothing is printed, and files in the current folder have no influence.
        "--benchmark-quiet", "-p", "no:terminal", "-p", "no:cacheprovider", "--noconftest", "-c", os.devnull,
        "--rootdir", str(folder), "--benchmark-storage", str(folder),
    ]  # fmt: skip
    try:
        code = worker.call(_pytest, command, count, timeout=None)
        end = f"pytest ended with exit code {code}"
    except WorkerError as error:
        if "Cancelled" in error.failure.classes:
            raise
        end = str(error)
    finally:
        log = worker.log()
        worker.close()
    if TOO_LONG in log:
        end = f"it took longer than {timeout:g} s"
    return end, log[-2000:]


def _pytest(command: list[str], count: int | None) -> int:
    if count is None:
        threads.pin()
    else:
        threads.use(count)
    # In a test this process must start a new session, and not act as one of the test's parallel workers.
    for name in [name for name in os.environ if name.startswith("PYTEST_")]:
        del os.environ[name]
    import pytest

    return int(pytest.main(command))
