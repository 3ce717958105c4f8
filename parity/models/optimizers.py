"""One optimizer step from the same gradients, at three scales: Adam's epsilon is invisible at 1."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from parity.judging.noise import LIMIT, SAMPLES, Spread, Truth, noise_units
from parity.models.causes import recognised
from parity.models.faults import named
from parity.models.groups import slots_of_pair
from parity.models.layers import Layers
from parity.models.report import Fault
from parity.models.runs import jittered
from parity.models.sides import Side
from parity.models.state import keras_default
from parity.models.truth import restore, trained
from parity.models.views import SAME
from parity.models.weights import Slot, value
from parity.task import Array, Arrays, UsageError

SCALES = (1.0, 2.0**-10, 2.0**-20)
Build = Callable[[Any], Any]
Mend = Callable[[Any, Any], None]


def step_faults(layers: Layers, builders: tuple[Build, Build]) -> list[Fault]:
    """One step of the second optimizer against the first's, judged by the updates.

    Raises:
        UsageError: a builder fails, or returns no optimizer of its model's framework.
    """
    slots = [(one, two) for pair in layers.pairs for one, two in _shared(layers, pair)]
    rng = np.random.default_rng(SAMPLES)
    gradients = {i: rng.normal(size=one.get().shape) for i, (one, _) in enumerate(slots)}
    sides = layers.first_side, layers.wide
    firsts, seconds = ({i: pair[k] for i, pair in enumerate(slots)} for k in (0, 1))
    truths = {scale: _truths(sides[0], builders[0], firsts, gradients, scale, rng) for scale in SCALES}

    def units(mends: tuple[Mend, ...] = ()) -> float:
        return max(
            noise_units(update, truths[scale][i].value, noise=truths[scale][i].noise, peak=truths[scale][i].peak)
            for scale in SCALES
            for i, update in _step(sides[1], builders[1], seconds, gradients, scale, "second", mends, sides[0], builders[0]).items()
        )

    worst = units() if slots else 0.0
    if worst <= LIMIT:
        return []
    one, two = (_built(side, build, place) for side, build, place in zip(sides, builders, ("first", "second")))
    names = [entry.name for entry in recognised(one, two)]
    causes = _causes(names, units)
    return [named(Fault("step", "step", "step", worst, note="one step from the same gradients"), entry) for entry in causes]


def _causes(names: list[str], units: Callable[[tuple[Mend, ...]], float]) -> list[str]:
    """The fewest recognised entries whose cures together make the step agree; the only one recognised, if it has none."""
    cured = [name for name in MENDS if name in names]
    for many in range(1, len(cured) + 1):
        for chosen in itertools.combinations(cured, many):
            if units(tuple(MENDS[name] for name in chosen)) <= LIMIT:
                return list(chosen)
    uncured = [name for name in names if name not in MENDS]
    return uncured if len(uncured) == 1 and not cured else ["unknown"]


def _same(name: str, own: str) -> Mend:
    def mend(first: Any, second: Any) -> None:
        setattr(second, own, _default(first, name))

    return mend


def _default(optimizer: Any, name: str) -> Any:
    """A setting by torch's name."""
    return optimizer.defaults[name]


def _betas(first: Any, second: Any) -> None:
    second.beta_1, second.beta_2 = _default(first, "betas")


def _momentum(first: Any, second: Any) -> None:
    second.momentum, second.nesterov = _default(first, "momentum"), bool(_default(first, "nesterov"))


def _before_correction(first: Any, second: Any) -> None:
    """Of the first step: eps · √(1 - β₂) before the bias correction is eps after it."""
    second.epsilon = second.epsilon * (1 - second.beta_2) ** 0.5


def _in_the_gradient(first: Any, second: Any) -> None:
    """The decay is added to the gradient and not taken from the weight."""
    decay, apply, second.weight_decay = _default(first, "weight_decay"), second.apply, None
    second.apply = lambda grads, variables: apply([g + decay * v.value for g, v in zip(grads, variables)], variables)


