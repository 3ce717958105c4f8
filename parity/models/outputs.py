"""The outputs of both models: which belong together, and how far they are apart."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from parity.judging.noise import LIMIT, noise_units
from parity.models.links import carried
from parity.models.store import Truths
from parity.models.views import View, best, views
from parity.task import Array, Arrays


@dataclass
class Output:
    """An output of the models: the truth's place, and the name and the layout in the second."""

    place: int
    first: str
    second: str
    view: View | None = None
    edge: float = math.inf
    carried: bool = False
    cause: str = ""
    propagated: float | None = None
    propagated_float32: float | None = None

    def error(self, truths: Truths, seen: Array, *, forced: bool) -> float:
        """The noise units of what the second model returned."""
        if self.view is None:
            return math.inf
        truth = truths.of(("result", 0, self.place), forced=forced)
        return noise_units(seen, self.view(truth.value), noise=truth.noise, peak=truth.peak)


def outputs_of(truths: Truths, first: Sequence[str], results: Arrays, errors: list[Array]) -> list[Output]:
    """The outputs by their order, a dictionary's by their names; judged where all layers were fed the truth.

    Args:
        first: the names of the first model's, and `results` the second's.
        errors: what is wrong with the inputs of layers, which an output may be wrong by too.
    """
    found = []
    for i, (a, b) in enumerate(zip(first, second_names(first, results))):
        truth = truths.of(("result", 0, i), forced=True)
        candidates = views(truth.value.shape, results[b].shape)
        output = Output(i, a, b, best(candidates, truth.value, results[b]) if candidates else None)
        output.edge = output.error(truths, results[b], forced=True)
        if output.edge > LIMIT and output.view is not None:
            output.carried = carried(errors, results[b], output.view(truth.value), truth)
        found.append(output)
    return found


def second_names(first: Sequence[str], results: Mapping[str, Array]) -> list[str]:
    """The second model's outputs in the order of the first's."""
    return list(first) if set(first) == set(results) else list(results)
