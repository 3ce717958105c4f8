"""What may be wrong between two right layers: each suspicion, and how a copy of the second model is mended of it.

A layer without a partner is mended where it is called.  A function that is no layer, such as `keras.ops.gelu`, is
mended for the whole run: in every other place the truth is put in, so only what is suspected changes.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

from parity.models.keras_order import operations
from parity.models.mends import Mend, computes, gelu, setting
from parity.models.watch import Call


@dataclass(frozen=True)
class Suspect:
    """An entry of the catalogue, and what mends it: a call, if that is one of the suspected, or a function."""

    entry: str
    mend: Callable[[Call], Mend | None] = lambda call: None
    function: str = ""  # of keras.ops or of torch.nn.functional
    option: tuple[str, Any] = ("", None)  # of the function, as the other model has it


def suspects(framework: str) -> Iterator[Suspect]:
    """What is suspected of a second model of this framework; what costs least comes first."""
    if framework == "tf":
        yield from _layers()
    options: dict[str, dict[str, tuple[str, Any]]] = {
        "tf": {"ACT-GELU-TANH": ("approximate", True), "ACT-GELU-DEF": ("approximate", False)},
        "torch": {"ACT-GELU-TANH": ("approximate", "none"), "ACT-GELU-DEF": ("approximate", "tanh")},
    }
    for entry, option in options.get(framework, {}).items():
        yield Suspect(entry, function="gelu", option=option)
    if framework in options:
        yield Suspect("ACT-LEAKY", function="leaky_relu", option=("negative_slope", _slope(framework)))


def _layers() -> Iterator[Suspect]:
    """Layers of Keras without a partner."""
    import keras

    def activation(entry: str, wrong: Callable[..., Any], right: Callable[..., Any]) -> Suspect:
        def mend(call: Call) -> Mend | None:
            if call.kind != "activation" or not computes(getattr(call.layer, "activation", None), wrong):
                return None
            return Mend("activation", (entry,), setting(call.layer, "activation", right))

        return Suspect(entry, mend)

    def pooled(call: Call) -> Mend | None:
        if call.masked and "average_pool" in call.kind:
            return Mend("mask", ("MASK-POOL",), options=(("masked", False),))
        return None

    yield activation("ACT-GELU-TANH", gelu(False), gelu(True))
    yield activation("ACT-GELU-DEF", gelu(True), gelu(False))
    yield activation("ACT-LEAKY", keras.ops.leaky_relu, lambda x: keras.ops.leaky_relu(x, 0.01))
    yield Suspect("MASK-POOL", pooled)


def _slope(framework: str) -> float:
    """The other framework's default."""
    return 0.01 if framework == "tf" else 0.2


@contextlib.contextmanager
def mended(suspect: Suspect, net: Any, framework: str) -> Iterator[None]:
    """The suspected function computes as the other model's does: where it is called, and in a functional model."""
    if not suspect.function:
        yield
        return
    name, value = suspect.option
    if framework == "tf":
        from keras import ops as library
    else:
        from torch.nn import functional as library
    plain = getattr(library, suspect.function)
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(library, suspect.function, lambda x, *_, **__: plain(x, **{name: value})))
        for operation in operations(net) if framework == "tf" else ():
            if type(operation).__name__.lower() == suspect.function.replace("_", ""):
                stack.enter_context(setting(operation, name, value)())
        yield
