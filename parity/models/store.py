"""The truth of every tensor of a run, with its noise: in memory as far as it fits, and then on the disk."""

import hashlib
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from parity.judging.noise import Spread, Truth, flush
from parity.task import Array

MEMORY = 384 * 2**20  # bytes of tensors that are kept in memory
Key = tuple[str, int | str, int]  # "in" or "out", the call, and which of its tensors; or "result", "gradient", "buffer"


class Store:
    """The tensors of a run, each once: in memory as far as they fit, and then in a temporary folder."""

    def __init__(self) -> None:
        self._places: dict[Key, int] = {}
        self._kept: dict[int, Array] = {}
        self._seen: dict[tuple[Any, ...], int] = {}  # what one layer returns, the next one gets
        self._left = MEMORY
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def put(self, key: Key, x: Array) -> None:
        x = np.ascontiguousarray(x)
        digest = (x.shape, x.dtype.str, hashlib.blake2b(x.data, digest_size=16).digest())
        known = digest in self._seen
        place = self._places[key] = self._seen.setdefault(digest, len(self._seen))
        if known:
            return
        if x.nbytes <= self._left:
            self._left -= x.nbytes
            self._kept[place] = x.copy()
        else:
            np.save(self._path(place), x)

    def get(self, key: Key) -> Array:
        place = self._places[key]
        return self._kept[place] if place in self._kept else np.load(self._path(place))

    def place(self, key: Key) -> int:
        """A number that tensors of one content share."""
        return self._places[key]

    def __contains__(self, key: Key) -> bool:
        return key in self._places

    def keys(self) -> list[Key]:
        return list(self._places)

    def close(self) -> None:
        self._kept.clear()
        if self._folder is not None:
            self._folder.cleanup()

    def _path(self, place: int) -> Path:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="parity-")
        return Path(self._folder.name, f"{place}.npy")


@dataclass
class Truths:
    """The truth of every tensor with its noise, in a free run and forced."""

    store: Store
    free: dict[Key, Spread] = field(default_factory=lambda: defaultdict(Spread))
    forced: dict[Key, Spread] = field(default_factory=lambda: defaultdict(Spread))

    def of(self, key: Key, *, forced: bool) -> Truth:
        value = self.store.get(key)
        if value.dtype.kind != "f":
            return Truth(value=value)
        return (self.forced if forced else self.free)[key].truth(flush(value, "float32"))
