"""A model under watch: every call of a layer is seen before and after, and may be given other tensors.

Everything that the comparison does is one of these watchers: recording the truth, measuring the noise, running a model
freely, or feeding each layer what the other model's layer got.
"""

import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from parity.models.tree import named_leaves
from parity.task import Array

Again = Callable[..., list[Array]]  # calls the layer once more, its inputs changed by a function if one is given


@dataclass
class Call:
    """One call of a layer, the `index`th of a run; a run of the same model has the same calls."""

    index: int
    name: str  # "encoder.0.fc1", "fc (call 2)"
    kind: str  # as the rules call it; "" where none does
    layer: Any
    names: tuple[str, ...] = ()  # of its inputs: the argument of each tensor
    shapes: tuple[tuple[int, ...], ...] = ()  # of its inputs
    outputs: tuple[tuple[int, ...], ...] = ()  # of its outputs, by shape
    inside: int | None = None  # the call that made it, of a layer that can be compared as one
    masked: bool = False  # a Keras mask came with its inputs
    sources: tuple[int | None, ...] = ()  # of its inputs: the call that returned this very tensor
    order: tuple[int, ...] = ()  # its place as the model is written, where that is not the order of the calls


class Watcher(Protocol):
    """Sees the calls of a run; what a method returns takes the tensors' place, and None leaves them."""

    def enter(self, call: Call, inputs: list[Array]) -> list[Array] | None: ...

    def leave(self, call: Call, outputs: list[Array], again: Again) -> list[Array] | None: ...


@dataclass
class Trace:
    """A watcher that only takes down the calls."""

    calls: list[Call] = field(default_factory=list)

    def enter(self, call: Call, inputs: list[Array]) -> None:
        self.calls.append(call)

    def leave(self, call: Call, outputs: list[Array], again: Again) -> None:
        pass


@dataclass
class Numbering:
    """Gives the calls of a run their index and name, and says which call is inside which."""

    count: int = 0
    seen: dict[str, int] = field(default_factory=dict)
    open: list[Call] = field(default_factory=list)
    made: dict[int, tuple[Any, Any, int]] = field(default_factory=dict)  # the tensors by their id; none is kept alive

    def start(self, name: str, kind: str, layer: Any, inputs: Sequence[Any]) -> Call:
        times = self.seen[name] = self.seen.get(name, 0) + 1
        inside = self.open[-1].index if self.open else None
        call = Call(self.count, name if times == 1 else f"{name} (call {times})", kind, layer, inside=inside)
        call.shapes = tuple(tuple(t.shape) for t in inputs)
        call.sources = tuple(self._source(t) for t in inputs)
        self.count += 1
        self.open.append(call)
        return call

    def end(self, call: Call, outputs: Sequence[Any]) -> None:
        self.made.update((id(t), (weakref.ref(t), _version(t), call.index)) for t in outputs)
        self.open.remove(call)

    def _source(self, tensor: Any) -> int | None:
        same, version, index = self.made.get(id(tensor), (lambda: None, 0, None))
        return index if same() is tensor and version == _version(tensor) else None


def _version(tensor: Any) -> Any:
    """What torch counts up when something is written into a tensor."""
    return getattr(tensor, "_version", 0)


def argument_names(arguments: dict[str, Any]) -> tuple[str, ...]:
    """The argument of each tensor: `query` for all that came in it."""
    return tuple(name.partition(".")[0] for name, _ in named_leaves(arguments))
