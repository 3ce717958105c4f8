"""`parity run` without its processes: what is planned, what stands on the screen and in the file, and the exit code."""

import contextlib
import dataclasses
import io
import json
import os
from types import SimpleNamespace
from typing import Any, NamedTuple, get_args

import numpy as np
import pytest
from rich.console import Console
from rich.text import Text

from parity import Truth, load
from parity.files import WholeFile
from parity.frameworks.environment import FrameworkInfo
from parity.frameworks.runtime import CUDA, Unavailable
from parity.judging import command
from parity.judging import sweep as sweep_module
from parity.judging.command import Asked, check_available, weights_of, with_settings
from parity.judging.run import Outputs
from parity.judging.sweep import Job, Result
from parity.judging.verdict import Verdict
from parity.task import FRAMEWORKS, UsageError

HERE = FrameworkInfo(devices=("cpu",), modes=("eager",))
GRAPH = {"u": 7.0, "loss": 49.0}


class Ran(NamedTuple):
    code: int
    screen: str
    file: dict[str, Any]
    asked: dict[str, Any]  # what the processes are asked


def agrees(job):
    """Every output of the first stage agrees, with a unit."""
    outputs = Outputs({f"forward/{name}": np.float32(value) for name, value in GRAPH.items()})
    rows = [dataclasses.replace(job.row("agrees", "", output), units=1.0) for output in outputs]
    return Result(job, rows, outputs)


