"""Doubles of processes, runs of asv and other machines, for the tests of the benchmarks."""

import contextlib
import itertools
import json
from types import SimpleNamespace

import numpy as np

import benchmarks.ab.trial
from benchmarks.ab.sides import Failed, Loop, Pair
from benchmarks.history.suite import version
from parity import load

MLP_STEP = Loop("mlp", "step", "numpy")


class FakeClock:
    """A clock on which only waiting takes time, in place of the module `time`."""

    def __init__(self):
        self.now, self.waited = 1000.0, []

    def monotonic(self):
        return self.now

    time = monotonic

    def sleep(self, seconds):
        self.waited.append(seconds)
        self.now += seconds


def planted(log_ratio, monkeypatch, failing=(), *, pair_of=None, seconds=1.0):
    """Give the driver made-up pairs, each of which takes `seconds` on a fake clock; it starts no process then."""
    rng, clock = np.random.default_rng(3), FakeClock()

    def made_up(a, b, loop, size):
        clock.now += seconds
        if loop in failing:
            raise Failed("ValueError: broken")
        change = log_ratio.get(loop, 0.0) + 0.005 * rng.standard_normal()
        return Pair(float(change), 1e-3, 1e-3 * float(np.exp(change)))

    @contextlib.contextmanager
    def nobody(a, b, *, b_first):
        yield SimpleNamespace(alive=True), SimpleNamespace(alive=True)

    monkeypatch.setattr(benchmarks.ab.trial, "pair_of", pair_of or made_up)
    monkeypatch.setattr(benchmarks.ab.trial, "sides", nobody)
    monkeypatch.setattr(benchmarks.ab.trial, "time", clock)
    return clock


def never_decided():
    """A `pair_of` for `planted`: one pair says much slower, the next one much faster, about the floor."""
    signs = itertools.cycle((0.3, -0.3))
    return lambda *args, **kwargs: Pair(0.03 + next(signs), 1.0, 1.0)


def noisy_pairs():
    """A `pair_of` for `planted`: no change, and a scatter at which a row takes some sittings."""
    rng = np.random.default_rng(6)
    return lambda *args: Pair(0.01 * rng.standard_normal(), 1.0, 1.0)


def result_file(folder, machine, commit, started, values, *, benchmark="numpy_loops.MlpCpu.time_loop"):
    """A file of asv's with the results of one benchmark, one result for each size."""
    path = folder / machine / f"{commit}-env.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = ["result", "params", "version", "started_at", "duration", "stats_ci_99_a"]
    params = [["'step'"], [repr(size) for size in ("tiny", "base")[: len(values)]], ["'eager'"]]
    results = {benchmark: [values, params, version(load("mlp")), started, None, values]}
    about = {"commit_hash": commit, "env_name": "env", "result_columns": columns}
    path.write_text(json.dumps({**about, "results": results}))
    (path.parent / "machine.json").write_text(json.dumps({"machine": machine, "version": 1}))
    return path
