"""In which order the layers of a functional Keras model were written; parallel branches run in another, often reversed.

Keras numbers the symbolic tensors as they are made, and so the nodes of a functional model have their place.
"""

import contextlib
import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Any

Steps = list[tuple[Any, int]]  # the operations as they run, and when each was written


class Written:
    """The place of the call that is under way, as the model is written: one number for each layer around it."""

    def __init__(self, net: Any, given: Any) -> None:
        """Take the numbers of `net`, a copy, from `given`: a copy's own tell how it was built again."""
        both = zip(_functional(net), _functional(given))
        self._steps = {id(a): [(op, n) for (op, _), (_, n) in zip(_steps(a), _steps(b))] for a, b in both}
        self._siblings: Iterator[tuple[Any, int]] = _counted()
        self.place: tuple[int, ...] = ()

    @contextlib.contextmanager
    def within(self, layer: Any) -> Iterator[None]:
        place, siblings = self.place, self._siblings
        self.place = (*place, next((n for op, n in siblings if op is None or op is layer), 0))
        self._siblings = iter(self._steps[id(layer)]) if id(layer) in self._steps else _counted()
        try:
            yield
        finally:
            self.place, self._siblings = place, siblings


def _counted() -> Iterator[tuple[Any, int]]:
    """Calls of any layer, in the order in which they are made."""
    return ((None, n) for n in itertools.count())


def operations(net: Any) -> list[Any]:
    """What functional models consist of: layers, and functions such as `keras.ops.gelu`."""
    return [operation for inner in _functional(net) for operation, _ in _steps(inner)]


def _functional(net: Any) -> Iterable[Any]:
    return [layer for layer in net._flatten_layers() if hasattr(layer, "_nodes_by_depth")]


def _steps(net: Any) -> Steps:
    nodes = [node for depth in sorted(net._nodes_by_depth, reverse=True) for node in net._nodes_by_depth[depth]]
    return [(node.operation, _number(node.outputs[0].name)) for node in nodes if not node.is_input]


def _number(name: str) -> int:
    """12 of `keras_tensor_12`; 0 of the first, which has none."""
    found = re.search(r"_(\d+)$", name)
    return int(found[1]) if found else 0
