"""Why a layer differs: the configurations that the catalogue recognises, and the proof by a mended copy.

A cause is named where mending it in the copy makes the layer agree.  Where nothing mends it, the one entry that
recognises the two layers is named: then the configuration says so.
"""

import contextlib
import functools
from collections.abc import Callable
from typing import Any

from parity.divergences import Divergence, catalogue
from parity.models.mends import Mend, mends_of
from parity.models.watch import Again, Call
from parity.task import Array

# Configurations that differ and leave an output in eval mode as it is, or that only say how a tensor lies.
SILENT = (
    "BN-MOM",
    "DROP-RATE",
    "INIT-PRELU",
    "INIT-INORM",
    "LSTM-DROP",
    "LSTM-OUT",
    "MASK-ZERO",
    "MHA-BF",
    "MHA-KEYDIM",
)


@functools.cache
def _recognising() -> list[type[Divergence]]:
    return [entry for entry in catalogue().values() if "recognise" in vars(entry)]


def recognised(a: Any, b: Any) -> list[type[Divergence]]:
    """The entries that recognise two layers, losses or optimizers as different; the sides in either order."""
    found = []
    for entry in _recognising():
        for x, y in ((a, b), (b, a)):
            if _among(x, entry, "torch") and _among(y, entry, "keras"):
                with contextlib.suppress(AttributeError, KeyError, TypeError):
                    if vars(entry)["recognise"](x, y):
                        found.append(entry)
    return found


def _among(thing: Any, entry: type[Divergence], library: str) -> bool:
    """Whether the thing's class, or one that it derives from, is among the entry's."""
    names = {api.rpartition(".")[2] for api in entry.apis if api.startswith(f"{library}.")}
    return any(c.__name__ in names and c.__module__.startswith(library) for c in type(thing).__mro__)


def mended(
    first: Call, second: Call, again: Again, agrees: Callable[[list[Array]], bool]
) -> tuple[list[Mend], list[str]]:
    """The fewest mends that make the layer agree, one or all, and the entries that name them."""
    mends = list(mends_of(first, second))
    names = [entry.name for entry in recognised(first.layer, second.layer)]
    for tried in [*([mend] for mend in mends), mends]:
        if tried and agrees(apply(tried, again)):
            return tried, [next((n for n in mend.entries if n in names or mend.proven), "unknown") for mend in tried]
    failed = {name for mend in mends for name in mend.entries}
    telling = [name for name in names if name not in SILENT and name not in failed]
    return [], telling if len(telling) == 1 else []


def apply(mends: list[Mend], again: Again) -> list[Array]:
    """What the layer returns when it is mended; nothing where it cannot be called so."""
    changes = [mend.inputs for mend in mends if mend.inputs is not None]

    def change(inputs: list[Array]) -> list[Array]:
        for one in changes:
            inputs = one(inputs)
        return inputs

    with contextlib.ExitStack() as stack:
        for mend in mends:
            stack.enter_context(mend.patch())
        options = dict(option for mend in mends for option in mend.options)
        try:
            return again(change if changes else None, **options)
        except Exception:  # a mend that does not fit this layer is none
            return []
