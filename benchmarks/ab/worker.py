"""One revision's loops in a process of its own: answers a line of JSON with a line of JSON.

Started by `benchmarks.ab.sides` as a script, with the revision's folder as its argument: `parity` and the
implementations are imported from there, whatever is installed.
"""

import contextlib
import gc
import json
import os
import runpy
import sys
import time
from pathlib import Path
from types import SimpleNamespace

digest = runpy.run_path(str(Path(__file__).parents[1] / "digest.py"))["digest"]  # this checkout's, for both revisions


def revision():
    """The names that are needed from the revision's `parity`, from wherever they are in it."""
    try:
        from parity.judging.inputs import draw
        from parity.tasks import load, names
        from parity.timing.loop import Backend, warmed
    except ModuleNotFoundError as error:
        if not error.name.startswith("parity."):
            raise
        # An older commit, in which these names had other places.
        from parity.inputs import draw

        from parity.task import load, names
        from parity.timing import Contestant as Backend
        from parity.timing import prepared as warmed
    return SimpleNamespace(draw=draw, load=load, names=names, Backend=Backend, warmed=warmed)


def loops():
    """Every loop with the digest of what is timed: [[task, loop, digest], ...]."""
    theirs = revision()
    digests = {name: digest(theirs.load(name), theirs.draw) for name in theirs.names()}
    return [[name, loop, hashed] for name, hashed in digests.items() for loop in theirs.load(name).loops]


class LoopServer:
    def __init__(self):
        self.open = contextlib.ExitStack()
        self.call = None

    def prepare(self, task, loop, framework, mode, size, window):
        """Make a loop ready; return how many calls fill a window of `window` seconds."""
        theirs = revision()
        self.open.close()
        backend = theirs.Backend(framework=framework, mode=mode)
        self.call = self.open.enter_context(theirs.warmed(task, loop, backend, size=size)).call
        calls = 1
        while (seconds := self.window(calls)) < window:
            calls = max(calls + 1, int(1.1 * calls * window / seconds))
        return calls

    def window(self, calls):
        """The seconds of `calls` calls.

        As many untimed calls come first: at their start the caches and the branch predictor are still in the other
        process's state, and its idle threads may still spin on this core.
        """
        call, clock = self.call, time.perf_counter
        gc.disable()
        for _ in range(calls):
            call()
        start = clock()
        for _ in range(calls):
            call()
        seconds = clock() - start
        gc.enable()
        return seconds


def main():
    sys.path.insert(0, str(Path(sys.argv[1]).resolve()))
    # An editable install would add the newer revision's files where the older one has none.
    sys.meta_path[:] = [f for f in sys.meta_path if not getattr(f, "__module__", "").startswith("__editable__")]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # a library's output must not mix with the answers
    server = LoopServer()
    for line in sys.stdin:
        name, *args = json.loads(line)
        try:
            answer = {"answer": {"loops": loops, "prepare": server.prepare, "window": server.window}[name](*args)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
