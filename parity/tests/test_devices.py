"""Other devices: the NumPy source runs on any array with NumPy's dispatch protocols, and the cost of TF32."""

import contextlib
import io

import numpy as np
import pytest

from parity import draw, judge, load, run
from parity.faults import rounded_to_tf32
from parity.frameworks.runtime import implementation_of, runtime
from parity.judging.noise import LIMIT
from parity.task import cast


class Duck(np.lib.mixins.NDArrayOperatorsMixin):
    """An array that, like CuPy's, implements NumPy's dispatch protocols and refuses to become an ndarray.

    It replaces a GPU's array on a machine without a GPU: an operation that would leave the device raises an error.
    """

    def __init__(self, array):
        self._array = array

    def __array__(self, dtype=None, copy=None):
        raise TypeError("a duck does not become an ndarray: this would copy from the device")

    def __array_ufunc__(self, ufunc, method, *args, out=(), **kwargs):
        _refuse_host((args, out), ufunc.__name__)
        if out:
            kwargs["out"] = tuple(_strip(o) for o in out)
        result = getattr(ufunc, method)(*_strip(args), **kwargs)
        return out[0] if out else _wrap(result)

    def __array_function__(self, function, types, args, kwargs):
        _refuse_host((args, kwargs), function.__name__)
        return _wrap(function(*_strip(args), **_strip(kwargs)))

    def __getitem__(self, index):
        _refuse_host(index, "indexing")
        return _wrap(self._array[_strip(index)])

    def __setitem__(self, index, value):
        _refuse_host((index, value), "assignment")
        self._array[_strip(index)] = _strip(value)

    def __len__(self):
        return len(self._array)

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __bool__(self):
        return bool(self._array)

    def __int__(self):
        return int(self._array)

    def __float__(self):
        return float(self._array)

    def __index__(self):
        return self._array.__index__()

    def __getattr__(self, name):
        """Attributes and methods of the array: shape, dtype, T, reshape, sum ..."""
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(self._array, name)
        if not callable(found) or isinstance(found, type):
            return _wrap(found)

        def method(*args, **kwargs):
            _refuse_host((args, kwargs), name)
            return _wrap(found(*_strip(args), **_strip(kwargs)))

        return method


