"""The public functions take what people have, or say what to do."""

import numpy as np
import pytest

from parity import UsageError, judge, noise_units, run, truth_of
from parity.judging.arrays import as_array, as_arrays, dtype_named

X = np.array([1.0, 2.0, 3.0])


def double(params, batch):
    return {"y": 2 * batch["x"]}


def test_lists_scalars_and_arrays_are_taken():
    assert noise_units([1, 2], [1.0, 2.0], noise=1.0, peak=1.0) == 0
    assert noise_units(3, np.float32(1), noise=1.0, peak=1.0) == 2
    assert noise_units([True, False], [True, True], noise=1.0, peak=1.0) == 1


def test_tensors_of_the_other_frameworks_are_taken(framework):
    if framework == "torch":
        import torch

        tensor = torch.tensor(X, requires_grad=True)
        assert np.array_equal(as_array(tensor.to(torch.bfloat16)), X)
        assert [dtype_named(d) for d in (torch.float32, torch.float64)] == ["float32", "float64"]
    elif framework == "tf":
        import tensorflow as tf

        tensor = tf.Variable(X)
        assert dtype_named(tf.float32) == "float32"
    else:
        tensor = X.tolist()
    assert np.array_equal(as_array(tensor), X)
    assert noise_units(tensor, X + 1, noise=1.0, peak=1.0) == 1
    assert np.array_equal(truth_of(lambda params, batch: {"y": batch["x"]}, {}, {"x": tensor}, "float32")["y"].value, X)


class OnADevice:
    """A tensor that gives its numbers away on the CPU alone, without a graph."""

    dtype = device = "cuda"

    def __init__(self, *left):
        self.left = left  # to call before the numbers come

    def __getattr__(self, name):
        if not self.left or name != self.left[0]:
            raise AttributeError(name)
        return lambda: OnADevice(*self.left[1:]) if self.left[1:] else X


@pytest.mark.parametrize("calls", [("detach", "cpu", "numpy"), ("numpy",), ("get",)])
def test_a_tensor_is_fetched_from_its_device(calls):
    assert as_array(OnADevice(*calls)) is X


def test_names_are_texts_and_stand_in_the_message():
    assert list(as_arrays({1: X}, "params")) == ["1"]
    with pytest.raises(UsageError, match=r"^batch\['x'\] holds complex128"):
        truth_of(double, {}, {"x": [1j]}, "float32")


def test_a_message_names_the_value():
    with pytest.raises(UsageError, match=r"^the value is not an array of numbers: "):
        as_array([[1], [2, 3]])


@pytest.mark.parametrize("dtype", ["float32", "f4", np.float32, np.dtype("f4"), "<f4"])
def test_a_dtype_has_many_names(dtype):
    assert dtype_named(dtype) == "float32"


@pytest.mark.parametrize("dtype", ["float16", "int32", "bfloat16", "complex64", "nonsense", None])
def test_another_dtype_is_refused(dtype):
    with pytest.raises(UsageError):
        truth_of(double, {}, {"x": X}, dtype)


@pytest.mark.parametrize(
    ("output", "truth", "units"),
    [
        (np.uint8([1]), np.uint8([2]), 1.0),  # no wrap-around
        (np.float32([3e38]), np.float32([-3e38]), 6e38),  # no overflow
        ([1e308], [-1e308], np.inf),
        ([1e308, 1.0], [-1e308, 1.0], np.inf),
        ([1.0], [np.nan], np.inf),
        ([np.inf], [np.inf], 0.0),
    ],
)
def test_no_arithmetic_of_a_narrow_type_hides_an_error(output, truth, units):
    found = noise_units(output, truth, noise=1.0, peak=1.0)
    assert found == units or abs(found / units - 1) < 1e-6


@pytest.mark.parametrize(
    "value", [[1j], ["a"], [b"a"], [[1], [2, 3]], object(), {"a": 1}, np.array(["2026"], "M8[Y]"), np.ones(1, "m8[s]")]
)
def test_what_is_no_real_number_is_refused(value):
    with pytest.raises(UsageError, match="the output"):
        noise_units(value, [1.0], noise=1.0, peak=1.0)
    with pytest.raises(UsageError, match="the truth"):
        noise_units([1.0], value, noise=1.0, peak=1.0)


@pytest.mark.parametrize("scale", [-1.0, np.nan, np.inf])
@pytest.mark.parametrize("name", ["noise", "peak"])
def test_a_scale_that_is_none_is_refused(name, scale):
    with pytest.raises(UsageError, match=f"{name} is"):
        noise_units([1.0], [1.0], **{"noise": 1.0, "peak": 1.0, name: scale})


def test_a_reference_that_does_not_repeat_itself_is_refused():
    rng = np.random.default_rng(0)

    def dropout(params, batch):
        return {"y": batch["x"] * (rng.random(3) > 0.5)}

    with pytest.raises(UsageError, match=r"'y' is not the same in two calls.*dropout"):
        truth_of(dropout, {}, {"x": X}, "float32")


def test_a_reference_must_keep_the_precision_of_its_inputs():
    def narrow(params, batch):
        return {"y": batch["x"].astype("float32")}

    with pytest.raises(UsageError, match="'y' came back as float32, not float64"):
        truth_of(narrow, {}, {"x": X}, "float32")


def test_inputs_that_are_not_used_or_not_floating_are_warned_of():
    with pytest.warns(UserWarning, match="no output moves"):
        truth_of(lambda params, batch: {"y": np.ones(3)}, {}, {"x": X}, "float32")
    with pytest.warns(UserWarning, match="no output moves"):
        truth_of(lambda params, batch: {"y": batch["x"] * 1.0}, {}, {"x": np.arange(3)}, "float32")
    with pytest.warns(UserWarning, match="no output moves"):
        truth_of(lambda params, batch: {"y": np.ones(3), "count": np.array(3)}, {}, {"x": X}, "float32")


@pytest.mark.parametrize("inputs", [[1, 2], None, "x"])
def test_inputs_without_names_are_refused(inputs):
    with pytest.raises(UsageError, match="batch must be a dictionary of named arrays"):
        truth_of(double, {}, inputs, "float32")


def test_a_torch_module_in_float64_is_a_reference(request):
    if "torch" not in (request.config.getoption("--framework") or ["torch"]):
        pytest.skip("--framework leaves torch out")
    torch = pytest.importorskip("torch", reason="the reference is torch's")
    net = torch.nn.Linear(3, 2).double().eval()

    def reference(params, batch):
        return {"y": net(torch.as_tensor(batch["x"]))}

    truth = truth_of(reference, {}, {"x": X}, "float32")["y"]
    mine = X.astype("f4") @ net.weight.detach().numpy().astype("f4").T + net.bias.detach().numpy().astype("f4")
    assert noise_units(mine, truth.value, noise=truth.noise, peak=truth.peak) < 30
    with pytest.raises(UsageError, match="longdouble"):
        truth_of(reference, {}, {"x": X}, "float64")


def test_saved_outputs_are_judged():
    saved = {name: array.tolist() for name, array in run("scalar_graph", "numpy").items()}
    rows = judge("scalar_graph", "torch", saved)
    assert {row.verdict for row in rows} == {"agrees"}
    first = next(iter(saved))
    rows = judge("scalar_graph", "torch", {name: value for name, value in saved.items() if name != first})
    assert [row.output for row in rows if row.verdict == "differs"] == [first]
