"""Two runs of a model that must be the same, and the layer from which on they are not."""

import zlib
from dataclasses import dataclass, field

import numpy as np

from parity.models.report import output_name
from parity.models.sides import Side
from parity.models.watch import Again, Call
from parity.task import Array, Arrays, UsageError


@dataclass
class Sums:
    """A watcher that takes down the checksums of what every layer got and returned, with the place in words."""

    seen: list[tuple[str, int]] = field(default_factory=list)

    def enter(self, call: Call, inputs: list[Array]) -> None:
        self.seen.append((f"before {call.name}", _sum(inputs)))

    def leave(self, call: Call, outputs: list[Array], again: Again) -> None:
        self.seen.append((f"in {call.name}", _sum(outputs)))


def repeat(side: Side, inputs: Arrays, results: Arrays, which: str, *, training: bool = False) -> None:
    """Run the `which` model again; UsageError if it does not return the results once more."""
    again = side.run(inputs, training=training)
    for name, y in results.items():
        if name not in again or not np.array_equal(y, again[name], equal_nan=True):
            raise UsageError(
                f"the {which} model's {output_name(name)} is not the same in two runs"
                f"{_parting(side, inputs, training)}: models must repeat themselves "
                "(dropout left on, or noise without a seed?)"
            )


def _parting(side: Side, inputs: Arrays, training: bool) -> str:
    """The first place where two runs part; nothing where no layer is watched."""
    runs = Sums(), Sums()
    for watcher in runs:
        side.run(inputs, watcher, training=training)
    parted = (place for (place, a), (_, b) in zip(runs[0].seen, runs[1].seen) if a != b)
    found = next(parted, "")
    return f", which part {found}" if found else ""


def _sum(arrays: list[Array]) -> int:
    total = 0
    for x in arrays:
        total = zlib.crc32(np.ascontiguousarray(x).tobytes(), total)
    return total
