"""What the weights of a layer are called and how they lie: one rule for each kind of layer, which reads and writes.

A rule gives a layer's weights as *slots*, by torch's names and in torch's layout.  Two layers of one kind have the same
slots, so carrying weights over, reading them back, and comparing their gradients are the same three lines whatever the
frameworks are, and in both directions.  `weight_rule` adds a rule:

    @weight_rule("mylib.Scale", kind="scale")
    def _(layer): return [Slot.of("weight", layer.gamma)]
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity.judging.arrays import as_array
from parity.task import Array, UsageError


@dataclass(frozen=True)
class Slot:
    """One weight by torch's name in torch's layout, and the variables in which a layer keeps it."""

    name: str
    variables: tuple[Any, ...]
    read: Callable[..., Array]  # the variables' values -> the weight
    write: Callable[..., tuple[Array, ...]]  # the weight and the variables' old values -> their new ones
    derivative: Callable[..., Array]  # the variables' gradients -> the weight's; as `read` where that is linear

    @classmethod
    def of(
        cls, name: str, variable: Any, read: Callable[[Array], Array] = lambda v: v,
        write: Callable[[Array], Array] = lambda w: w,
    ) -> "Slot":  # fmt: skip
        """A weight that is one whole variable: `read` turns its layout into torch's, and `write` back."""
        return cls(name, (variable,), read, lambda w, _: (write(w),), read)

    def rows(self, name: str, i: int, n: int) -> "Slot":
        """The `i`th of `n` equal parts of this weight's outputs, such as the keys' part of a packed projection."""

        def read(*values: Array) -> Array:
            return np.split(self.read(*values), n)[i]

        def write(w: Array, *old: Array) -> tuple[Array, ...]:
            parts = np.split(self.read(*old), n)
            return self.write(np.concatenate([*parts[:i], w, *parts[i + 1 :]]), *old)

        return Slot(name, self.variables, read, write, lambda *g: np.split(self.derivative(*g), n)[i])

    def named(self, name: str) -> "Slot":
        return Slot(name, self.variables, self.read, self.write, self.derivative)

    def get(self) -> Array:
        """The weight, a copy."""
        return np.array(self.read(*(value(v) for v in self.variables)))

    def put(self, weight: Array) -> None:
        """Write the weight into the layer's variables."""
        for variable, new in zip(self.variables, self.write(weight, *(value(v) for v in self.variables))):
            assign(variable, new)


Slots = list[Slot]


@dataclass(frozen=True)
class Rule:
    """The kind of a layer, which its partner shares, and its weights."""

    kind: str | Callable[[Any], str]
    slots: Callable[[Any], Slots]
    whole: bool = False  # one layer, whatever layers are inside


_rules: dict[str, Rule] = {}  # "torch.Linear": the library and the class


def weight_rule(
    *layers: str | type, kind: str | Callable[[Any], str], whole: bool = False
) -> Callable[[Callable[[Any], Slots]], Callable[[Any], Slots]]:
    """Say what the weights of a layer are: a decorator of a function `layer -> list of Slot`.

    Args:
        layers: classes, or their full names such as "torch.nn.Linear"; it holds for their subclasses too.
        kind: layers of one kind can be partners.
        whole: the layer is compared as one, though it calls layers of its own.
    """

    def add(slots: Callable[[Any], Slots]) -> Callable[[Any], Slots]:
        for layer in layers:
            _rules[_key(layer if isinstance(layer, str) else f"{layer.__module__}.{layer.__qualname__}")] = Rule(
                kind, slots, whole
            )
        return slots

    return add


def rule_of(layer: Any) -> Rule | None:
    """The rule of the layer's class, or of the nearest class that it derives from."""
    import parity.models.keras_rules
    import parity.models.torch_rules  # noqa: F401  # both add their rules

    names = (_key(f"{c.__module__}.{c.__qualname__}") for c in type(layer).__mro__)
    return next((_rules[name] for name in names if name in _rules), None)


def kind_of(layer: Any) -> str:
    """What a layer is, in one word that both frameworks share; "" for one that no rule knows."""
    rule = rule_of(layer)
    if rule is None:
        return ""
    return rule.kind if isinstance(rule.kind, str) else rule.kind(layer)


def slots_of(layer: Any) -> Slots:
    """The weights of a layer; of a class without a rule its own variables, in their order and layout."""
    rule = rule_of(layer)
    if rule is not None:
        return rule.slots(layer)
    return [Slot.of(str(i), variable) for i, variable in enumerate(own_variables(layer))]


def own_variables(layer: Any) -> list[Any]:
    """The variables of the layer itself, without those of the layers inside."""
    if hasattr(layer, "named_parameters"):
        floats = (b for _, b in layer.named_buffers(recurse=False) if b.is_floating_point())
        return [*(p for _, p in layer.named_parameters(recurse=False)), *floats]
    return [v for v in [*layer._trainable_variables, *layer._non_trainable_variables] if "float" in str(v.dtype)]


def value(variable: Any) -> Array:
    """A parameter or variable as an array."""
    return as_array(variable)


def assign(variable: Any, new: Array) -> None:
    """Set a parameter or variable; its dtype stays."""
    if hasattr(variable, "assign"):
        variable.assign(new)
    else:
        import torch

        with torch.no_grad():
            variable.copy_(torch.as_tensor(np.ascontiguousarray(new)))


def put_weights(weights: dict[str, Array], slots: Slots, *, first: str, second: str) -> None:
    """Write named weights into slots; the message of the UsageError has both names and both shapes.

    A scale of one, a shift of zero, a mean of zero and a variance of one may be missing on either side.
    """
    wanted = {slot.name: slot for slot in slots}
    for name, own in weights.items():
        if name not in wanted and not _neutral(name, own):
            raise UsageError(f"{first} has a {name} of shape {own.shape}, and {second} has none")
    for name, slot in wanted.items():
        there = slot.read(*(value(v) for v in slot.variables))
        weight: Array | None = weights[name] if name in weights else _default(name, there)
        if weight is None:
            raise UsageError(f"{second} has a {name} of shape {there.shape}, and {first} has none")
        if name in SHARED and _broadcasts(weight, there):
            weight = np.broadcast_to(weight, there.shape)
        if weight.shape != there.shape:
            raise UsageError(f"{name} is {weight.shape} in {first} and {there.shape} in {second}: they do not fit")
        slot.put(weight)


SHARED = ("slope",)  # weights that one side may keep once for many elements
NEUTRAL = {"weight": 1.0, "running_var": 1.0, "bias": 0.0, "running_mean": 0.0}


def _default(name: str, there: Array) -> Array | None:
    last = name.rpartition(".")[2]
    if last.startswith("bias") or (last in NEUTRAL and there.ndim == 1):
        return np.full_like(there, NEUTRAL.get(last, 0.0))
    return None


def _neutral(name: str, weight: Array) -> bool:
    default = _default(name, weight)
    return default is not None and bool((weight == default).all())


def _broadcasts(weight: Array, there: Array) -> bool:
    try:
        return np.broadcast_shapes(weight.shape, there.shape) == there.shape
    except ValueError:
        return False


def _key(name: str) -> str:
    return f"{name.partition('.')[0]}.{name.rpartition('.')[2]}"


def shapes(slots: Iterable[Slot]) -> dict[str, tuple[int, ...]]:
    """The shapes of the weights by name."""
    return {slot.name: slot.read(*(value(v) for v in slot.variables)).shape for slot in slots}
