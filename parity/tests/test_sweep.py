"""Many runs: jobs that are sent to workers, and when NumPy itself is suspected."""

import pickle

import numpy as np
import pytest

from parity import Truth, load
from parity.judging import sweep as sweep_module
from parity.judging.run import Outputs
from parity.judging.sweep import Job, Result, suspects, workers_of
from parity.judging.verdict import PASSING, vacuous

TRUTH = Truth(value=np.array([1.0, 2.0]), noise=1e-7, peak=1e-7)


def result(framework, value):
    """A run whose one output differs from the truth."""
    job = Job.of(load("mlp"), framework, "cpu", "float32", "eager", "tiny")
    outputs = Outputs()
    outputs["forward/loss"] = np.array(value, np.float32)
    return Result(job, [job.row("differs", "", "forward/loss")], outputs, {"forward/loss": TRUTH})


def test_a_pickled_job_keeps_its_configuration():
    job = Job.of(load("mlp"), "numpy", "cpu", "float32", "eager", "tiny", seed=3)
    there = pickle.loads(pickle.dumps(job))
    assert there == job
    assert there.task is job.task  # made once in each process
    assert dict(there.task.config) == dict(load("mlp").config)


@pytest.mark.parametrize(
    ("torch", "tf", "suspected"),
    [
        ([1.5, 2.5], [1.5, 2.5], True),
        ([1.5, 2.5], [1.5000005, 2.5], True),  # a few roundings apart
        ([1.5, 2.5], [1.4, 2.5], False),  # both are wrong, and differently
        ([1.5, 2.5], [np.nan, 2.5], False),
    ],
)
def test_numpy_is_suspected_if_the_others_agree_with_one_another(torch, tf, suspected):
    found = suspects([result("torch", torch), result("tf", tf)])
    assert bool(found) == suspected
    if suspected:
        assert "torch and tf agree with one another" in found["mlp", "forward/loss"]
        assert "suspect impl_numpy/mlp.py" in found["mlp", "forward/loss"]


def test_one_framework_alone_does_not_make_numpy_suspect():
    assert suspects([result("torch", [1.5, 2.5])]) == suspects([result("torch", [1.5]), result("torch", [1.5])]) == {}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_output_of_every_task_can_fail(task_name, dtype):
    assert vacuous(load(task_name), "tiny", dtype) == []


def test_a_learning_rate_of_zero_tests_no_update():
    still = Job("mlp", (("lr", 0.0),), "numpy", "cpu", "float32", "eager", "tiny").task
    assert vacuous(still, "tiny", "float32") == [
        f"step/{name}" for name in load("mlp").stages["step"].outputs if name in ("0.weight", "0.bias", "2.weight",
                                                                                 "2.bias", "4.weight", "4.bias")
    ]  # fmt: skip


@pytest.mark.parametrize("count", [1, 2])
def test_processes_that_share_a_framework_give_its_results_in_order(monkeypatch, count):
    """Each job is run once, by any of them; the results stay in the order of the jobs."""
    monkeypatch.setattr(sweep_module, "processes", lambda framework, jobs: count)
    jobs = [Job.of(load(name), "numpy", "cpu", "float32", "eager", "tiny") for name in ("mlp", "losses", "lstm")]
    with workers_of(["numpy"]) as workers:
        results = list(sweep_module.sweep(jobs, workers))
    assert [result.job for result in results] == jobs
    assert all(row.verdict in PASSING for result in results for row in result.rows)


def test_only_a_long_sweep_imports_tensorflow_twice():
    many = sweep_module.MANY
    assert [sweep_module.processes("tf", jobs) for jobs in (many - 1, many)] == [1, 2]
    assert sweep_module.processes("torch", 10 * many) == 1