@pytest.fixture
def ran(monkeypatch, tmp_path):
    """Run the command where each job comes to `of(job)`; after 12.4 seconds it is done."""
    for name in [name for name in os.environ if name.endswith("_THREADS")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr("parity.frameworks.threads._cores", lambda: 12)

    def call(asked, of=agrees, *, console=None, infos=None, **shown):
        console = console or Console(width=80, record=True, file=io.StringIO())
        found = {}

        @contextlib.contextmanager
        def workers_of(frameworks, *, tasks):
            found["tasks"] = tasks
            yield {framework: [f"worker of {framework}"] for framework in frameworks}

        def ask_frameworks(workers, *, timeout):
            found["frameworks"] = (workers, timeout, os.environ["OMP_NUM_THREADS"])
            return infos or dict.fromkeys(workers, HERE)

        def sweep(jobs, workers, *, timeout, started):
            found["sweep"] = (jobs, workers, timeout)
            for job in jobs:
                started(job)
                yield of(job)

        for function in (workers_of, ask_frameworks, sweep):
            monkeypatch.setattr(command, function.__name__, function)
        monkeypatch.setattr(command, "environment", lambda infos: {"frameworks": list(infos)})
        monkeypatch.setattr(command, "time", SimpleNamespace(perf_counter=iter([100.0, 112.4]).__next__))
        path, flags = tmp_path / "rows.json", {"named": False, "outputs": False, "values": False} | shown
        code = command.run(asked, console, WholeFile(path), **flags)
        return Ran(code, console.export_text(styles=True), json.loads(path.read_text()), found)

    return call


def jobs_of(name, *ways, **rest):
    return [Job.of(load(name), *way, **rest) for way in ways]


def plain(screen):
    return Text.from_ansi(screen).plain


def test_by_default_all_that_is_here_is_asked_for(ran):
    _, _, _, asked = ran(Asked(tasks=["scalar_graph"]))
    workers = {framework: [f"worker of {framework}"] for framework in FRAMEWORKS}
    assert asked["frameworks"] == (workers, 600.0, "3")  # the cores are shared, with the truth's process too
    ways = [("float32", "eager", "tiny"), ("float64", "eager", "tiny"), ("float32", "eager", "base")]
    jobs = jobs_of("scalar_graph", *((fw, "cpu", *way) for way in ways for fw in FRAMEWORKS), seed=0)
    assert asked["sweep"] == (jobs, workers, 600.0)


def test_what_is_asked_for_is_planned_and_no_more(ran, monkeypatch):
    monkeypatch.setattr(sweep_module, "task_with", lambda name, config, weights: load(name))  # no file is read
    monkeypatch.setattr(command, "weights_of", lambda tasks, weights: {"resnet18_transfer": weights})
    asked = Asked(
        tasks=["resnet18_transfer"], frameworks=["tf"], devices=["cuda"], dtypes=["float32"], modes=["graph"],
        sizes=["large"], settings=["lr=0.5"], weights="[bold].pt", seed=3, timeout=7.0,
    )  # fmt: skip
    info = FrameworkInfo(devices=("cpu", "cuda"), modes=("eager", "graph"))
    _, screen, file, asked = ran(asked, infos={"tf": info})
    job = Job("resnet18_transfer", (("lr", 0.5),), "tf", "cuda", "float32", "graph", "large", "[bold].pt", 3)
    workers = {"tf": ["worker of tf"]}
    assert asked == {"tasks": 1, "frameworks": (workers, 7.0, "6"), "sweep": ([job], workers, 7.0)}
    assert plain(screen).splitlines()[-1] == "  weights of resnet18_transfer: [bold].pt"
    about = {"frameworks": ["tf"], "weights": {"resnet18_transfer": "[bold].pt"}, "seed": 3, "settings": ["lr=0.5"]}
    assert file["environment"] == about
    assert file["lessons"] == []


def test_a_framework_that_is_missing_is_refused_before_anything_runs(ran):
    infos = {"numpy": HERE, "torch": FrameworkInfo(missing="torch is not here")}
    with pytest.raises(Unavailable, match="torch is not here"):
        ran(Asked(tasks=["scalar_graph"], frameworks=list(infos)), infos=infos)


def test_results_stand_in_the_order_of_the_tasks_in_the_file_and_on_the_screen(ran):
    code, screen, file, _ = ran(Asked(tasks=["scalar_graph", "mlp"], frameworks=["numpy"], sizes=["tiny"]))
    assert (code, [(row["task"], row["device"], row["verdict"]) for row in file["rows"]]) == (0, [
        (task, *rest)
        for task in ("scalar_graph", "mlp")
        for rest in [("cuda", "unavailable")] * 2 + [("cpu", "agrees")] * 4
    ])  # fmt: skip
    assert [" ".join(line.split()) for line in plain(screen).splitlines()] == [
        "Worst noise units (30 or less agrees)",
        "task numpy output",
        "scalar_graph 1 forward/u",
        "mlp 1 forward/u",
        "8 agrees, 4 unavailable in 12 s",
        "numpy float32: worst 1 in scalar_graph tiny forward/u",
        "numpy float64: worst 1 in scalar_graph tiny forward/u",
        "unavailable, 4 runs: no CUDA here for numpy; parity doctor shows the install",
        "commands",
    ]
    assert command.run.__kwdefaults__["notes"](load("mlp")) == ()


def test_a_named_task_is_shown_with_its_notes_and_the_tables_that_are_asked_for(ran):
    """A note is wrapped before the last column, dim, and as it is."""
    wide, narrow, marked = f"{'x' * 39} {'y' * 40}", f"{'x' * 39} {'y' * 39}", "[bold]3"
    asked = Asked(tasks=["scalar_graph", "mlp"], frameworks=["numpy"], devices=["cpu"], dtypes=["float32"])
    notes = {"scalar_graph": [wide, narrow, marked], "mlp": []}
    code, screen, file, _ = ran(asked, named=True, outputs=True, values=True, notes=lambda task: iter(notes[task.name]))
    found = [line.rstrip() for line in plain(screen).splitlines()]
    assert (code, [lesson["task"] for lesson in file["lessons"]]) == (0, ["scalar_graph", "mlp"])
    start = found.index("As it comes in a user's own code, unaligned:")
    noted = ["x" * 39, f"    {'y' * 40}", narrow, marked]
    assert found[start - 1 : start + 7] == ["", found[start], *noted, "", "Multilayer perceptron (mlp)"]
    assert screen.splitlines()[start + 3 : start + 5] == [f"\x1b[2m{line}\x1b[0m" for line in (narrow, marked)]
    assert found.count(found[start]) == 1
    units, values = "Every output: noise units; Δ is the largest |difference| to torch", "Every output: its value"
    assert found[found.index(units) - 1] == ""
    assert found.index(units) < found.index(values) < found.index("Worst noise units (30 or less agrees)")
    assert [line.split(" ")[0] for line in plain(ran(asked).screen).splitlines()][:2] == ["Worst", "task"]


def test_a_difference_is_told_with_the_suspect_and_is_exit_code_1(ran):
    truths = {"forward/u": Truth(value=np.float64(7.0), noise=1e-7, peak=1e-7)}

    def of(job):
        found = agrees(job)
        if job.framework != "numpy":
            found.outputs["forward/u"] = np.float32(8.0)
            found.rows[0] = job.row("differs", "far", "forward/u")
            found.truths = truths
        return found

    asked = Asked(tasks=["scalar_graph"], devices=["cpu"], dtypes=["float32"], sizes=["tiny"])
    code, screen, _, _ = ran(asked, of)
    assert code == 1
    assert [line.rstrip() for line in plain(screen).splitlines()[:5]] == [
        "",
        "differs scalar_graph forward/u torch cpu float32 eager tiny; tf cpu float32",
        "eager tiny",
        "  far",
        "  torch and tf agree with one another (0 units): suspect",
    ]


@pytest.mark.parametrize("verdict", get_args(Verdict))
def test_the_exit_code_is_1_where_something_differs_or_fails(ran, verdict):
    asked = Asked(tasks=["scalar_graph"], frameworks=["numpy"], devices=["cpu"], dtypes=["float32"], sizes=["tiny"])
    code = ran(asked, lambda job: Result(job, [job.row(verdict, "why", "forward/u")])).code
    assert code == (1 if verdict in ("differs", "error") else 0)


def test_the_file_has_the_lesson_of_each_framework_and_its_distance_to_torch(ran):
    def of(job):
        loss = 1.0 if job.framework != "torch" else 1.25 if job.name == "cross_entropy_nll" else 9.0
        outputs = Outputs({"cross_entropy/grad.logits": np.array([loss])})
        return Result(job, [job.row("agrees", "", "cross_entropy/grad.logits")], outputs)

    asked = Asked(tasks=["scalar_graph", "cross_entropy_nll"], devices=["cpu"], dtypes=["float32"])
    lessons = [lesson for lesson in ran(asked, of).file["lessons"] if lesson["task"] == "cross_entropy_nll"]
    gaps = {lesson["framework"]: lesson["shows"][0]["rows"]["CrossEntropyLoss"][1] for lesson in lessons}
    assert gaps == {"numpy": "0.25", "torch": "0", "tf": "0.25"}


def test_a_terminal_shows_what_is_awaited_and_nothing_of_it_stays(ran):
    terminal = Console(width=120, record=True, file=io.StringIO(), force_terminal=True)
    asked = Asked(tasks=["scalar_graph"], frameworks=["numpy"], devices=["cpu"], dtypes=["float32"])
    ran(asked, console=terminal)
    screen = terminal.file.getvalue()
    written = plain(screen)
    assert "importing the frameworks" in written
    assert "scalar_graph numpy float32 eager base" in written
    assert "2/2" in written
    assert "\x1b[1A\x1b[2K" in screen.rpartition("2/2")[2]  # a line up, and cleared


def configured(**config):
    """A task with settings of three types; one of them has limits."""
    return dataclasses.replace(load("scalar_graph"), config=config, limits={"heads": (1, 16)} if config else {})


@pytest.mark.parametrize(
    ("setting", "value"), [("heads=1", 1), ("heads=16", 16), ("lr=-1e9", -1e9), ("lr=1", 1.0), ("kind=gelu", "gelu")]
)
def test_a_setting_gets_the_type_of_the_one_it_replaces(setting, value):
    before = {"heads": 4, "lr": 0.5, "kind": "relu"}
    task, name = configured(**before), setting.partition("=")[0]
    changed = with_settings(task, [setting])
    assert repr(changed.config) == repr(before | {name: value})
    assert task.config == before
    assert with_settings(task, []) is task


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("lr", "'lr' is not a setting; write KEY=VALUE"),
        ("rl=1", "unknown setting of scalar_graph 'rl' (heads, lr)"),
        ("lr=fast", "lr of scalar_graph is a float, not 'fast'"),
        ("lr=inf", "lr of scalar_graph lies between -inf and inf; inf does not"),
        ("heads=0", "heads of scalar_graph lies between 1 and 16; 0 does not"),
        ("heads=17", "heads of scalar_graph lies between 1 and 16; 17 does not"),
    ],
)
def test_what_is_no_setting_is_refused(setting, message):
    with pytest.raises(UsageError) as error:
        with_settings(configured(heads=4, lr=0.5), [setting])
    assert str(error.value) == message


