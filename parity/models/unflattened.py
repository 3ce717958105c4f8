"""An image that is made of the features of a linear layer, whose rows then lie in another order on either side.

    Linear(16, c·h·w) -> Unflatten(1, (c, h, w))        Dense(h·w·c) -> Reshape((h, w, c))

It is the mirror of an image that is flattened before a linear layer, and with it turn the layers on the way: batch
normalisation, an activation.  The linear layer itself cannot tell, so the image does: the order is kept in which it is
right, or nearer.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from parity.judging.noise import LIMIT
from parity.models.partners import Link, Pair
from parity.models.runs import Forced
from parity.models.views import FIRST, LAST, SAME, View, flattened

ON_THE_WAY = ("activation", "dropout", "prelu", "batch_norm", "layer_norm", "rms_norm")


@dataclass
class _Made:
    """An image, the linear layer of whose features it is made, and the ends between that turn with it."""

    image: Pair
    linear: Pair
    links: list[Link]
    view: View

    def turn(self, view: View) -> None:
        for link in self.links:
            link.view = view


def settled(run: Callable[[], Forced], wrong: Callable[[Pair], bool] = lambda pair: False) -> Forced:
    """Run, and once more for each image that is wrong and may be made of features in another order.

    Args:
        run: a forced run that carries the weights over in the order of the links.
        wrong: whether a layer's own weights, which were loaded, are not the first model's in that order.
    """

    def worth(made: _Made) -> tuple[bool, bool, float]:
        units = _edge(watcher, made.image)
        return units > LIMIT, wrong(made.linear), units

    watcher = run()
    for image in [watcher.pairs[place] for place in watcher.found]:
        made = _made(watcher.pairs, image) if _edge(watcher, image) > LIMIT else None
        if made is None:
            continue
        before = worth(made)
        made.turn(made.view)
        watcher = run()
        if worth(made) >= before:
            made.turn(SAME)
            watcher = run()
    return watcher


def _edge(watcher: Forced, image: Pair) -> float:
    place = next(i for i, pair in enumerate(watcher.pairs) if pair is image)
    return max(watcher.found[place].edges.values(), default=0.0)


def _made(pairs: list[Pair], image: Pair) -> _Made | None:
    """The way back from an image to a linear layer of as many features; None where there is none."""
    link = image.entries[0] if image.entries else None
    if link is None or link.view not in (LAST, FIRST):
        return None
    batch, *shape = image.first[0].shapes[link.first[1]]
    flat = (batch, math.prod(shape))
    view = flattened(shape[0], last=True) if link.view is LAST else flattened(shape[-1], last=False)
    links: list[Link] = []
    for pair in reversed(pairs[: next(i for i, pair in enumerate(pairs) if pair is image)]):
        if any(calls[-1].outputs[:1] != (flat,) for calls in (pair.first, pair.second)):
            return None
        links += pair.exits
        if pair.kind == "linear":
            return _Made(image, pair, links, view)
        if pair.kind not in ON_THE_WAY:
            return None
        links += pair.entries
    return None
