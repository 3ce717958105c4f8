"""Nested tuples, lists and dictionaries of tensors, as models take and return them."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

SETTINGS = ("training", "mask")  # arguments of Keras's calls that are no inputs


def is_tensor(value: Any) -> bool:
    """A tensor or an array of any framework, and no NumPy scalar."""
    return hasattr(value, "shape") and hasattr(value, "dtype") and not isinstance(value, str | bytes)


def leaves(value: Any) -> list[Any]:
    """The tensors of a nested value, in order."""
    return [leaf for _, leaf in named_leaves(value)]


def named_leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The tensors of a nested value with the way to each: `1.0`, `hidden`."""
    if is_tensor(value):
        yield name, value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from named_leaves(part, f"{name}.{key}" if name else str(key))
    elif isinstance(value, tuple | list):
        for i, part in enumerate(value):
            yield from named_leaves(part, f"{name}.{i}" if name else str(i))


def mapped(change: Callable[[Any], Any], value: Any) -> Any:
    """The nested value with every tensor changed, in the order of `leaves`."""
    if is_tensor(value):
        return change(value)
    if isinstance(value, Mapping):
        return {key: mapped(change, part) for key, part in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(mapped(change, part) for part in value))
    if isinstance(value, tuple | list):
        return type(value)(mapped(change, part) for part in value)
    return value


def as_arguments(function: Callable[..., Any], tensors: Iterable[Any]) -> list[Any]:
    """Several tensors as a call takes them: each as an argument, or all in one that the function unpacks."""
    found = list(tensors)
    try:
        takes = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a function without a signature
        return found
    places = [p for p in takes if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.name not in SETTINGS]
    several = any(p.kind == p.VAR_POSITIONAL for p in takes) or len(places) != 1
    return found if several or len(found) == 1 else [tuple(found)]


def with_leaves(value: Any, new: list[Any]) -> Any:
    """The nested value with these tensors in place of its own."""
    following = iter(new)
    return mapped(lambda _: next(following), value)
