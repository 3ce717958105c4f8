"""The catalogue of what the frameworks do differently: one module an area, entries that run.

Reading it imports no framework; `parity.divergences.measure` runs the entries.
"""

import functools
import importlib
import pkgutil

from parity.divergences.entry import Divergence, entries
from parity.divergences.search import ranked

__all__ = ["Divergence", "areas", "catalogue", "find", "of_area"]

# The modules here that are no area.
ENGINE = ("entry", "side", "measure", "report", "steps", "apis", "usage", "search", "command", "check", "drift")


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
    """The entries that have these words or at least half of them, the best first."""
    return ranked(catalogue().values(), words)


def of_area(area: str) -> list[type[Divergence]]:
    """The entries of one area."""
    return [entry for entry in catalogue().values() if entry.area == area]
