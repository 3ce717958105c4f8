"""Many runs: jobs that are sent to workers, and when NumPy itself is suspected."""

import contextlib
import pickle
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from parity import Truth, load
from parity.frameworks.environment import FrameworkInfo, framework_info
from parity.frameworks.runtime import CUDA, INSTALL
from parity.judging import sweep as sweep_module
from parity.judging.inputs import draw
from parity.judging.run import Failure, Outputs, run
from parity.judging.sweep import Job, Result, ask_frameworks, plan, suspects, workers_of, worst_elements
from parity.judging.verdict import PASSING, Row, vacuous
from parity.judging.worker import Worker, WorkerError
from parity.task import DTYPES, UsageError

TRUTH = Truth(value=np.array([1.0, 2.0]), noise=2.0**-5, peak=2.0**-5)
CPU = FrameworkInfo(devices=("cpu",), modes=("eager", "graph"))
SLOW = "float64 is judged at tiny only: its truth needs longdouble, which is slow"
NOT_A_LOOP = "other stages run eagerly on the CPU, at tiny and base"


class Fake(Worker):
    """A worker that answers in this process, notes what it is asked, and ends its calls when it is closed."""

    def __init__(self, answer):
        self.answer, self.asked, self.closed = answer, [], threading.Event()

    def call(self, function, *args, timeout):
        self.asked.append((function, *args, timeout))
        return self.answer(self, function, *args)

    def prepare(self, function, *args, timeout):
        self.asked.append((function, *args, timeout, "and go on"))

    def close(self):
        self.closed.set()


def job_of(name="mlp", framework="numpy", dtype="float32", mode="eager", size="tiny", device="cpu", **rest):
    return Job.of(load(name), framework, device, dtype, mode, size, **rest)


def result(framework, value, *, dtype="float32", truth=TRUTH):
    """A run whose one output differs from the truth."""
    job = job_of(framework=framework, dtype=dtype)
    outputs = Outputs() if value is None else Outputs({"forward/loss": np.array(value, np.float32)})
    return Result(job, [job.row("differs", "", "forward/loss")], outputs, {"forward/loss": truth})


def test_a_job_names_its_run_and_its_verdicts():
    job = Job.of(load("mlp"), "tf", "cuda", "float32", "graph", "base")
    assert job == Job("mlp", (("lr", 0.125),), "tf", "cuda", "float32", "graph", "base", "", 0)
    whole = {"task": "mlp", "framework": "tf", "device": "cuda", "dtype": "float32", "mode": "graph", "size": "base"}
    assert job.row("error", "no") == Row(**whole, output="", units=None, verdict="error", reason="no")
    assert job.row("error", "no", "step").output == "step"


def test_a_pickled_job_keeps_its_configuration_and_its_weights():
    job = Job.of(load("mlp"), "numpy", "cpu", "float32", "eager", "tiny", seed=3)
    there = pickle.loads(pickle.dumps(job))
    assert there == job
    assert there.task is job.task  # made once in each process
    assert dict(there.task.config) == dict(load("mlp").config)
    with pytest.raises(UsageError, match="there is no file nowhere"):
        _ = job_of("resnet18_transfer", weights="nowhere").task


def test_the_workers_of_a_block_end_with_it(monkeypatch):
    monkeypatch.setattr(sweep_module, "Worker", lambda: Fake(None))
    with contextlib.suppress(ArithmeticError), workers_of(["numpy", "tf"], tasks=7) as workers:
        assert {name: len(some) for name, some in workers.items()} == {"numpy": 1, "tf": 2}
        assert not any(worker.closed.is_set() for some in workers.values() for worker in some)
        raise ArithmeticError
    assert all(worker.closed.is_set() for some in workers.values() for worker in some)


def test_only_a_long_sweep_imports_tensorflow_twice():
    for tasks, count in {1: 1, 6: 1, 7: 2}.items():
        with workers_of(["tf", "torch"], tasks=tasks) as workers:
            assert {name: len(some) for name, some in workers.items()} == {"tf": count, "torch": 1}


