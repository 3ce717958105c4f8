"""A small network and its port, which the tests of the comparison share."""

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="a port has two frameworks")
torch = pytest.importorskip("torch", reason="a port has two frameworks")

from torch import nn  # noqa: E402  # both are here

X = np.random.default_rng(0).normal(size=(4, 3, 8, 6)).astype("float32")
LAST = X.transpose(0, 2, 3, 1)
FLAT = np.ones((2, 6), "float32")


def torch_net():
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 8 * 6, 5)
    )
    rng = np.random.default_rng(0)
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(torch.tensor(rng.normal(size=tuple(p.shape))) / p[0].numel() ** 0.5)
        net[1].running_var.copy_(torch.tensor(rng.uniform(0.5, 2, 8)))
    return net.eval()


def keras_net(epsilon=1e-5):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 6, 3)), layers.Conv2D(8, 3, padding="same", name="conv"),
            layers.BatchNormalization(epsilon=epsilon, name="bn"), layers.ReLU(name="relu"), layers.Flatten(),
            layers.Dense(5, name="fc"),
        ]
    )  # fmt: skip


class Attends(nn.Module):
    def __init__(self):
        super().__init__()
        self.attn = nn.MultiheadAttention(16, 4, batch_first=True)

    def forward(self, x):
        return self.attn(x, x, x)[0]


def saved(folder, name, **arrays):
    from safetensors.numpy import save_file

    path = folder / name
    if name.endswith("npz"):
        np.savez(path, **arrays)
    else:
        save_file({key: np.ascontiguousarray(a) for key, a in arrays.items()}, path)
    return path
