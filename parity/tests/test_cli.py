"""The command line: each command, each error message, and a bad implementation that does not stop the others."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from parity.task import framework_named
from parity.tasks import names

ROOT = Path(__file__).parents[2]
NO_GPU = "numpy sees no cuda device here; on a machine with a GPU: python -m pip install cupy-cuda12x"
FRAMEWORK = "numpy"  # always installed, and the quickest to start


def parity(*args, cwd=ROOT, width=160, **environment):
    """Run the command as a user does; the process and its output without wrapping."""
    return subprocess.run(
        [sys.executable, "-m", "parity", *args],
        cwd=cwd,
        env={**os.environ, "COLUMNS": str(width), **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture
def checkout(tmp_path):
    """A separate checkout with one task, for tests that damage it."""
    for package in ("parity", "impl_numpy", "impl_torch", "impl_tf"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "tests"))
    for name in set(names()) - {"mlp"}:
        for package in ("parity/tasks", "impl_numpy", "impl_torch", "impl_tf"):
            (tmp_path / package / f"{name}.py").unlink()
    return tmp_path


def damage(checkout, file, old, new):
    source = (checkout / file).read_text()
    assert old in source
    (checkout / file).write_text(source.replace(old, new))


def verdicts(checkout, *args):
    done = parity("run", "--framework", FRAMEWORK, "--size", "tiny", "--json", "rows.json", *args, cwd=checkout)
    rows = json.loads((checkout / "rows.json").read_text())["rows"]
    return done, {(row["framework"], row["dtype"], row["output"]): row for row in rows}


def test_list_names_every_task_and_framework(here):
    done = here("list")
    assert done.returncode == 0
    for name in (*names(), "numpy", "torch", "tf"):
        assert name in done.stdout


def test_doctor_shows_the_environment_that_numbers_depend_on(here):
    done = here("doctor")
    assert done.returncode == 0
    for word in ("python", "cpu", "blas", "threads", "longdouble", "numpy", "machine: "):
        assert word in done.stdout


def test_show_has_the_lesson_the_specification_and_three_implementations(here):
    code, out, _ = here("show", "mlp")
    assert code == 0
    for words in ("softmax", "loop", "nn.Linear", "keras.layers.Dense", "ops.linear", "def backward", "TASK = Task("):
        assert words in out


def test_show_has_a_divergence_with_both_sides_and_its_cure(here):
    code, out, _ = here("show", "bn-eps")
    assert code == 0
    for words in ("Batch normalisation divides by", "def torch(x)", "after the cure: keras", "epsilon=1e-5", "source"):
        assert words in out
    assert "torch and keras differ by 9.9e-04" in here("show", "batch_norm")[1]
    assert "BN-MOM" in here("show", "running mean")[1]


def test_run_agrees_and_writes_strict_json(here, tmp_path):
    path = tmp_path / "rows.json"
    done = here("run", "mlp", "conv_block", "--framework", FRAMEWORK, "--json", str(path))
    assert done.returncode == 0, done.stderr
    found = json.loads(path.read_text(), parse_constant=pytest.fail)
    assert set(found) == {"format", "environment", "rows", "lessons"}
    assert found["environment"]["frameworks"]["numpy"]["versions"]["numpy"]
    keys = {"task", "framework", "device", "dtype", "mode", "size", "output", "units", "verdict", "reason"}
    assert all(set(row) == keys for row in found["rows"])
    judged = [row for row in found["rows"] if row["device"] == "cpu"]
    assert {row["verdict"] for row in judged} == {"agrees", "exact", "holds"}
    assert {(row["dtype"], row["size"]) for row in judged} == {
        ("float32", "tiny"), ("float64", "tiny"), ("float32", "base")
    }  # fmt: skip
    assert [path.name for path in tmp_path.iterdir()] == ["rows.json"]


def test_every_output_of_a_single_task_is_listed_with_its_units_when_asked_for(here):
    done = here("run", "mlp", "--framework", FRAMEWORK, "--size", "tiny", "--dtype", "float64", "--outputs")
    assert "backward/grad.0.weight" in done.stdout


def test_values_lists_the_value_of_every_output(here):
    done = here("run", "scalar_graph", "--framework", "numpy", "--size", "base", "--dtype", "float32", "--values")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert {"backward/grad.a 42", "backward/grad.b 28", "backward/grad.c 14"} <= set(lines)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["run", "mpl"], ["unknown task 'mpl'", "'mlp'"]),
        (["show", "conv_blok"], ["no task and no divergence", "did you mean conv_block"]),
        (["run", "mlp", "--framework", "trch"], ["unknown framework", "'torch'"]),
        (["run", "mlp", "--device", "cdua"], ["unknown device", "'cuda'"]),
        (["run", "mlp", "--dtype", "float16"], ["float16 is not judged yet: float32 and float64 are"]),
        (["run", "mlp", "--mode", "xlaa"], ["unknown mode", "'xla'"]),
        (["run", "mlp", "--size", "tny"], ["unknown size", "'tiny'"]),
        (["run", "mlp", "--framework", "numpy", "--mode", "graph"], ["no framework has the mode 'graph'"]),
        (["run", "mlp", "--framework", "numpy", "--dtype", "float64", "--size", "base"], ["longdouble"]),
        (["run", "mlp", "--json", "/nowhere/rows.json"], ["/nowhere/rows.json", "cannot be written"]),
        (["run", "mlp", "--json", "."], ["is a folder"]),
        (["run", "mlp", "--set", "lr"], ["KEY=VALUE"]),
        (["run", "mlp", "--set", "rl=1"], ["unknown setting", "(lr)"]),
        (["run", "mlp", "--set", "lr=fast"], ["lr of mlp is a float"]),
        (["run", "mlp", "--weights", "imagenet"], ["none of these tasks has a checkpoint"]),
        (["run", "resnet18_transfer", "--weights", "/nowhere.npz"], ["/nowhere.npz"]),
        (["run", "mlp", "--timeout", "0"], ["--timeout", "than or equal to 1"]),
        (["time", "mpl"], ["unknown task 'mpl'", "'mlp'"]),
        (["time", "mlp", "--framework", "trch"], ["unknown framework", "'torch'"]),
        (["time", "mlp", "--mode", "grph"], ["unknown mode", "'graph'"]),
        (["time", "mlp", "--size", "bse"], ["unknown size", "'base'"]),
        (["time", "mlp", "--verdicts", "/nowhere.json"], ["/nowhere.json cannot be read"]),
        (["time", "mlp", "--output", "/etc/hostname/there"], ["/etc/hostname/there cannot be created"]),
        (["compare", "/nowhere.json"], ["one file alone cannot be compared"]),
        (["rnu"], ["rnu"]),
        (["run", "--bogus"], ["bogus"]),
    ],
)
def test_misuse_is_exit_code_2_and_one_clear_line(here, args, words):
    code, out, err = here(*args)
    assert (code, out) == (2, "")
    for word in words:
        assert word in err


def test_a_requested_device_that_is_absent_is_refused_by_name(checkout):
    damage(checkout, "impl_numpy/__init__.py", 'if importlib.util.find_spec("cupy") is None', "if True")
    done = parity("run", "--framework", "numpy", "--device", "cuda", cwd=checkout)
    assert done.returncode == 2
    assert "'cuda'" in done.stderr


def test_an_absent_device_that_was_not_requested_is_unavailable_with_its_reason(checkout):
    damage(checkout, "impl_numpy/__init__.py", 'if importlib.util.find_spec("cupy") is None', "if True")
    done, rows = verdicts(checkout)
    assert done.returncode == 0
    row = rows["numpy", "float64", ""]
    assert (row["device"], row["verdict"], row["reason"]) == ("cuda", "unavailable", NO_GPU)
    assert "unavailable, 2 runs: no CUDA here for numpy" in done.stdout


def test_a_framework_that_is_missing_is_refused_with_its_install_command(checkout):
    damage(checkout, "parity/frameworks/runtime.py", '"torch": "torch"', '"torch": "torch_that_is_not_installed"')
    done = parity("run", "mlp", "--framework", "torch", cwd=checkout)
    assert done.returncode == 2
    assert "torch is not installed: python -m pip install" in done.stderr


def test_a_missing_framework_that_was_not_requested_is_unavailable(checkout):
    damage(checkout, "parity/frameworks/runtime.py", '"torch": "torch"', '"torch": "torch_that_is_not_installed"')
    damage(checkout, "parity/frameworks/runtime.py", '"tf": "tensorflow"', '"tf": "tensorflow_that_is_not_installed"')
    done = parity("run", "mlp", "--size", "tiny", "--json", "rows.json", cwd=checkout)
    assert done.returncode == 0, done.stderr
    rows = json.loads((checkout / "rows.json").read_text())["rows"]
    missing = [row for row in rows if row["framework"] == "torch"]
    assert {row["verdict"] for row in missing} == {"unavailable"}
    assert "not installed" in missing[0]["reason"]


def test_a_difference_is_shown_in_full_and_is_exit_code_1(checkout):
    # NumPy also computes the truth, in float64; only float32 is damaged, so the truth stays right.
    damage(
        checkout,
        "impl_numpy/mlp.py",
        "dx, grads = vjp(1.0)",
        "dx, grads = vjp(1.0); dx[1, 2] *= 3 if dx.itemsize == 4 else 1",
    )
    done, rows = verdicts(checkout)
    assert done.returncode == 1
    assert rows["numpy", "float32", "backward/grad.x"]["verdict"] == "differs"
    assert rows["numpy", "float32", "backward/grad.x"]["units"] > 1e5
    assert rows["numpy", "float64", "backward/grad.x"]["verdict"] == "agrees"
    for words in ("backward/grad.x", "[1, 2]", "truth", "absolute", "noise units, 30 at most"):
        assert words in done.stdout


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (
            "    logits, loss, _ = ",
            "    raise ArithmeticError('no luck')\n    logits, loss, _ = ",
            "ArithmeticError: no luck",
        ),
        ('{"logits": logits, "loss": loss}', '{"logits": logits}', "forward returned other names than specified"),
        ('"loss": loss}', '"loss": loss, "extra": loss}', "extra ['extra']"),
        ('"loss": loss}', '"loss": loss.astype("float16")}', "'loss' as float16"),
    ],
)
def test_a_broken_stage_is_an_error_that_names_the_file_and_the_others_go_on(checkout, old, new, reason):
    damage(checkout, "impl_numpy/mlp.py", old, new)
    done, rows = verdicts(checkout, "--dtype", "float64")
    assert done.returncode == 1
    row = rows["numpy", "float64", "forward"]
    assert row["verdict"] == "error"
    assert reason in row["reason"]
    assert rows["numpy", "float64", "step/loss"]["verdict"] == "agrees"


@pytest.mark.parametrize(
    ("harm", "timeout", "reason"),
    [
        ("import os; os._exit(7)", "100", "ProcessDied: exit code 7"),
        ("import time; time.sleep(1000)", "8", "TimeoutError: no result within 8 s"),
    ],
)
def test_a_crash_or_a_hang_is_an_error_row(checkout, harm, timeout, reason):
    damage(checkout, "impl_numpy/mlp.py", "def build(params, lr):\n", f"def build(params, lr):\n    {harm}\n")
    done, rows = verdicts(checkout, "--dtype", "float64", "--timeout", timeout)
    assert done.returncode == 1
    assert rows["numpy", "float64", ""]["verdict"] == "error"
    assert rows["numpy", "float64", ""]["reason"] == reason


def test_a_setting_changes_the_configuration(checkout):
    done, rows = verdicts(checkout, "--set", "lr=0.5")
    assert done.returncode == 0
    assert rows["numpy", "float64", "step/0.weight"]["verdict"] == "agrees"


def test_a_task_is_removed_by_deleting_its_files(checkout):
    done = parity("list", cwd=checkout)
    assert "1 task and its stages" in done.stdout
    assert "conv_block" not in done.stdout


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        ("impl_numpy/mlp.py", "def build(params, lr)", "def build(params)", "build must take (params, lr), but"),
        ("impl_numpy/mlp.py", "def step(", "def stride(", "impl_numpy/mlp.py: there is no function 'step'"),
        ("impl_numpy/mlp.py", "def forward(model, batch)", "def forward(model)", "must take (model, batch)"),
        ("parity/tasks/mlp.py", "def make(rng, n, ", "def make(rng, m, ", "missing a required argument: 'm'"),
        ("parity/tasks/mlp.py", "def make(", "def make)", "parity/tasks/mlp.py: SyntaxError"),
        ("parity/tasks/mlp.py", 'name="mlp"', 'name="lmp"', "its task is called 'lmp', the file 'mlp'"),
    ],
)  # fmt: skip
def test_an_authors_mistake_is_reported_once_with_its_file(checkout, file, old, new, reason):
    damage(checkout, file, old, new)
    done = parity("run", "mlp", "--framework", "numpy", cwd=checkout)
    assert done.returncode in (1, 2)
    assert " ".join((done.stdout + done.stderr).split()).count(reason) == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("list",), ("show", "mlp"), ("show", "adam"), ("doctor",), ("--help",), ("run", "--help"),
        ("run", "optimizers", "vanishing_gradient", "--framework", "numpy", "--dtype", "float32", "--outputs",
         "--values"),
        ("time", "mlp", "batch_norm_ablation", "vanishing_gradient", "--framework", "numpy", "--size", "tiny"),
    ],
)  # fmt: skip
def test_no_name_is_cut_or_broken_at_80_columns(here, command):
    done = here(*command, width=80)
    assert done.returncode == 0, done.stderr
    assert "…" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    if command[0] == "run" and "optimizers" in command:
        task = ["optimizers", "vanishing_gradient"]
        assert all(word in done.stdout.split() for word in (*task, "adam_step/exp_avg_sq.hidden.weight"))
    if command[0] == "list":
        assert set(names()) <= set(done.stdout.split())


@pytest.mark.parametrize("name", ["tensorflow", "keras", "TF", "tf"])
def test_a_framework_has_more_than_one_name(name):
    assert framework_named(name) == "tf"
    assert framework_named("PyTorch") == "torch"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("MLP", ["class", "nn.Linear"]),
        ("bn-eps", ["BN-EPS", "1e-5"]),
        ("adam", ["optimizers", "OPT-ADAM-EPS", "parity show NAME"]),
    ],
)
def test_show_finds_tasks_and_divergences_by_any_word(here, asked, words):
    code, out, _ = here("show", asked)
    assert code == 0
    assert all(word in out for word in words)


def test_a_name_that_looks_like_nothing_gets_no_far_fetched_proposal(here):
    code, _, err = here("run", "gru")
    assert (code, err.strip()) == (2, "parity: unknown task 'gru'")
    assert "did you mean" not in here("show", "zzzz")[2]


def test_the_version_is_printed(here):
    code, out, _ = here("--version")
    assert code == 0
    assert out.startswith("parity ")


def test_another_seed_has_other_inputs_that_agree(checkout):
    done, _ = verdicts(checkout, "--seed", "7")
    assert done.returncode == 0
    assert json.loads((checkout / "rows.json").read_text())["environment"]["seed"] == 7
    before = json.loads((checkout / "rows.json").read_text())["rows"]
    verdicts(checkout)
    assert before != json.loads((checkout / "rows.json").read_text())["rows"]


def test_a_run_that_tests_nothing_says_so(checkout):
    done, _ = verdicts(checkout, "--set", "lr=0")
    assert done.returncode == 0
    assert "mlp: these outputs test nothing, since they are zero or equal to an input: step/0.weight" in " ".join(
        done.stdout.split()
    )


def test_the_totals_include_the_worst_units_of_outputs_that_differ(checkout):
    damage(checkout, "impl_numpy/mlp.py", "dx, grads = vjp(1.0)", "dx, grads = vjp(1.0); dx *= 1 + (dx.itemsize == 4)")
    done, rows = verdicts(checkout)
    units = rows["numpy", "float32", "backward/grad.x"]["units"]
    assert f"numpy float32: worst {units:.3g} in mlp tiny backward/grad.x" in done.stdout


def test_json_to_standard_output_leaves_the_tables_to_standard_error(here):
    done = here("run", "scalar_graph", "--framework", "numpy", "--size", "tiny", "--json", "-")
    assert json.loads(done.stdout)["rows"]
    assert "Worst noise units" in done.stderr


def test_a_closed_pipe_is_one_line():
    command = f"{sys.executable} -m parity show mlp | head -1"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr.count("\n") <= 1
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_one_line():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "parity", "show", "mlp"], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True,
            check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == "parity: the output cannot be written: No space left on device\n"


def started(command, cwd):
    """A command in a session of its own, as a terminal or a supervisor starts it."""
    return subprocess.Popen(
        [sys.executable, "-m", "parity", *command, "resnet18_transfer", "--framework", "numpy"], cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("seconds", [0.3, 1.5, 4.0])
@pytest.mark.parametrize("command", [("run", "--json=rows.json"), ("time", "--output=.")])
def test_an_interruption_is_one_line_at_any_moment(tmp_path, number, seconds, command):
    process = started(command, tmp_path)
    time.sleep(seconds)
    os.killpg(process.pid, number)  # as a terminal does
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (2, "parity: interrupted\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [("list",), ("show", "mlp"), ("divergences",), ("divergences", "softmax")])
def test_what_only_prints_imports_no_framework_and_no_library_for_figures(command):
    code = "import sys; from typer.testing import CliRunner; from parity.cli import app; "
    code += f"assert CliRunner().invoke(app, {command!r}).exit_code == 0; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"torch", "tensorflow", "keras", "scipy", "pandas", "sklearn"} & set(done.stdout.split())


def test_an_interruption_in_a_callback_of_the_interpreters_is_not_lost(tmp_path):
    """As in importlib's, which end the locks of modules."""
    program = """
import os, signal, time, weakref
import parity.__main__, parity.cli

def run():
    thing = set()
    reference = weakref.ref(thing, lambda gone: os.kill(os.getpid(), signal.SIGTERM))
    del thing
    time.sleep(20)

parity.cli.run = run
parity.__main__.main()
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "parity: interrupted\n")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system has no /proc to count processes")
def test_a_terminated_command_takes_its_workers_with_it(tmp_path):
    """SIGTERM reaches the command alone, as `kill` and a supervisor send it."""
    process = started(["run"], tmp_path)
    assert comes_true(lambda: len(living(process.pid)) > 1, seconds=60)
    process.terminate()
    process.communicate(timeout=60)
    assert comes_true(lambda: living(process.pid) == [], seconds=10)


def comes_true(condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    return condition()


def living(group):
    """The processes of a group, without zombies."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # the process has ended meanwhile
            state, _, of = path.read_text().rpartition(")")[2].split()[:3]
            if int(of) == group and state != "Z":
                found.append(path)
    return found