def test_frameworks_are_asked_unless_they_are_missing(monkeypatch):
    monkeypatch.setitem(sweep_module.REQUIRES, "torch", "torch_that_is_not_installed")

    def answer(worker, function, framework):
        if framework == "tf":
            raise WorkerError(Failure(("ImportError",), "no luck", ""))
        return CPU

    workers = {name: [Fake(answer), Fake(answer)] for name in ("numpy", "torch", "tf")}
    assert ask_frameworks(workers, timeout=7.0) == {
        "numpy": CPU,
        "torch": FrameworkInfo(missing=f"torch is not installed: {INSTALL['torch']}"),
        "tf": FrameworkInfo(missing=f"tf cannot be imported: ImportError: no luck; {INSTALL['tf']}"),
    }
    asked = {name: [worker.asked for worker in some] for name, some in workers.items()}
    assert asked.pop("torch") == [[], []]
    assert asked == {
        name: [[(framework_info, name, 7.0)], [(framework_info, name, 7.0, "and go on")]] for name in ("numpy", "tf")
    }
    ask_frameworks({"numpy": workers["numpy"][:1]})
    assert workers["numpy"][0].asked[-1] == (framework_info, "numpy", 600.0)


def test_an_interruption_ends_the_workers_that_are_asked():
    def answer(worker, function, framework):
        if framework == "numpy":
            raise KeyboardInterrupt
        ended.append(worker.closed.wait(10))

    ended, workers = [], {name: [Fake(answer)] for name in ("numpy", "torch")}
    with pytest.raises(KeyboardInterrupt):
        ask_frameworks(workers)
    assert ended == [True]


def test_what_is_asked_for_is_planned_in_its_order(monkeypatch):
    monkeypatch.setattr(sweep_module, "task_with", lambda name, config, weights: load(name))  # no file is read
    found = {"numpy": CPU, "torch": CPU}
    tasks, sizes = [load("mlp"), load("resnet18_transfer")], ("tiny", "base")
    jobs, skipped = plan(
        tasks, found, devices=["cpu"], dtypes=DTYPES, modes=["eager"], sizes=sizes, weights="imagenet", seed=3
    )
    assert jobs == [
        job_of(task.name, framework, dtype, size=size, weights="imagenet" if task is tasks[1] else "", seed=3)
        for task in tasks
        for size, dtype in (("tiny", "float32"), ("tiny", "float64"), ("base", "float32"))
        for framework in found
    ]
    assert skipped == []  # float64 is judged, at tiny
    jobs, _ = plan(tasks[:1], found, devices=["cpu"], dtypes=["float32"], modes=["eager"], sizes=["tiny"])
    assert jobs == [job_of(), job_of(framework="torch")]


@pytest.mark.parametrize(
    ("job", "reason"),
    [
        (job_of(mode="graph"), None),
        (job_of(device="cuda"), f"numpy sees no cuda device here; on a machine with a GPU: {CUDA['numpy']}"),
        (job_of(mode="xla"), "numpy has no mode 'xla'; it has eager, graph"),
        (job_of("loss_misuse", size="large"), "loss_misuse has no size 'large'"),
        (job_of("loss_misuse", mode="graph"), f"loss_misuse has no loop, and {NOT_A_LOOP}"),
        (job_of(dtype="float64", size="base"), SLOW),
    ],
)
def test_what_cannot_run_has_its_reason(job, reason):
    assert sweep_module._skip_reason(job, CPU) == reason


def test_what_cannot_run_is_a_result_that_says_so():
    found = {"tf": FrameworkInfo(missing="tf is not here"), "numpy": CPU}
    jobs, skipped = plan([load("mlp")], found, devices=["cpu"], dtypes=DTYPES, modes=["eager"], sizes=["base"])
    absent = job_of(framework="tf", size="base")
    assert jobs == [job_of(size="base")]
    assert skipped == [Result(absent, [absent.row("unavailable", "tf is not here")])]


def test_a_plan_of_nothing_is_refused_with_each_reason_once():
    with pytest.raises(UsageError) as error:
        plan(
            [load("mlp")], {"numpy": CPU, "tf": FrameworkInfo(missing="tf is not here")},
            devices=["cpu"], dtypes=["float64"], modes=["eager", "graph"], sizes=["base"],
        )  # fmt: skip
    assert str(error.value) == f"none of these runs is possible here: {SLOW}; tf is not here"


def swept(monkeypatch, jobs, answer, frameworks=("numpy", "tf"), each=1, **options):
    """The results, one after the other, the frameworks' workers, and the truth's."""
    truth = Fake(answer)
    monkeypatch.setattr(sweep_module, "Worker", lambda: truth)
    workers = {framework: [Fake(answer) for _ in range(each)] for framework in frameworks}
    return sweep_module.sweep(jobs, workers, **options), workers, truth


