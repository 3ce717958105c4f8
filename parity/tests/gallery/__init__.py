"""Pairs of small models as users write them: right ports, and ports with planted faults.

A file is a pair or a family of pairs. Each defines a torch model, a Keras model, their input, and what is wrong with
the port. Frameworks are imported by the files alone, so `names()` costs nothing.
"""

import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Where a fault shows: in a layer's output, between two layers, in how a right layer is called (order, masks), in its
# weights; and in training: its buffers, its gradients, its output in that mode; in the loss, in the optimizer's step.
PARTS = ("output", "between", "call", "weights", "buffers", "gradients", "training", "loss", "step")


@dataclass(frozen=True)
class Fault:
    """One planted mistake: where it is, what it is, and in which part of the comparison it shows.

    `where` is the layer's name in torch and in Keras. Of a fault "between" layers it is the last layer before it and
    the first that is fed something else, in torch's names. Losses and optimizers are the places ("loss", "loss") and
    ("step", "step").
    """

    where: tuple[str, str]
    cause: str = "unknown"  # an entry of the catalogue
    part: str = "output"  # one of PARTS


@dataclass(frozen=True)
class Pair:
    """Two models, and what the comparison is to say about them; without faults the port is right.

    `inputs(rng)` returns an array, a tuple or a dict in torch's layout, and `targets(rng)` an array. `loss` is torch's
    (called with prediction, target) and Keras's (called with target, prediction); `step` is two functions of the
    parameters that return an optimizer. `loaded(torch_net, keras_net)` loads the Keras model as its user did.

    Two fields are for the proof that the pair is what it says, and not for the comparison: `partners`, torch's layer ->
    Keras's ("" for none), where they are not called alike (`block.conv`, `block_conv`), and `by_hand(torch_net,
    keras_net)`, which carries over what a rule for one layer cannot.
    """

    name: str
    torch_net: Callable[[], Any]
    keras_net: Callable[[], Any]
    inputs: Callable[[Any], Any]
    names: Mapping[str, str] | None = None
    layout: Any = None
    weights: str = "copy"
    loaded: Callable[[Any, Any], None] | None = None
    loss: tuple[Any, Any] | None = None
    targets: Callable[[Any], Any] | None = None
    step: tuple[Any, Any] | None = None
    train: bool = False
    faults: tuple[Fault, ...] = ()
    partners: Mapping[str, str] = field(default_factory=dict)
    by_hand: Callable[[Any, Any], None] | None = None


def families() -> dict[str, list[str]]:
    """The names of the pairs by file, read from the text, so that no framework is imported."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    found = {path.stem: re.findall(r'\bPair\(\s*"(\w+)"', path.read_text()) for path in files}
    return {stem: pairs for stem, pairs in found.items() if pairs}


def names() -> list[str]:
    """The names of all pairs."""
    return [name for pairs in families().values() for name in pairs]


def load(name: str) -> Pair:
    """The pair of this name; a KeyError where there is none."""
    stems = {pair: stem for stem, pairs in families().items() for pair in pairs}
    module = importlib.import_module(f"{__name__}.{stems[name]}")
    return next(pair for pair in module.PAIRS if pair.name == name)


def normal(*shape: int) -> Callable[[Any], Any]:
    """An input of standard normal numbers."""
    return lambda rng: rng.normal(size=shape).astype("float32")


def integers(high: int, *shape: int) -> Callable[[Any], Any]:
    """An input of words or classes below `high`."""
    return lambda rng: rng.integers(0, high, shape)


def trained(net: Any, seed: int = 0) -> Any:
    """The torch model with weights as after a training: no scale of 1, no bias of 0, no statistics at rest.

    It is left in eval mode. An embedding's row of padding stays zero.
    """
    import numpy as np
    import torch

    rng = np.random.default_rng(seed)
    with torch.no_grad():
        for name, p in [*net.named_parameters(), *net.named_buffers()]:
            if not p.is_floating_point():
                continue
            noise = torch.tensor(rng.normal(size=tuple(p.shape)), dtype=p.dtype)
            if name.endswith("running_var"):
                p.copy_(0.5 + noise.abs())
            elif p.ndim > 1:
                p.copy_(noise / p[0].numel() ** 0.5)
            else:
                p.copy_(0.2 * noise + name.endswith("weight"))
        for module in net.modules():
            if isinstance(module, torch.nn.Embedding) and module.padding_idx is not None:
                module.weight[module.padding_idx] = 0
    return net.eval()
