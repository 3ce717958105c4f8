"""One revision's loops in a process of its own: answers a line of JSON with a line of JSON.

Started by `benchmarks.ab.sides` as a script, with the revision's folder as its argument: `parity` and the
implementations are imported from there, whatever is installed.
"""

import contextlib
import gc
import hashlib
import inspect
import json
import os
import sys
import time
from pathlib import Path


def loops(framework):
    """Every loop with a digest of its specification, as `benchmarks.history.suite` has it: [[task, loop, digest], ...]."""
    from parity.tasks import load, names

    found = []
    for task in map(load, names()):
        digest = hashlib.sha256(inspect.getsource(inspect.getmodule(task.make)).encode()).hexdigest()[:16]
        found += [[task.name, loop, digest] for loop in task.loops]
    return found


class Worker:
    def __init__(self):
        self.open = contextlib.ExitStack()
        self.call = None

    def prepare(self, task, loop, framework, mode, size, window):
        """Make a loop ready; how many calls fill a window of so many seconds."""
        from parity.timing.loop import Contestant, prepared

        self.open.close()
        contestant = Contestant(framework=framework, mode=mode)
        self.call = self.open.enter_context(prepared(task, loop, contestant, size=size)).call
        calls = 1
        while (seconds := self.window(calls, 0.0)) < window:
            calls = max(calls + 1, int(1.1 * calls * window / seconds))
        return calls

    def window(self, calls, slowdown):
        """The seconds of so many calls; `slowdown` of that time again is wasted, to plant a regression.

        As many calls go before, untimed: until then the caches and the branch predictor are those of the other
        process, and its idle threads may still spin on this core.
        """
        call, clock = self.call, time.perf_counter
        gc.disable()
        for _ in range(calls):
            call()
        start = clock()
        for _ in range(calls):
            call()
        if slowdown:
            until = clock()
            until += slowdown * (until - start)
            while clock() < until:
                pass
        seconds = clock() - start
        gc.enable()
        return seconds


def main():
    sys.path[0] = str(Path(sys.argv[1]).resolve())  # instead of this script's folder
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer
    worker = Worker()
    for line in sys.stdin:
        name, *args = json.loads(line)
        try:
            answer = {"answer": {"loops": loops, "prepare": worker.prepare, "window": worker.window}[name](*args)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
