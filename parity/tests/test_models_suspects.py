"""Functions between layers that are mended for a run, and are as before afterwards."""

import numpy as np
import pytest

import parity

keras = pytest.importorskip("keras", reason="a port has two frameworks")
torch = pytest.importorskip("torch", reason="a port has two frameworks")

from parity.tests.gallery import mlp  # noqa: E402  # both are here

X = np.random.default_rng(0).normal(size=(6, 10)).astype("float32")
F = torch.nn.functional


@pytest.mark.parametrize(
    ("ours", "theirs", "cause"),
    [(F.gelu, mlp.gelu, "ACT-GELU-DEF"), (F.leaky_relu, mlp.leaky, "ACT-LEAKY"), (F.gelu, mlp.leaky, "unknown")],
)
def test_a_function_is_named_whichever_side_is_first(ours, theirs, cause):
    net = mlp.functional(lambda x: getattr(F, ours.__name__)(x))
    before = F.gelu, F.leaky_relu, keras.ops.gelu, keras.ops.leaky_relu
    for pair in ((net, mlp.between(theirs)), (mlp.between(theirs), net)):
        report = parity.compare_models(*pair, X)
        assert [(fault.where, fault.cause) for fault in report.faults] == [
            (("fc1", "fc2"), cause),
            (("fc2", "fc3"), cause),
        ]
    assert before == (F.gelu, F.leaky_relu, keras.ops.gelu, keras.ops.leaky_relu)