def test_a_task_without_settings_says_so():
    with pytest.raises(UsageError) as error:
        with_settings(configured(), ["lr=1"])
    assert str(error.value) == "unknown setting of scalar_graph 'lr' ((none))"


def test_weights_are_drawn_before_anything_runs(monkeypatch):
    drawn, transfer = [], load("resnet18_transfer")
    monkeypatch.setattr(command, "task_with", lambda *args: args)
    monkeypatch.setattr(command, "draw", lambda *args: drawn.append(args))
    tasks = [load("mlp"), transfer]
    assert weights_of(tasks[:1], "") == {}
    assert weights_of(tasks, "") == {"resnet18_transfer": "seeded"}
    assert drawn == []
    assert weights_of(tasks, "w.pt") == {"resnet18_transfer": "w.pt at base, seeded elsewhere"}
    assert drawn == [(("resnet18_transfer", (("lr", 0.125),), "w.pt"), "base")]
    with pytest.raises(UsageError) as error:
        weights_of(tasks[:1], "w.pt")
    assert str(error.value) == "--weights w.pt: none of these tasks has a checkpoint"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, ""),
        ({"frameworks": ["numpy"], "devices": ["cpu"], "modes": ["eager", "graph"]}, ""),  # one of them has it
        ({"frameworks": ["numpy", "torch"]}, "torch is not here"),
        ({"modes": ["xla"]}, "no framework has the mode 'xla' here (numpy: eager, tf: eager graph, torch: none)"),
        (
            {"devices": ["cpu", "cuda"]},
            "no framework has the device 'cuda' here (numpy: cpu, tf: cpu, torch: none); "
            f"numpy: {CUDA['numpy']}; tf: {CUDA['tf']}; torch: {CUDA['torch']}",
        ),
    ],
)
def test_what_is_asked_for_by_name_must_be_here(asked, message):
    found = {
        "numpy": HERE,
        "tf": FrameworkInfo(devices=("cpu",), modes=("eager", "graph")),
        "torch": FrameworkInfo(missing="torch is not here"),
    }
    with pytest.raises(Unavailable) if message else contextlib.nullcontext() as error:
        check_available(found, Asked(tasks=[], **asked))
    assert message == (str(error.value) if message else "")
