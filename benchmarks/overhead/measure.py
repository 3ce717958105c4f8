"""What the harness adds: `python -m benchmarks.overhead` times each loop against the same loop written by hand.

Both run in one process on the same model and the same memory, in turns; several processes give the interval.
"""

import gc
import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.ab.evidence import change_of
from benchmarks.ab.sides import SETTINGS, WINDOW, pin_to_last_core
from benchmarks.overhead.by_hand import BY_HAND
from parity.task import FRAMEWORKS
from parity.timing.loop import USUAL, Backend, warmed

LIMIT = 0.02  # of the time by hand
PROCESSES = 12  # the fewest that can prove an overhead at this level, shared by the nine loops, with a margin
ROUNDS = 40


def log_ratios(framework: str) -> dict[tuple[str, str], tuple[float, float]]:
    """For each loop, in this process: seconds by hand, and the median log(time of the harness / time by hand)."""
    found = {}
    for (task, loop), by_hand in BY_HAND.items():
        with warmed(task, loop, Backend(framework=framework, mode=USUAL[framework])) as ready:
            bare = by_hand[framework](ready.model, ready.batch)
            calls = 1
            while (seconds := window(bare, calls)) < WINDOW:
                calls = max(calls + 1, int(1.1 * calls * WINDOW / seconds))
            rounds = np.empty((ROUNDS, 2))
            for number in range(ROUNDS):
                outer, inner = (0, 1) if number % 2 == 0 else (1, 0)
                spent = [0.0, 0.0]
                for side in (outer, inner, inner, outer):
                    spent[side] += window((bare, ready.call)[side], calls)
                rounds[number] = spent
            by_hand_seconds = float(np.median(rounds[:, 0]) / (2 * calls))
            found[task, loop] = by_hand_seconds, float(np.median(np.log(rounds[:, 1] / rounds[:, 0])))
    return found


def window(call: Callable[[], object], calls: int) -> float:
    """The seconds of `calls` calls, after as many untimed ones."""
    gc.disable()
    for _ in range(calls):
        call()
    start = time.perf_counter()
    for _ in range(calls):
        call()
    seconds = time.perf_counter() - start
    gc.enable()
    return seconds


def main() -> None:
    """Print the overhead of every loop in every framework, with its interval; exit code 1 if one is over the limit."""
    view = Table(title=f"The harness against a loop by hand (limit {LIMIT:.0%})", title_justify="left")
    for column in ("loop", "framework", "by hand", "overhead", "interval"):
        view.add_column(column, justify="right" if column in ("by hand", "overhead", "interval") else "left")
    over = 0
    os.environ.update(SETTINGS)
    spawn = multiprocessing.get_context("spawn")
    for framework in FRAMEWORKS:
        with ProcessPoolExecutor(1, mp_context=spawn, initializer=pin_to_last_core, max_tasks_per_child=1) as pool:
            found = list(pool.map(log_ratios, [framework] * PROCESSES))
        for task, loop in BY_HAND:
            c = change_of([[process[task, loop][1] for process in found]], loops=len(BY_HAND) * len(FRAMEWORKS))
            seconds = float(np.median([process[task, loop][0] for process in found]))
            over += c.low > LIMIT
            style = "bold red" if c.low > LIMIT else ""
            cells = f"{seconds * 1e6:.0f} us", f"{c.change:+.1%}", c.interval
            view.add_row(f"{task} {loop}", framework, *cells, style=style)
    Console().print(view)
    raise SystemExit(1 if over else 0)


if __name__ == "__main__":
    main()
