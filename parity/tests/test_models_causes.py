"""A cause is named where it is proven, and not where it cannot show."""

import re
from pathlib import Path

import numpy as np
import pytest

import parity

keras = pytest.importorskip("keras", reason="a port has two frameworks")
torch = pytest.importorskip("torch", reason="a port has two frameworks")

from torch import nn  # noqa: E402  # both are here

from parity.tests.ported import Attends  # noqa: E402


def test_a_cure_that_does_not_cure_is_no_cause():
    """Epsilon and the number of groups are both other ones: the cure of one leaves the layer wrong."""

    def two_groups():
        groups = keras.layers.GroupNormalization(2, epsilon=1e-3, name="norm")
        return keras.Sequential([keras.Input((8, 6, 8)), groups])

    x = np.random.default_rng(0).normal(size=(2, 8, 8, 6))
    report = parity.compare_models(lambda: nn.Sequential(nn.GroupNorm(4, 8)), two_groups, x)
    assert [(fault.where, fault.cause) for fault in report.faults] == [(("0", "norm"), "unknown")]
    assert any("GN-EPS" in note for note in report.notes)


def test_a_configuration_that_cannot_show_is_no_cause():
    """Two heads of eight for four of four: `key_dim` differs too, and is not what is wrong."""

    def two_heads():
        x = keras.Input((5, 16))
        return keras.Model(x, keras.layers.MultiHeadAttention(2, 8, name="attn")(x, x))

    report = parity.compare_models(Attends, two_heads, np.random.default_rng(0).normal(size=(3, 5, 16)))
    assert [(fault.where, fault.cause) for fault in report.faults] == [(("attn", "attn"), "unknown")]


def test_every_cause_that_can_be_named_is_in_the_catalogue():
    from parity.divergences import catalogue

    areas = {name.split("-")[0] for name in catalogue() if "-" in name}
    found = set()
    for path in (Path(parity.__file__).parent / "models").glob("*.py"):
        texts = re.findall(r'"([A-Z0-9]+(?:-[A-Z0-9]+)+|PIXSHUF)"', path.read_text())
        found |= {text for text in texts if text.split("-")[0] in areas}
    assert found <= set(catalogue())
    assert {"BN-EPS", "OPT-ADAM-EPSHAT", "SAVE-SQUARE"} <= found
