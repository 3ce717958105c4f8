"""Doubles of processes, runs of asv and other machines, for the tests of the benchmarks."""

import contextlib
import json
from types import SimpleNamespace

import numpy as np

import benchmarks.ab.sides
from benchmarks.ab.sides import Failed, Loop, Pair
from benchmarks.history.suite import version
from parity import load

MLP_STEP = Loop("mlp", "step", "numpy")


def planted(log_ratio, monkeypatch, failing=()):
    """Give the driver made-up pairs; it starts no process then."""
    rng = np.random.default_rng(3)

    def made_up(a, b, loop, size, *, slowdown=0.0, preparations=1):
        if loop in failing:
            raise Failed("ValueError: broken")
        change = log_ratio.get(loop, 0.0) + 0.005 * rng.standard_normal()
        return Pair(change, 1e-3, 1e-3 * float(np.exp(change)))

    @contextlib.contextmanager
    def nobody(a, b, *, b_first):
        yield SimpleNamespace(alive=True), SimpleNamespace(alive=True)

    monkeypatch.setattr(benchmarks.ab.sides, "pair_of", made_up)
    monkeypatch.setattr(benchmarks.ab.sides, "sides", nobody)


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
