"""What one competitor does to the times: `python -m benchmarks.overhead.competitor [SIZE]`.

Each loop is timed alone, beside a process that computes during every other turn, and beside one that computes during
every turn; these take turns too, so that a slow phase of the machine is one of all three.  Without the guard the first
turns count; with it, the least disturbed ones, and a row that stays disturbed is marked.
"""

import contextlib
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import psutil
from rich.console import Console

from benchmarks.neighbour import neighbour
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
RHYTHMS = {"alone": (False,), "every other turn": (True, False), "every turn": (True,)}  # whether the other computes


@dataclass(frozen=True)
class Times:
    """The medians of a loop's turns."""

    first: float  # of the first turns, as they came
    kept: float  # of those that the guard kept
    disturbed: bool


@contextlib.contextmanager
def suspended() -> Iterator[psutil.Process]:
    """A process that computes whenever it is resumed, and is suspended at first."""
    with neighbour("pass") as process:
        other = psutil.Process(process.pid)
        other.suspend()
        yield other


@contextlib.contextmanager
def computing(other: psutil.Process) -> Iterator[None]:
    """The process computes while the block lasts."""
    other.resume()
    try:
        yield
    finally:
        other.suspend()


def turn_of(call: Callable[[], object]) -> Taken:
    """A turn of calls, with the machine meanwhile."""
    before, calls = reading(), 0
    while not calls or time.perf_counter() < before.wall_seconds + TURN:
        call()
        calls += 1
    disturbance = reading() - before
    return Taken([disturbance.wall_seconds / calls], None, disturbance)


def timed(entry: Entry, size: str, other: psutil.Process) -> dict[str, Times]:
    """The turns of one backend on one loop, beside each rhythm of the other process."""
    gate, first = Gate(size), {name: list[float]() for name in RHYTHMS}
    turns = {name: Turns(Contest([entry.task], [entry.backend], size), gate, {}) for name in RHYTHMS}
    if reason := turns["alone"].skip_reason(entry):
        raise SystemExit(f"{entry}: {reason}")
    with contextlib.ExitStack() as stack:
        for mine in turns.values():
            stack.enter_context(contextlib.closing(mine))
        for turn in range(TURNS + SPARE):
            names = list(RHYTHMS)
            for name in (*names[turn % len(names) :], *names[: turn % len(names)]):  # none always follows another
                computes = RHYTHMS[name]
                if turns[name].wanted(entry, turn):
                    beside = computing(other) if computes[turn % len(computes)] else contextlib.nullcontext()
                    with turns[name].turn(entry) as loop, beside:
                        taken = turn_of(loop.call)
                        turns[name].add(entry, turn, taken)
                    first[name] += taken.seconds
        rows = {name: mine.row(entry) for name, mine in turns.items()}
    return {
        name: Times(
            statistics.median(first[name][:TURNS]), statistics.median(seconds for (seconds,) in row["seconds"]),
            bool(row["disturbed"]),
        )
        for name, row in rows.items()
    }  # fmt: skip


def in_process(framework: str, size: str) -> dict[tuple[str, str], dict[str, Times]]:
    """Every loop of one framework."""
    backend = Backend(framework=framework, mode=USUAL[framework])
    with suspended() as other:
        return {(task, loop): timed(Entry(load(task), loop, backend), size, other) for task, loop in LOOPS}


def main() -> None:
    """Print how far the medians move."""
    console = Console()
    quiet.say(console)
    size = sys.argv[1] if len(sys.argv) > 1 else "base"
    columns = [f"{name}, {guard} guard" for name in list(RHYTHMS)[1:] for guard in ("no", "with")]
    title = f"Medians beside one competitor, at {size}, over those of the turns without: ! stays disturbed"
    view = table(title, ("loop", "framework", "alone", *columns), names=("framework",), right=("alone", *columns))
    spawn = multiprocessing.get_context("spawn")
    for framework in FRAMEWORKS:
        with ProcessPoolExecutor(1, mp_context=spawn) as pool:
            found = pool.submit(in_process, framework, size).result()
        for (task, loop), times in found.items():
            alone, *others = times.values()
            cells = [duration(alone.kept) + ("!" if alone.disturbed else "")]
            for beside in others:
                cells.append(factor(beside.first / alone.kept))
                cells.append(factor(beside.kept / alone.kept) + ("!" if beside.disturbed else ""))
            view.add_row(f"{task} {loop}", framework, *cells)
    console.print(view)


if __name__ == "__main__":
    main()