# The cures that can be put on a Keras optimizer, in the order in which they are put.
MENDS: dict[str, Mend] = {
    "OPT-LR-DEF": _same("lr", "learning_rate"),
    "OPT-LR-DEF-ADAPTIVE": _same("lr", "learning_rate"),
    "OPT-LR-DEF-ADADELTA": _same("lr", "learning_rate"),
    "OPT-MOM": _momentum,
    "OPT-BETAS": _betas,
    "OPT-RMS-RHO": _same("alpha", "rho"),
    "OPT-ADAMW-WD": _same("weight_decay", "weight_decay"),
    "OPT-ADAM-WD": _in_the_gradient,
    "OPT-SGD-WD": _in_the_gradient,
    "OPT-WD-ADAPTIVE": _in_the_gradient,
    "OPT-ADAM-EPS": _same("eps", "epsilon"),
    "OPT-ADAM-EPSHAT": _before_correction,
}


def _shared(layers: Layers, pair: Any) -> list[tuple[Slot, Slot]]:
    """The trained weights of a pair on both sides, where no layout lies between."""
    view = pair.entries[0].view if pair.entries else None
    if view is not None and view is not SAME and "flattened" in view.name:
        return []
    ones, twos = ({slot.name: slot for slot in slots} for slots in slots_of_pair(pair))
    both = [(ones[name], twos[name]) for name in ones if name in twos]
    return [(a, b) for a, b in both if all(trained(v) for slot in (a, b) for v in slot.variables)]


def _truths(
    side: Side, build: Build, slots: dict[int, Slot], gradients: dict[int, Array], scale: float, rng: Any
) -> dict[int, Truth]:
    """The first optimizer's updates, and how far they move when gradients and weights are jittered."""
    exact = _step(side, build, slots, gradients, scale, "first")
    spreads = {i: Spread() for i in slots}
    for _ in range(SAMPLES):
        moved = _step(side, build, slots, {i: jittered(rng, g) for i, g in gradients.items()}, scale, "first", jitter=rng)
        for i, update in moved.items():
            spreads[i].add(update - exact[i])
    return {i: spreads[i].truth(update) for i, update in exact.items()}


def _step(
    side: Side, build: Build, slots: dict[int, Slot], gradients: dict[int, Array], scale: float, place: str,
    mends: tuple[Mend, ...] = (), other: Side | None = None, other_build: Build | None = None, jitter: Any = None,
) -> dict[int, Array]:  # fmt: skip
    """What one step adds to every weight; the weights are put back."""
    variables = side.variables()
    before: Arrays = {name: np.array(value(v)) for name, v in variables.items()}
    names = {id(v): name for name, v in variables.items()}
    given = {name: np.zeros_like(w) for name, w in before.items() if trained(variables[name])}
    for i, slot in slots.items():
        own = [names[id(v)] for v in slot.variables]
        for name, g in zip(own, slot.write(scale * gradients[i], *(given[name] for name in own))):
            given[name] = g
    try:
        if jitter is not None:
            restore(side, {name: jittered(jitter, w) for name, w in before.items()})
            before_step: Arrays = {name: np.array(value(v)) for name, v in variables.items()}
        else:
            before_step = before
        _apply(side, build, given, place, mends, other, other_build)
        updates = {name: value(v) - before_step[name] for name, v in variables.items()}
    finally:
        restore(side, before)
    return {i: slot.read(*(updates[names[id(v)]] for v in slot.variables)) for i, slot in slots.items()}


def _apply(
    side: Side, build: Build, given: Arrays, place: str, mends: tuple[Mend, ...], other: Side | None, other_build: Build | None
) -> None:
    variables = side.variables()
    if side.framework == "torch":
        import torch

        optimizer = _built(side, build, place)
        for name, g in given.items():
            variables[name].grad = torch.as_tensor(np.ascontiguousarray(g))
        optimizer.step()
        for name in given:
            variables[name].grad = None
        return
    import keras

    with keras_default("float64"):
        optimizer = _built(side, build, place)
        if mends and other is not None and other_build is not None:
            first = _built(other, other_build, "first")
            for mend in mends:
                mend(first, optimizer)
        grads = [keras.ops.convert_to_tensor(g) for g in given.values()]
        optimizer.apply(grads, [variables[name] for name in given])


def _built(side: Side, build: Build, place: str) -> Any:
    """The optimizer of the copy's parameters."""
    try:
        parameters = [v for v in side.variables().values() if trained(v)]
        optimizer = build(parameters)
    except Exception as error:
        text = (str(error).strip().splitlines() or [""])[0]
        raise UsageError(f"step: the {place} function of the parameters fails: {text}") from error
    wanted = "step" if side.framework == "torch" else "apply"
    if not hasattr(optimizer, wanted):
        raise UsageError(f"step: the {place} function returns {type(optimizer).__name__}, no optimizer of its framework")
    return optimizer
