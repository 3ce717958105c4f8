"""The catalogue of what the frameworks do differently: one module an area, entries that run.

Reading it imports no framework; `parity.divergences.measure` runs the entries.
"""

import functools
import importlib
import pkgutil
from collections.abc import Sequence

from parity.divergences.entry import Divergence, entries

__all__ = ["Divergence", "areas", "catalogue", "find", "of_area"]

# The modules here that are no area.
ENGINE = ("entry", "side", "measure", "report", "steps", "apis", "command", "check", "drift")


def areas() -> list[str]:
    """The areas, which are the modules in this folder."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name not in ENGINE)


@functools.cache
def catalogue() -> dict[str, type[Divergence]]:
    """All entries by name, area after area, in the order of their files."""
    for area in areas():
        importlib.import_module(f"{__name__}.{area}")
    return {name: entry for name, entry in entries.items() if entry.__module__.startswith(f"{__name__}.")}


def find(words: str) -> list[type[Divergence]]:
    """The entries that have each of these words, in any case, in their name, area, title, apis or words."""
    return [entry for entry in catalogue().values() if all(word in _text(entry) for word in words.lower().split())]


def of_area(area: str) -> list[type[Divergence]]:
    """The entries of one area."""
    return [entry for entry in catalogue().values() if entry.area == area]


def _text(entry: type[Divergence]) -> str:
    texts: Sequence[str] = (entry.name, entry.area, entry.title, *entry.apis, *entry.words)
    return "\n".join(texts).lower()