def _refuse_host(value, what):
    """A device's library accepts numbers beside its own arrays, but no arrays of the host."""
    if isinstance(value, np.ndarray) and value.ndim:
        raise TypeError(f"{what} of a device's array and an ndarray of shape {value.shape}")
    if isinstance(value, tuple | list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            _refuse_host(part, what)


def _strip(value):
    if isinstance(value, Duck):
        return value._array
    if isinstance(value, tuple | list):
        return type(value)(_strip(v) for v in value)
    if isinstance(value, dict):
        return {key: _strip(v) for key, v in value.items()}
    return value


def _wrap(value):
    if isinstance(value, np.ndarray | np.generic):
        return Duck(np.asarray(value))
    if isinstance(value, tuple) and any(isinstance(v, np.ndarray) for v in value):
        return tuple(_wrap(v) for v in value)
    if isinstance(value, list) and any(isinstance(v, np.ndarray) for v in value):
        return [_wrap(v) for v in value]
    return value


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_numpy_source_runs_on_a_devices_arrays(task_name, dtype):
    """Every loop, on ducks: the same bits as on ndarrays, and nothing converted on the way."""
    task = load(task_name)
    params, batch = (cast(arrays, dtype) for arrays in draw(task, "tiny"))
    expected = run(task, "numpy", dtype=dtype, arrays=(params, batch))
    implementation = implementation_of(task, "numpy")
    for loop in task.loops:
        ducks = [{name: Duck(a.copy()) for name, a in arrays.items()} for arrays in (params, batch)]
        model = implementation.build(ducks[0], **task.config)
        for output, value in getattr(implementation, loop)(model, ducks[1]).items():
            assert isinstance(value, Duck), f"{loop}/{output} left the device"
            assert np.array_equal(value._array, expected[f"{loop}/{output}"]), f"{loop}/{output}"


def test_a_duck_refuses_what_a_gpu_array_refuses():
    duck = Duck(np.ones(3))
    with pytest.raises(TypeError, match="does not become an ndarray"):
        np.asarray(duck)
    with pytest.raises(TypeError, match="device's array and an ndarray"):
        duck + np.ones(3)
    with pytest.raises(TypeError, match="assignment of a device's array and an ndarray"):
        duck[:] = np.ones(3)
    with pytest.raises(TypeError, match="indexing of a device's array and an ndarray"):
        duck[np.arange(2)]
    assert isinstance(duck + 1, Duck)
    assert isinstance(np.zeros_like(duck, shape=(2, 2)), Duck)


@pytest.mark.parametrize("name", ["mlp", "conv_block", "lstm", "attention"])
def test_tf32_costs_thousands_of_units(name):
    """TF32 rounds the inputs of a product to 10 bits; this is why a parity run turns it off."""
    task = load(name)
    arrays = tuple(rounded_to_tf32().inputs(a) for a in draw(task, "tiny"))
    outputs = run(task, "numpy", dtype="float32", arrays=arrays)
    units = max(row.units or 0 for row in judge(task, "numpy", outputs, dtype="float32"))
    assert units > 100 * LIMIT


def test_a_run_restores_the_precision_policy(framework):
    found = runtime(framework)
    before = found.settings()
    with contextlib.suppress(ZeroDivisionError), found.policy("cpu", "float64"):
        assert not found.settings().get("tf32", False)
        raise ZeroDivisionError
    assert found.settings() == before


@pytest.mark.parametrize("before", ["float32", "float64"])
def test_a_run_restores_keras_dtypes(request, before):
    if "tf" not in (request.config.getoption("--framework") or ["tf"]):
        pytest.skip("--framework leaves tf out")
    keras, found = pytest.importorskip("keras"), runtime("tf")
    with found.policy("cpu", before):
        with contextlib.suppress(ZeroDivisionError), found.policy("cpu", "float16"):
            raise ZeroDivisionError
        assert (keras.config.floatx(), keras.config.dtype_policy().name) == (before, before)


@pytest.mark.parametrize(("asked", "within"), [({}, {"ieee"}), ({"tf32": True}, {"tf32"})])
def test_torchs_tf32_is_off_during_a_run_unless_asked_for_and_back_afterwards(request, asked, within):
    if "torch" not in (request.config.getoption("--framework") or ["torch"]):
        pytest.skip("--framework leaves torch out")
    import impl_torch

    before = [backend.fp32_precision for backend in impl_torch.TF32]
    try:
        for backend in impl_torch.TF32:
            backend.fp32_precision = "tf32"
        with impl_torch.policy("cpu", "float32", **asked):
            assert {backend.fp32_precision for backend in impl_torch.TF32} == within
            assert impl_torch.settings()["tf32"] == bool(asked)
        assert {backend.fp32_precision for backend in impl_torch.TF32} == {"tf32"}
    finally:
        for backend, precision in zip(impl_torch.TF32, before, strict=True):
            backend.fp32_precision = precision


@pytest.mark.parametrize(("there", "devices"), [(True, ["cpu", "cuda"]), (False, ["cpu"])])
def test_torch_has_the_devices_that_it_sees(request, monkeypatch, there, devices):
    if "torch" not in (request.config.getoption("--framework") or ["torch"]):
        pytest.skip("--framework leaves torch out")
    import impl_torch

    monkeypatch.setattr("torch.cuda.is_available", lambda: there)
    assert impl_torch.devices() == devices


def test_what_is_got_is_a_copy(framework):
    """A model that learns on does not change the outputs of an earlier call."""
    tensors = runtime(framework).put({"w": np.ones(3)}, "cpu", {})
    assert not np.shares_memory(runtime(framework).get(tensors, {})["w"], np.asarray(tensors["w"]))


def test_device_move_refuses_an_array_of_the_host():
    task = load("device_move")
    implementation = implementation_of(task, "numpy")
    params, batch = draw(task, "tiny")
    on_device = {name: Duck(a) for name, a in params.items()}
    for x, refused in ((batch["x"], True), (Duck(batch["x"]), False)):
        with contextlib.redirect_stdout(io.StringIO()) as said:
            assert implementation.left_behind(on_device, {"x": x}) == {"refused": [refused, refused]}
        assert ("refused: matmul" in said.getvalue()) == refused
