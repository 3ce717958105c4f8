"""One model at two times, and in two modes."""

import numpy as np
import pytest

import parity

keras = pytest.importorskip("keras", reason="a port has two frameworks")
torch = pytest.importorskip("torch", reason="a port has two frameworks")


from parity.tests.ported import LAST, X, keras_net, saved, torch_net  # noqa: E402


def test_a_recording_is_checked(tmp_path):
    path = tmp_path / "before.safetensors"
    net = torch_net()
    parity.record(net, X, path)
    report = parity.check(net, path)
    assert report.agrees
    assert "They agree: rounding alone" in str(report)
    assert report.notes == []
    with torch.no_grad():
        net[4].bias[0] += 1e-3
    report = parity.check(net, path)
    assert [fault.where for fault in report.faults] == [("4", "4")]
    assert "the weights are not those that were recorded" in report.notes[0]
    with pytest.raises(parity.UsageError, match="does not call the layers"):
        parity.check(torch_net()[:3], path)
    with pytest.raises(parity.UsageError, match="is no recording"):
        parity.check(net, saved(tmp_path, "w.safetensors", w=np.ones(3)))


def test_modes_are_compared():
    report = parity.compare_modes(keras_net(), LAST, modes=("eager", "graph"))
    assert report.agrees
    assert [row.second for row in report.outputs] == ["eager", "graph"]
    with pytest.raises(parity.UsageError, match="mode 'compiled'"):
        parity.compare_modes(keras_net(), LAST, modes=("compiled",))
