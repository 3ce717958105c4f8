"""The inputs as the second model takes them: whether channels move is decided by the layer that takes them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from parity.models.links import CHANNELED
from parity.models.sides import Model
from parity.models.views import FIRST, LAST, SAME, SWAP, View
from parity.models.watch import Call
from parity.task import Arrays, UsageError

WORDS = {"same": SAME, "channels_last": LAST, "channels_first": FIRST, "swap": SWAP}
Layout = dict[str, View]


def split(
    names: Mapping[str, str] | None, inputs: Arrays, calls: Iterable[Call]
) -> tuple[dict[str, str], dict[str, str]]:
    """The names of inputs, and those of layers: "0" is a layer where one is called so, and else the first input."""
    parts: tuple[dict[str, str], dict[str, str]] = ({}, {})
    layers = {call.name for call in calls if call.name.isdigit()}
    for first, second in (names or {}).items():
        parts[first not in inputs or first in layers][first] = second
    return parts


def arranged(inputs: Arrays, layout: Layout, names: Mapping[str, str]) -> Arrays:
    """The inputs in this layout, by the second model's names."""
    return {names.get(name, name): layout[name](x) if name in layout else x for name, x in inputs.items()}


def layouts(
    one: Model, two: Model, calls: Sequence[Call], inputs: Arrays, asked: Any, names: Mapping[str, str]
) -> Iterator[Layout]:
    """The layouts to try, the likeliest first.

    Args:
        names: an input of the first model -> its name in the second, where it has another.
        asked: "same", "channels_last", "channels_first", "swap", or one for each input by name.

    Raises:
        UsageError: a word that is no layout, or an input that does not fit the second model.
    """
    if asked is not None:
        given = asked if isinstance(asked, Mapping) else dict.fromkeys(inputs, asked)
        for word in given.values():
            if word not in WORDS:
                raise UsageError(f"layout is {word!r}: choose from {', '.join(WORDS)}")
        yield {str(name): WORDS[word] for name, word in given.items()}
        return
    if one.framework == two.framework or two.framework == "numpy":
        yield {}
        return
    shapes = _static_shapes(two, [names.get(name, name) for name in inputs])
    options = {
        name: _options(one, two, calls, x, shapes.get(names.get(name, name)), name) for name, x in inputs.items()
    }
    yield {name: views[0] for name, views in options.items()}
    for name, views in options.items():
        for view in views[1:]:
            yield {other: view if other == name else found[0] for other, found in options.items()}


def _options(one: Model, two: Model, calls: Sequence[Call], x: Any, shape: Any, name: str) -> list[View]:
    if x.dtype.kind != "f" or x.ndim < 3:
        return [SAME]
    move = LAST if two.framework == "tf" else FIRST
    taker = next((call for call in calls if x.shape in call.shapes), None)
    moves = taker is not None and taker.kind in CHANNELED
    found = [move, SAME] if moves or (taker is None and x.ndim > 3) else [SAME, move]
    if x.ndim == 3:
        timed = taker is not None and not getattr(taker.layer, "batch_first", True)
        found.insert(0 if timed else len(found), SWAP)
    if shape is not None:
        fitting = [view for view in found if _fits(view(x).shape, shape)]
        if not fitting:
            raise UsageError(f"input {name} of shape {x.shape} does not fit the second model, which takes {shape}")
        return fitting
    return found


def _static_shapes(two: Model, inputs: Sequence[str]) -> dict[str, Any]:
    """The shapes that a functional Keras model states, by the names of the inputs."""
    tensors = getattr(two.given, "inputs", None) if two.framework == "tf" else None
    if not tensors:
        return {}
    by_name = {t.name: tuple(t.shape) for t in tensors}
    if set(by_name) >= set(inputs):
        return by_name
    return dict(zip(inputs, by_name.values()))


def _fits(shape: tuple[int, ...], static: tuple[int | None, ...]) -> bool:
    return len(shape) == len(static) and all(s in (None, n) for n, s in zip(shape, static))
