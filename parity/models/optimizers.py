"""Two optimizer steps from the same gradients, at three scales.

Adam's epsilon is invisible at 1, and momentum, betas and AMSGrad in a first step.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity.judging.noise import LIMIT, SAMPLES, Spread, Truth, noise_units
from parity.models.causes import recognised
from parity.models.faults import named
from parity.models.groups import reordered, slots_of_pair
from parity.models.layers import Layers
from parity.models.optimizer_cures import BOTH, CURES
from parity.models.partners import Pair
from parity.models.report import Fault
from parity.models.runs import jittered
from parity.models.sides import Side
from parity.models.state import keras_default, one_line
from parity.models.truth import restore, trained
from parity.models.weights import Slot, value
from parity.task import Array, Arrays, UsageError

SCALES = (1.0, 2.0**-10, 2.0**-20)
STEPS = 2

Updates = dict[int, Array]


@dataclass(frozen=True)
class Stepper:
    """A model's copy, its slots by number, and the function that makes its optimizer."""

    side: Side
    slots: dict[int, Slot]
    build: Callable[[Any], Any]
    place: str

    def optimizer(self) -> Any:
        """The optimizer of the trained weights, its settings rounded to float32 as Keras rounds them.

        Raises:
            UsageError: the function fails, or returns no optimizer of the model's framework.
        """
        try:
            made = self.build([v for v in self.side.variables().values() if trained(v)])
        except Exception as error:
            raise UsageError(f"step: the {self.place} function of the parameters fails: {one_line(error)}") from error
        if not hasattr(made, "step" if self.side.framework == "torch" else "apply"):
            raise UsageError(f"step: the {self.place} function returns {type(made).__name__}, no optimizer")
        if self.side.framework == "torch":
            made.defaults.update(_rounded(made.defaults))
            for group in made.param_groups:
                group.update(_rounded({name: v for name, v in group.items() if name != "params"}))
        else:
            for name, setting in _rounded({n: v for n, v in vars(made).items() if isinstance(v, float)}).items():
                setattr(made, name, setting)
            made.learning_rate = float(np.float32(made.learning_rate))
        return made

    def updates(self, optimizer: Callable[[], Any], gradients: list[Updates], jitter: Any = None) -> Updates:
        """What the steps of these gradients add to every weight; the weights are put back."""
        variables = self.side.variables()
        names = {id(v): name for name, v in variables.items()}
        kept: Arrays = {name: np.array(value(v)) for name, v in variables.items()}
        zero = {name: np.zeros_like(w) for name, w in kept.items() if trained(variables[name])}
        given = [dict(zero) for _ in gradients]
        for i, slot in self.slots.items():
            own = [names[id(v)] for v in slot.variables]
            for step, there in zip(gradients, given):
                there.update(zip(own, slot.write(step[i], *(there[name] for name in own))))
        before = kept if jitter is None else {name: jittered(jitter, w) for name, w in kept.items()}
        try:
            restore(self.side, before)
            self._run(optimizer, variables, given)
            moved = {name: value(v) - before[name] for name, v in variables.items()}
        finally:
            restore(self.side, kept)
        return {i: slot.read(*(moved[names[id(v)]] for v in slot.variables)) for i, slot in self.slots.items()}

    def _run(self, optimizer: Callable[[], Any], variables: dict[str, Any], given: list[Arrays]) -> None:
        if self.side.framework == "torch":
            import torch

            made = optimizer()
            for gradients in given:
                for name, g in gradients.items():
                    variables[name].grad = torch.as_tensor(np.ascontiguousarray(g))
                made.step()
                for name in gradients:
                    variables[name].grad = None
            return
        import keras

        with keras_default("float64"):
            made = optimizer()
            for gradients in given:
                moved = [variables[name] for name in gradients]
                made.apply([keras.ops.convert_to_tensor(g) for g in gradients.values()], moved)


