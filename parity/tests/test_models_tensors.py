"""Two files of tensors."""

import numpy as np
import pytest

import parity

keras = pytest.importorskip("keras", reason="a port has two frameworks")
torch = pytest.importorskip("torch", reason="a port has two frameworks")


from parity.tests.ported import saved  # noqa: E402


def test_saved_tensors_are_compared(tmp_path):
    rng = np.random.default_rng(0)
    w, square, bias = rng.normal(size=(3, 4)), rng.normal(size=(5, 5)), rng.normal(size=7)
    a = saved(tmp_path, "a.npz", w=w, square=square, bias=bias)
    assert parity.compare_tensors(a, saved(tmp_path, "b.safetensors", w=w.T, square=square, beta=bias)).agrees
    report = parity.compare_tensors(a, saved(tmp_path, "c.safetensors", w=w + 1e-6, square=square.T, bias=bias))
    assert {fault.first for fault in report.faults} == {"w", "square"}
    assert "equal when transposed" in report.faults[1].note
    assert any("least noise" in note for note in report.notes)
    report = parity.compare_tensors(a, saved(tmp_path, "e.npz", w=w, other=np.ones(2)))
    assert {fault.where for fault in report.faults} == {("square", ""), ("bias", ""), ("", "other")}
    with pytest.raises(parity.UsageError, match="share no tensor"):
        parity.compare_tensors(a, saved(tmp_path, "d.npz", other=np.ones(2)))
