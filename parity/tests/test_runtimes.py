"""What the runtimes say of themselves, and the modes, which are what they are called."""

import os
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from parity.frameworks.runtime import runtime

VERSIONS = {"numpy": {"numpy"}, "torch": {"torch", "cuda"}, "tf": {"tensorflow", "keras"}}


def test_versions_are_those_of_the_packages(framework):
    found = runtime(framework).versions()
    assert set(found) - {"cupy"} == VERSIONS[framework]
    for name in VERSIONS[framework] - {"cuda"}:
        assert found[name] == sys.modules[name].__version__
    assert all(type(version) is str for version in found.values())  # a subclass would import its package elsewhere


def test_settings_are_those_of_the_moment(framework):
    package = runtime(framework)
    with package.policy("cpu", "float32"):
        assert framework == "numpy" or not package.settings()["tf32"]
    for tf32 in (False, True):
        with package.policy("cpu", "float32", tf32=tf32):
            found = package.settings()
        assert {name: type(value) for name, value in found.items()} == {
            "threads": int, "layout": str, "tf32": bool, "onednn": bool
        }  # fmt: skip
        assert framework == "numpy" or found["tf32"] == tf32
        assert found["layout"] == ("NHWC" if framework == "tf" else "NCHW")


@pytest.mark.parametrize("gpus", [0, 1])
def test_a_gpu_is_a_device_where_there_is_one(framework, monkeypatch, gpus):
    package = runtime(framework)
    if framework == "torch":
        monkeypatch.setattr("torch.cuda.is_available", lambda: bool(gpus))
    elif framework == "tf":
        monkeypatch.setattr("tensorflow.config.list_physical_devices", lambda kind: ["one"] * gpus)
    else:
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        gpus = 0  # CuPy would say
    assert package.devices() == ["cpu", "cuda"][: 1 + gpus]


@pytest.mark.parametrize(
    ("libraries", "threads"), [([("blas", 3), ("blas", 2)], 3), ([("openmp", 7), ("blas", 2)], 2), ([], 1)]
)
def test_numpys_threads_are_its_blas_librarys(monkeypatch, libraries, threads):
    package = runtime("numpy")
    said = [{"user_api": api, "num_threads": n} for api, n in libraries]
    monkeypatch.setattr(package, "threadpool_info", lambda: said)
    assert package.settings()["threads"] == threads


@pytest.mark.parametrize("asked", ["0", "1"])
def test_cupy_takes_tf32_from_the_environment(monkeypatch, asked):
    monkeypatch.setenv("CUPY_TF32", asked)
    assert runtime("numpy").settings() == {**runtime("numpy").settings(), "tf32": asked == "1", "onednn": False}


@pytest.fixture
def tensorflow(request):
    """TensorFlow, where it is tested."""
    if "tf" not in (request.config.getoption("--framework") or ["tf"]):
        pytest.skip("--framework leaves TensorFlow out")
    runtime("tf")
    return sys.modules["tensorflow"]


@pytest.mark.parametrize(
    ("program", "environment", "threads"),
    [(5, "3", 5), (0, "3", 3), (0, None, 7)],
    ids=["program", "environment", "all"],
)
def test_tensorflows_threads_are_set_in_the_program_or_the_environment(
    tensorflow, monkeypatch, program, environment, threads
):
    monkeypatch.setattr(tensorflow.config.threading, "get_intra_op_parallelism_threads", lambda: program)
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    if environment:
        monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", environment)
    assert runtime("tf").settings()["threads"] == threads


@pytest.mark.parametrize(("mode", "eagerly"), [("eager", [True, True]), ("graph", [False]), ("xla", [False])])
def test_a_graph_is_traced_once_and_xla_compiles_it(tensorflow, mode, eagerly):
    seen = []

    def stage(batch):
        seen.append(tensorflow.executing_eagerly())
        return {"y": batch["x"] + 1}

    batch = {"x": tensorflow.ones(3)}
    wrapped = runtime("tf").wrap(stage, mode)
    assert [np.array_equal(wrapped(batch)["y"], [2, 2, 2]) for _ in range(2)] == [True, True]
    assert seen == eagerly
    if mode == "xla":
        assert "HloModule" in wrapped.experimental_get_compiler_ir(batch)(stage="hlo")


@pytest.fixture
def torch(request):
    """PyTorch, where it is tested."""
    if "torch" not in (request.config.getoption("--framework") or ["torch"]):
        pytest.skip("--framework leaves torch out")
    runtime("torch")
    return sys.modules["torch"]


def test_each_model_is_compiled_afresh(torch, monkeypatch):
    calls = []
    monkeypatch.setattr(torch.compiler, "reset", lambda: calls.append("reset"))
    monkeypatch.setattr(torch, "compile", lambda stage: calls.append(stage) or "compiled")
    assert runtime("torch").wrap("stage", "compile") == "compiled"
    assert calls == ["reset", "stage"]


def test_one_backend_in_tf32_is_tf32(torch, monkeypatch):
    backends = [SimpleNamespace(fp32_precision=precision) for precision in ("ieee", "tf32")]
    monkeypatch.setattr(runtime("torch"), "TF32", backends)
    assert runtime("torch").settings()["tf32"]