def test_a_sweep_draws_once_runs_in_the_frameworks_and_judges(monkeypatch):
    """The log of every worker, and every result, with the stages that such a run leaves out."""
    jobs = [job_of(framework="numpy"), job_of(framework="tf", mode="graph"), job_of("lstm", framework="tf")]
    found = {job: Outputs() for job in jobs}
    agrees = {job: job.row("agrees", "", "forward/loss") for job in jobs}

    def answer(worker, function, job, *rest):
        if function is sweep_module._draw:
            return job.name, "batch"
        return found[job] if function is sweep_module._run else Result(job, [agrees[job]], vacuous=["some"])

    started = []
    results, workers, truth = swept(monkeypatch, jobs, answer, timeout=5.0, started=started.append)
    reason = f"not a loop: {NOT_A_LOOP}"
    rows = [[agrees[jobs[0]]], [agrees[jobs[1]], jobs[1].row("unavailable", reason, "summary")], [agrees[jobs[2]]]]
    for place, one in enumerate(results):
        assert one == Result(jobs[place], rows[place], vacuous=["some"])
        assert one.outputs is found[jobs[place]]
        assert started == jobs[: place + 1]
    draws = [(sweep_module._draw, job, 5.0) for job in (jobs[0], jobs[2])]
    judged = [(sweep_module._judge, job, found[job], 5.0) for job in jobs]
    assert truth.asked == [*draws, *judged]
    assert workers["numpy"][0].asked == [(sweep_module._run, jobs[0], ("mlp", "batch"), 5.0)]
    assert workers["tf"][0].asked == [(sweep_module._run, job, (job.name, "batch"), 5.0) for job in jobs[1:]]
    assert all(worker.closed.is_set() for worker in (truth, *workers["numpy"], *workers["tf"]))


def test_runs_of_other_settings_have_inputs_of_their_own(monkeypatch):
    jobs = [job_of(), replace(job_of(), config=(("lr", 0.5),))]
    results, _, truth = swept(monkeypatch, jobs, lambda worker, function, job, *rest: Result(job, []))
    assert [one.job for one in results] == jobs
    assert [job for function, job, *_ in truth.asked if function is sweep_module._draw] == jobs


@pytest.mark.parametrize(
    ("fails", "reason"),
    [("_draw", "ValueError: no"), ("_run", "ValueError: no"), ("_judge", "no truth: ValueError: no")],
)
def test_a_failure_anywhere_is_an_error_with_its_reason(monkeypatch, fails, reason):
    def answer(worker, function, *args):
        if function.__name__ == fails:
            raise WorkerError(Failure(("ValueError",), "no", "trace"))
        return Outputs()

    jobs = [job_of(), job_of(framework="tf")]
    results, _, _ = swept(monkeypatch, jobs, answer)
    assert list(results) == [Result(job, [job.row("error", reason)]) for job in jobs]


def test_a_sweep_that_is_left_ends_the_call_that_runs_and_starts_no_other(monkeypatch):
    second_runs, ended = threading.Event(), []

    def answer(worker, function, job, *rest):
        if function is sweep_module._judge:
            second_runs.wait(10)
            return Result(job, [])
        if function is sweep_module._run and job is jobs[1]:
            second_runs.set()
            ended.append(worker.closed.wait(10))
            time.sleep(0.05)  # no thread is left behind either
        return Outputs()

    jobs, before = [job_of(seed=seed) for seed in range(3)], set(threading.enumerate())
    results, workers, truth = swept(monkeypatch, jobs, answer)
    assert next(results).job is jobs[0]
    results.close()
    assert ended == [True]
    assert set(threading.enumerate()) <= before
    assert [job for _, job, *_ in workers["numpy"][0].asked] == jobs[:2]
    assert truth.closed.is_set()


def test_two_workers_share_the_jobs_of_a_framework(monkeypatch):
    """Twenty jobs in ten pairs: each waits until another runs beside it."""
    pairs = threading.Barrier(2)

    def answer(worker, function, job, *rest):
        if function is sweep_module._run:
            pairs.wait(10)
        return Result(job, []) if function is sweep_module._judge else Outputs()

    jobs = [job_of(framework="tf", seed=seed) for seed in range(20)]
    results, workers, _ = swept(monkeypatch, jobs, answer, each=2)
    assert [one.job for one in results] == jobs
    assert sum(len(worker.asked) for worker in workers["tf"]) == 20
    assert all(worker.closed.is_set() for worker in workers["tf"])


def test_inputs_and_outputs_are_those_of_the_job():
    job = job_of("scalar_graph", seed=1)
    drawn, same = sweep_module._draw(job), draw(load("scalar_graph"), "tiny", seed=1)
    assert drawn == same != sweep_module._draw(job_of("scalar_graph"))
    outputs = sweep_module._run(job, drawn)
    truth = run("scalar_graph", "numpy", dtype="float32", arrays=same)
    assert outputs == truth
    assert outputs["forward/loss"].dtype == np.float32