def step_faults(layers: Layers, builders: tuple[Callable[[Any], Any], Callable[[Any], Any]]) -> list[Fault]:
    """The second optimizer's steps against the first's, judged by what they add to the weights.

    Raises:
        UsageError: a builder fails, or returns no optimizer of its model's framework.
    """
    both = [slots for pair in layers.pairs for slots in _shared(pair)]
    one, two = (
        Stepper(side, {i: slots[k] for i, slots in enumerate(both)}, builders[k], place)
        for k, (side, place) in enumerate(((layers.first_side, "first"), (layers.wide, "second")))
    )
    if not both:
        return []
    rng = np.random.default_rng(SAMPLES)
    drawn = [{i: rng.normal(size=slot.get().shape) for i, slot in one.slots.items()} for _ in range(STEPS)]
    gradients = [[{i: scale * g for i, g in step.items()} for step in drawn] for scale in SCALES]
    exact = [_truths(one, one.optimizer, scaled) for scaled in gradients]

    def units(cures: tuple[str, ...] = ()) -> float:
        """The worst update after these cures, some of which are put on both optimizers."""
        shared = [BOTH[name] for name in cures if name in BOTH]

        def first() -> Any:
            made = one.optimizer()
            for cure in shared:
                cure(made)
            return made

        def second() -> Any:
            made = two.optimizer()
            for name in cures:
                BOTH[name](made) if name in BOTH else CURES[name](one.optimizer(), made)
            return made

        truths = [_truths(one, first, scaled) for scaled in gradients] if shared else exact
        return max(
            noise_units(update, truth[i].value, noise=truth[i].noise, peak=truth[i].peak)
            for scaled, truth in zip(gradients, truths)
            for i, update in two.updates(second, scaled).items()
        )

    worst = units()
    if worst <= LIMIT:
        return []
    with keras_default("float64"):
        names = [entry.name for entry in recognised(one.optimizer(), two.optimizer())]
    note = "the updates of two steps from the same gradients"
    return [named(Fault("step", "step", "step", worst, note=note), entry) for entry in _causes(names, units)]


def _causes(names: list[str], units: Callable[[tuple[str, ...]], float]) -> list[str]:
    """The fewest recognised entries whose cures together make the step agree; the only one, if it has no cure here."""
    cured = [name for name in (*CURES, *BOTH) if name in names]
    for many in range(1, len(cured) + 1):
        for chosen in itertools.combinations(cured, many):
            if units(chosen) <= LIMIT:
                return list(chosen)
    return names if len(names) == 1 and not cured else ["unknown"]


def _truths(one: Stepper, optimizer: Callable[[], Any], gradients: list[Updates]) -> dict[int, Truth]:
    """The first optimizer's updates, and how far they move when gradients and weights are jittered."""
    exact, rng = one.updates(optimizer, gradients), np.random.default_rng(SAMPLES)
    spreads = {i: Spread() for i in exact}
    for _ in range(SAMPLES):
        given = [{i: jittered(rng, g) for i, g in step.items()} for step in gradients]
        moved = one.updates(optimizer, given, jitter=rng)
        for i, update in moved.items():
            spreads[i].add(update - exact[i])
    return {i: spreads[i].truth(update) for i, update in exact.items()}


def _shared(pair: Pair) -> list[tuple[Slot, Slot]]:
    """The trained weights of a pair on both sides, of one shape and with no layout between."""
    if reordered(pair):
        return []
    ones, twos = ({slot.name: slot for slot in slots} for slots in slots_of_pair(pair))
    both = [(a, twos[name]) for name, a in ones.items() if name in twos and a.get().shape == twos[name].get().shape]
    return [(a, b) for a, b in both if all(trained(v) for slot in (a, b) for v in slot.variables)]


def _rounded(settings: dict[str, Any]) -> dict[str, Any]:
    """Real settings as float32 holds them; the others as they are."""

    def one(setting: Any) -> Any:
        if isinstance(setting, tuple):
            return tuple(one(part) for part in setting)
        return float(np.float32(setting)) if isinstance(setting, float) else setting

    return {name: one(setting) for name, setting in settings.items()}
