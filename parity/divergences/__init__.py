"""The catalogue of what the frameworks do differently, and how the implementations align it."""

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Divergence:
    """One difference, by the name that a task's `aligns` and the aligning line's comment give it."""

    name: str  # "BN-EPS"
    what: str
    torch: str
    keras: str
    align: str


@functools.lru_cache(maxsize=1)
def catalogue() -> dict[str, Divergence]:
    """All entries by name, from the files in `parity/divergences/`."""
    found: dict[str, Divergence] = {}
    for path in sorted(Path(__file__).parent.glob("*.toml")):
        for name, entry in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if name in found:
                raise ValueError(f"{path}: {name} stands twice in the catalogue")
            found[name] = Divergence(name, **entry)
    return found
