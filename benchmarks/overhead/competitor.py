"""What one competitor does to the times: `python -m benchmarks.overhead.competitor [SIZE]`.

Each loop is timed alone, then beside a process that computes for a second and rests for a second, then beside one that
never rests.  Without the guard the first turns count; with it, the least disturbed ones, and a row that stays disturbed
is left out of the means.
"""

import contextlib
import functools
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from rich.console import Console

from parity.tables import table
from parity.task import FRAMEWORKS
from parity.tasks import load
from parity.timing import quiet
from parity.timing.contest import SPARE, TURNS, Contest, Entry
from parity.timing.gate import Gate
from parity.timing.loop import USUAL, Backend
from parity.timing.machine import reading
from parity.timing.report import duration, factor
from parity.timing.turns import Taken, Turns

LOOPS = (("mlp", "step"), ("conv_block", "backward"), ("lstm", "backward"), ("resnet18_transfer", "forward"))
TURN = 0.05  # seconds of a turn, at least
PAUSE = 0.25  # seconds between two turns, so that they see the competitor at work and at rest
COMPETITORS = {"alone": (), "half of the time": (1.0, 1.0), "all the time": (1.0, 0.0)}  # seconds of work, and of rest


@dataclass(frozen=True)
class Times:
    """The medians of a loop's turns."""

    first: float  # of the first turns, as they came
    kept: float  # of those that the guard kept
    disturbed: bool


def compete(work: float, rest: float) -> None:
    """Compute and rest for ever."""
    while True:
        end = time.perf_counter() + work
        while time.perf_counter() < end:
            pass
        time.sleep(rest)


@contextlib.contextmanager
def beside(rhythm: tuple[float, ...]) -> Iterator[None]:
    """A competing process of this rhythm while the block lasts; none for an empty one."""
    process = multiprocessing.get_context("spawn").Process(target=compete, args=rhythm, daemon=True)
    if rhythm:
        process.start()
    try:
        yield
    finally:
        if rhythm:
            process.kill()
            process.join()


def turn_of(call: Callable[[], object]) -> Taken:
    """A turn of calls, with the machine meanwhile."""
    before, calls = reading(), 0
    while not calls or time.perf_counter() < before.wall_seconds + TURN:
        call()
        calls += 1
    disturbance = reading() - before
    return Taken([disturbance.wall_seconds / calls], None, disturbance)


def timed(entry: Entry, size: str) -> Times:
    """The turns of one backend on one loop."""
    turns, first = Turns(Contest([entry.task], [entry.backend], size), Gate(size), {}), []
    if reason := turns.skip_reason(entry):
        raise SystemExit(f"{entry}: {reason}")
    with contextlib.closing(turns):
        for turn in filter(functools.partial(turns.wanted, entry), range(TURNS + SPARE)):
            with turns.turn(entry) as loop:
                taken = turn_of(loop.call)
                turns.add(entry, turn, taken)
            first += taken.seconds
            time.sleep(PAUSE)
        row = turns.row(entry)
    kept = statistics.median(seconds for (seconds,) in row["seconds"])
    return Times(statistics.median(first[:TURNS]), kept, row["disturbed"])


def in_process(framework: str, size: str) -> dict[tuple[str, str], Times]:
    """Every loop of one framework."""
    backend = Backend(framework=framework, mode=USUAL[framework])
    return {(task, loop): timed(Entry(load(task), loop, backend), size) for task, loop in LOOPS}


def main() -> None:
    """Print how far the medians move."""
    console = Console()
    quiet.say(console)
    size = sys.argv[1] if len(sys.argv) > 1 else "base"
    columns = [f"{name}, {guard} guard" for name in list(COMPETITORS)[1:] for guard in ("no", "with")]
    title = f"Medians of turns beside one competitor, at {size}, over those without: ! is marked, and left out of means"
    view = table(title, ("loop", "framework", "alone", *columns), names=("framework",), right=("alone", *columns))
    spawn = multiprocessing.get_context("spawn")
    for framework in FRAMEWORKS:
        found = {}
        for name, rhythm in COMPETITORS.items():
            with beside(rhythm), ProcessPoolExecutor(1, mp_context=spawn) as pool:
                found[name] = pool.submit(in_process, framework, size).result()
        for task, loop in LOOPS:
            alone = found["alone"][task, loop]
            cells = [duration(alone.kept) + ("!" if alone.disturbed else "")]
            for name in list(COMPETITORS)[1:]:
                times = found[name][task, loop]
                cells.append(factor(times.first / alone.kept))
                cells.append(factor(times.kept / alone.kept) + ("!" if times.disturbed else ""))
            view.add_row(f"{task} {loop}", framework, *cells)
    console.print(view)


if __name__ == "__main__":
    main()
