"""asv's classes: each benchmark runs, is warm before the clock starts, and has its own quantity."""

import contextlib
import dataclasses
import gc
import itertools
import math
import re
import time

import pytest
from asv_runner.benchmarks.time import TimeBenchmark

import benchmarks.history.suite
from benchmarks.history import gate
from benchmarks.history.run import selection
from benchmarks.history.suite import OFF_THE_CHART, suites, worst_units
from parity import judge, load
from parity.judging.noise import LIMIT
from parity.tasks import names
from parity.timing.loop import USUAL, WarmLoop


@pytest.fixture
def agreeing(monkeypatch):
    """The verdicts, which other tests are about, are taken as given."""
    monkeypatch.setattr(benchmarks.history.suite, "skip_reason", lambda *which: "")


def names_of(framework):
    """asv's names of a framework's benchmarks: `module.Class.function('loop', 'size', 'mode')`."""
    for suite, cls in suites(framework).items():
        for function in (f for f in vars(cls) if f.startswith(("time_", "peakmem_", "track_"))):
            for loop in cls.params[0]:
                for size in cls.params[1]:
                    for mode in cls.params[2]:
                        yield f"{framework}_loops.{suite}.{function}('{loop}', '{size}', '{mode}')"


def test_the_usual_selection_takes_one_quick_benchmark_of_each_task(framework):
    for name in names():
        task = load(name)
        if not task.loops:
            continue
        chosen = re.compile(selection(task, framework, quick=True))
        found = [n for n in names_of(framework) if chosen.search(n)]
        assert len(found) == 1, name
        full = re.compile(selection(task, framework, quick=False))
        kinds = [n.split(".")[2].partition("(")[0] for n in names_of(framework) if full.search(n)]
        assert kinds.count("time_loop") == len(task.loops)
        assert sorted(set(kinds)) == sorted(
            ["peakmem_loop", "time_loop", "track_first_call", "track_noise_units", "track_throughput"]
        )


def test_each_benchmark_of_a_loop_returns_its_own_quantity(framework, agreeing):
    """As asv does: it looks for the parameters in `skip_params`, then runs the function."""
    suite = suites(framework)["MlpCpu"]()
    parameters = ("step", "tiny", USUAL[framework])
    assert parameters not in suite.time_loop.skip_params
    assert suite.time_loop(*parameters) is None
    assert suite.peakmem_loop(*parameters) is None
    assert 0 < suite.track_noise_units(*parameters) <= LIMIT
    assert suite.track_first_call(*parameters) > 0
    assert suite.track_throughput(*parameters) > 0


def test_asv_times_many_calls_of_a_loop_that_is_slow_to_build(monkeypatch, agreeing):
    """asv would time single calls if the first call built the loop, or if there were a setup."""
    begun, ended = [], []

    @contextlib.contextmanager
    def slow(task, loop, backend, *, dtype, size):
        time.sleep(0.2)  # more than asv's sample and warm-up
        begun.append((loop, backend.mode, size))
        try:
            yield WarmLoop(lambda: None, 0.0, 0.0, 1, lambda: None, None, None)
        finally:
            ended.append(loop)

    monkeypatch.setattr(benchmarks.history.suite, "warmed", slow)
    suite = suites("tf")["MlpCpu"]()
    benchmark = TimeBenchmark("MlpCpu.time_loop", suite.time_loop, [suite.time_loop, suite])
    benchmark.set_param_idx(list(itertools.product(*suite.params)).index(("step", "base", "graph")))
    assert benchmark.do_setup() is False
    assert begun == [("step", "graph", "base")]
    gc.collect()
    assert not ended  # the precision policy is still in force
    assert benchmark.do_run()["number"] > 100
    assert len(begun) == 1


def test_no_clock_starts_on_a_loop_whose_outputs_disagree(monkeypatch):
    monkeypatch.setattr(benchmarks.history.suite, "skip_reason", lambda *which: " ".join(which))
    suite = suites("tf")["MlpCpu"]()
    for benchmark in (suite.time_loop, suite.peakmem_loop, suite.track_first_call, suite.track_throughput):
        with pytest.raises(RuntimeError, match="mlp tf cpu step base graph"):
            assert ("step", "base", "graph") in benchmark.skip_params


def test_the_processes_of_a_run_share_a_verdict(monkeypatch, tmp_path):
    which = ("mlp", "numpy", "cpu", "step", "tiny", "eager")
    monkeypatch.setenv(gate.FOLDER, str(tmp_path / "verdicts"))
    assert gate.skip_reason(*which) == ""  # judged in a process of its own
    monkeypatch.setattr(gate, "judge", None)
    monkeypatch.setattr(gate, "Worker", None)
    assert gate.skip_reason(*which) == ""
    with pytest.raises(TypeError):
        gate.skip_reason(*which[:-1], "xla")


def test_a_loop_that_cannot_be_judged_is_not_timed():
    reason = gate.skip_reason("mlp", "numpy", "cpu", "no_such_loop", "tiny", "eager")
    assert reason.startswith("it cannot be judged: UsageError: unknown loop of mlp 'no_such_loop'")


def test_an_epoch_counts_the_examples_of_all_its_batches():
    task = load("digits_training")
    assert task.stages["epoch"].examples(task.sizes["base"]) == 44 * 32
    assert load("mlp").stages["step"].examples(load("mlp").sizes["base"]) == 32


def test_a_loop_that_cannot_be_judged_says_why():
    (row, *_) = judge("mlp", "numpy", dtype="float32")
    assert worst_units([row, dataclasses.replace(row, units=math.inf, verdict="differs")]) == OFF_THE_CHART
    broken = dataclasses.replace(row, output="step", units=None, verdict="error", reason="ValueError: broken")
    with pytest.raises(RuntimeError, match="step: error: ValueError: broken"):
        worst_units([broken])
    with pytest.raises(RuntimeError, match="none of its outputs was judged"):
        worst_units([])
