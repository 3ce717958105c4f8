"""Which entries speak of the APIs that somebody uses."""

import math
import re
from collections.abc import Collection, Iterable

from parity.divergences import Divergence, catalogue
from parity.task import UsageError, nearest

ROOTS = ("torch", "keras", "tensorflow", "numpy")
# One library under several names; the longer first.
SAME = {"tensorflow.keras": "keras", "tf.keras": "keras", "tensorflow": "tf"}


def one_name(name: str) -> str:
    """A name under the usual one of its library: `tensorflow.keras.Model` is `keras.Model`."""
    for other, usual in SAME.items():
        if name == other or name.startswith(f"{other}."):
            return usual + name.removeprefix(other)
    return name


def in_full(name: str) -> str:
    """An API as it is typed, under its library's usual name; `nn.GRU`, which names no library, is `GRU`."""
    name = one_name(name)
    return name if name.partition(".")[0] in (*ROOTS, "tf") else _last(name)


def known(apis: Iterable[str]) -> list[str]:
    """These APIs, of which there is an entry each; a UsageError names those of which there is none, and the nearest."""
    apis = [*apis]
    unknown = [api for api in apis if not _about([in_full(api)])]
    if unknown:
        near = nearest(unknown[0], (api for entry in catalogue().values() for api in entry.apis))
        hint = f"did you mean {' or '.join(near)}?" if near else "parity divergences WORD searches them all"
        raise UsageError(f"no divergence is known of {', '.join(unknown)}; {hint}")
    return [in_full(api) for api in apis]


def entries_for(apis: Iterable[str], arguments: Collection[str] = ()) -> list[type[Divergence]]:
    """The differences about these APIs by their noise units, most first; then what has none, as a shape; then errors.

    After them are those that are `unseen` with these `arguments`.  Last, unless "float64" is among them, are those that
    were measured in it: their units count float64's noise.

    Args:
        apis: in full, as "torch.nn.BatchNorm2d", or by their last part, as "batchnorm2d".  A function stands for its
            class and the other way round: `layer_norm` is `LayerNorm`, `cross_entropy` is `CrossEntropyLoss`.
    """
    apis = [*apis]

    def order(entry: type[Divergence]) -> tuple[bool, bool, bool, bool, float]:
        double = entry.dtype == "float64" and "float64" not in arguments
        return double, unseen(entry, apis, arguments), bool(entry.raises), math.isinf(entry.units), -entry.units

    return sorted((entry for entry in _about(apis) if not entry.equal), key=order)


def unseen(entry: type[Divergence], apis: Iterable[str], arguments: Collection[str]) -> bool:
    """Whether the difference does not show where these are called and given: it needs another, or a default."""
    given = {*arguments, *map(_last, apis)}
    return bool(given.intersection(entry.defaults) or (only_with(entry) and not given.intersection(only_with(entry))))


def only_with(entry: type[Divergence]) -> tuple[str, ...]:
    """What must be given or called, by name, for the difference to show; empty where it shows by itself."""
    return entry.arguments or (("float64",) if entry.dtype == "float64" else ())


def equal_for(apis: Iterable[str]) -> list[type[Divergence]]:
    """What is believed to differ about these APIs, and does not."""
    return [entry for entry in _about(apis) if entry.equal]


def _about(apis: Iterable[str]) -> list[type[Divergence]]:
    asked = {_key(api) for api in apis}
    return [
        entry for entry in catalogue().values()
        if any(key in asked for api in entry.apis for key in (_key(api), _key(_last(api))))
    ]  # fmt: skip


def _key(api: str) -> str:
    """An API's library and the bare word of its last part: no case, no underscores, no "Loss" and no dimension."""
    library = api.lower().partition(".")[0] if "." in api else ""
    word = re.sub(r"(loss|[123]d)$", "", _last(api).lower().replace("_", ""))
    return f"{library}.{word}" if library else word


def _last(api: str) -> str:
    return api.rpartition(".")[2]