def test_all_that_is_said_of_a_run_is_asked_about_this_run(monkeypatch):
    job, outputs, asked = job_of(seed=2), Outputs(), {}
    rows = [job.row("agrees", "", "forward/logits"), job.row("differs", "", "forward/loss")]
    truths = {"forward/logits": TRUTH, "forward/loss": TRUTH}
    answers = {"judge": rows, "expected": truths, "vacuous": ["step/w"], "units_by_row": {"forward/loss": [1.0]}}

    def asking(name):
        return lambda *args, **way: asked.update({name: (*args, way)}) or answers[name]

    for name in answers:
        monkeypatch.setattr(sweep_module, name, asking(name))
    differs = {"forward/loss": TRUTH}
    expected = Result(job, rows, truths=differs, vacuous=["step/w"], growth={"forward/loss": [1.0]})
    assert sweep_module._judge(job, outputs) == expected
    way = {"device": "cpu", "dtype": "float32", "mode": "eager", "size": "tiny", "seed": 2}
    assert asked == {
        "judge": (job.task, "numpy", outputs, way), "expected": (job.task, "numpy", way),
        "vacuous": (job.task, "tiny", "float32", 2, {}), "units_by_row": (job.task, outputs, truths, {}),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("torch", "tf", "units"),
    [
        ([1.5, 2.5], [1.5, 2.5], "0"),
        ([1.5, 2.5], [1.5625, 2.5625], "2"),  # a few roundings apart
        ([1.5, 2.5], [2.4375, 3.4375], "30"),  # as far as agrees
        ([1.5, 2.5], [2.5, 3.5], None),  # both are wrong, and differently
        ([1.5, 2.5], [np.nan, 2.5], None),
        ([1.5, 2.5], None, None),  # the output is missing
        (None, [1.5, 2.5], None),
    ],
)
def test_numpy_is_suspected_if_the_others_agree_with_one_another(torch, tf, units):
    found = suspects([result("torch", torch), result("tf", tf)])
    reason = f"torch and tf agree with one another ({units} units): suspect impl_numpy/mlp.py"
    assert found == ({("mlp", "forward/loss"): reason} if units else {})


def test_numpy_is_suspected_by_two_others_in_the_same_outputs_of_the_same_run_alone():
    one, other = result("torch", [1.5, 2.5]), result("tf", [1.5, 2.5])
    assert suspects([one]) == suspects([one, result("torch", [1.5, 2.5])]) == {}
    assert suspects([result("numpy", [1.5, 2.5]), one]) == {}
    assert suspects([one, result("tf", [1.5, 2.5], dtype="float64")]) == {}
    counts = Truth(value=np.array([1, 2]), noise=0.0, peak=0.0)
    assert suspects([result("torch", [3, 4], truth=counts), result("tf", [3, 4], truth=counts)]) == {}
    other.truths["forward/logits"] = TRUTH
    assert list(suspects([one, other])) == [("mlp", "forward/loss")]
    one.truths.clear()
    assert suspects([one, other]) == {}


@pytest.mark.parametrize(
    ("output", "truth", "worst"),
    [
        ([[0, -4, 2], [np.nan, 0.5, np.inf]], [[0, 0, 0], [0, 0, np.inf]], "[(1, 0), (0, 1), (0, 2)]"),
        ([[np.inf, 0.5, 0]], [[np.inf, 0, 0]], "[(0, 1)]"),  # equal infinities are no error
        ([True, False], [True, True], "[(1,)]"),
        (np.ones((10, 10)), np.zeros((10, 10)), "[(0, 0), (0, 1), (0, 2)]"),
        ([1.0], [1.0, 2.0], "[]"),  # of another shape
        (None, [1.0], "[]"),
        ([1.0], None, "[]"),
    ],
)
def test_the_worst_elements_come_first(output, truth, worst):
    outputs = {} if output is None else {"y": np.array(output)}
    truths = {} if truth is None else {"y": Truth(value=np.array(truth), noise=1.0, peak=1.0)}
    assert repr(worst_elements(Result(job_of(), [], Outputs(outputs), truths), "y")) == worst


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
def test_processes_that_share_a_framework_give_its_results_in_order(count):
    """Each job is run once, by any of them; the results stay in the order of the jobs."""
    jobs = [Job.of(load(name), "numpy", "cpu", "float32", "eager", "tiny") for name in ("mlp", "losses", "lstm")]
    with workers_of(["numpy"]) as workers:
        workers["numpy"].extend(Worker() for _ in range(count - 1))
        results = list(sweep_module.sweep(jobs, workers))
    assert [result.job for result in results] == jobs
    assert all(row.verdict in PASSING for result in results for row in result.rows)
