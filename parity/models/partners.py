"""Partners: layers of both models that are to compute the same, and the tensors between which they are compared."""

from dataclasses import dataclass, field

from parity.models.views import View
from parity.models.watch import Call
from parity.models.weights import slots_of

RECURRENT = ("lstm", "gru", "rnn")
Place = tuple[int, int]  # a call, and which of its inputs or outputs


@dataclass
class Link:
    """An input or an output of the first model's layer, and where the second model has it."""

    first: Place
    second: Place
    first_part: tuple[int, int] | None = None  # one of so many equal parts along the features
    second_part: tuple[int, int] | None = None
    last: int = 0  # of a recurrence that returns its last state: how many directions it has
    view: View | None = None  # found when it is first compared


@dataclass
class Pair:
    """Layers that are to compute the same, one or several on either side."""

    kind: str
    first: list[Call]
    second: list[Call]
    entries: list[Link] = field(default_factory=list)
    exits: list[Link] = field(default_factory=list)

    @property
    def weighted(self) -> bool:
        return any(slots_of(call.layer) for call in self.first)

    @property
    def names(self) -> tuple[str, str]:
        one, two = ([c for c in calls if c.kind != "pad"] or calls for calls in (self.first, self.second))
        return (" + ".join(call.name for call in one), " + ".join(call.name for call in two))


@dataclass
class Pairing:
    pairs: list[Pair]
    alone: tuple[list[Call], list[Call]]  # layers with weights that have no partner
