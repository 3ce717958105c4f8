"""Run a divergence: how far apart its sides are as they come, and whether the cure brings them together."""

import atexit
import functools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from parity.divergences.entry import Divergence
from parity.divergences.side import Outcome, inputs_of, outcome, short
from parity.judging.noise import LIMIT, Truth, flush, measured_truth, noise_units, rms
from parity.judging.worker import Worker
from parity.task import Arrays, cast

TIMEOUT = 120.0  # seconds for one entry, the first of a process with its imports
FACTOR = 2.0  # a measured gap may be so many times the recorded one, or such a fraction of it


@dataclass(frozen=True, kw_only=True)
class Measured:
    """An entry as it is on this machine."""

    outcomes: dict[str, Outcome]  # by side, as it comes
    gap: float  # relative RMS: the farthest side from the first
    units: float  # the same in noise units; inf where there is no noise to count in
    residual: float | None = None  # the gap after the cure; None where nothing aligns
    aligned_units: float | None = None  # after the cure: the worst side, the first too, in noise units


def measure(entry: type[Divergence]) -> Measured:
    """Run an entry that runs: each side on inputs in `entry.dtype`, and the first in float64 for the truth.

    Nothing global stays changed.  An entry with `fresh` runs in a process that is kept for all of its kind.

    Raises:
        Unavailable: a framework is missing; the message has the command that installs it.
        WorkerError: the process of its own died.
    """
    return measure_apart(entry) if entry.fresh else _measure(entry)


def measure_apart(entry: type[Divergence]) -> Measured:
    """As `measure`, in a process that is kept: what the frameworks log when they are imported is seen by nobody."""
    return _worker(entry.fresh).call(_measure, entry, timeout=TIMEOUT)


def faults(entry: type[Divergence], measured: Measured) -> list[str]:
    """In words, what of an entry no longer holds; empty where all does."""
    return [*unlike_the_record(entry, measured), *not_aligned(entry, measured)]


def unlike_the_record(entry: type[Divergence], measured: Measured) -> list[str]:
    """What is not as recorded as it comes: the gap, by more than a factor of two; a value; an error; a warning."""
    found = []
    if entry.equal and measured.units > LIMIT:
        found.append(f"the sides are {measured.units:,.0f} noise units apart")
    if not entry.equal and not _near(measured.gap, entry.gap):
        found.append(f"the gap is {measured.gap:.2g}, recorded is {entry.gap:.2g}")
    elif not entry.equal and not _near(measured.units, entry.units):
        found.append(f"the gap is {measured.units:.2g} noise units, recorded are {entry.units:.2g}")
    for side, here in measured.outcomes.items():
        kind, pattern = entry.raises.get(side, ("", ""))
        if here.error is None and kind:
            found.append(f"{side} does not raise {kind}")
        if here.error is not None and not (kind in here.error.classes and re.search(pattern, here.error.message)):
            found.append(f"{side} raises {here.error}")
        if side in entry.gives and short(here) != entry.gives[side]:
            found.append(f"{side} gives {short(here)}, recorded is {entry.gives[side]}")
        if side in entry.warns and not any(re.search(entry.warns[side], said) for said in here.warnings):
            found.append(f"{side} does not warn of {entry.warns[side]!r}")
    return found


def not_aligned(entry: type[Divergence], measured: Measured) -> list[str]:
    """What the cure leaves: more than 30 noise units, or another residual than the recorded one."""
    if measured.residual is None or measured.aligned_units is None:
        return []
    if entry.residual and not _near(measured.residual, entry.residual):
        return [f"the cure leaves {measured.residual:.2g}, recorded is {entry.residual:.2g}"]
    if not entry.residual and measured.aligned_units > LIMIT:
        return [f"after the cure the sides are {measured.aligned_units:,.0f} noise units apart"]
    return []


def _measure(entry: type[Divergence]) -> Measured:
    first, arrays = next(iter(entry.sides)), inputs_of(entry)
    outcomes = {side: outcome(entry, side, arrays) for side in entry.sides}
    truth = _truth(entry, arrays, outcomes[first], aligned=False)
    gap, units = _apart(outcomes), _units(outcomes, truth, entry.dtype)
    if not entry.aligned:
        return Measured(outcomes=outcomes, gap=gap, units=units)
    cured = {side: outcome(entry, side, arrays, aligned=True) for side in entry.sides}
    if first in entry.aligned:
        truth = _truth(entry, arrays, cured[first], aligned=True)
    residual, aligned_units = _apart(cured), _units(cured, truth, entry.dtype)
    return Measured(outcomes=outcomes, gap=gap, units=units, residual=residual, aligned_units=aligned_units)


def _truth(entry: type[Divergence], arrays: Arrays, narrow: Outcome, *, aligned: bool) -> Truth | None:
    """The first side in float64, with its noise; None where it raises or returns no real numbers.

    No framework is wider than float64, so the truth of an entry in float64 is the first side's own value.
    """
    if narrow.value is None or narrow.value.dtype.kind != "f":
        return None
    first = next(iter(entry.sides))

    def compute(_: Arrays, batch: Arrays) -> Arrays:
        wide = outcome(entry, first, cast(batch, "float64"), aligned=aligned, default="float64")
        if wide.value is None:
            raise ValueError(f"{entry.name}: in float64 {first} raises {wide.error}")
        return {"": wide.value.astype("float64")}

    return measured_truth(compute, {}, arrays, entry.dtype)[""]


def _apart(outcomes: Mapping[str, Outcome]) -> float:
    """rms(other - first) / rms(first), of the farthest side."""
    first, *others = outcomes.values()
    return max(_gap(first, other) for other in others)


def _gap(first: Outcome, other: Outcome) -> float:
    """The same of one side: 0 where both raise alike; inf for another shape or kind, and from zero to what is not."""
    if first.error is not None and other.error is not None:
        return 0.0 if first.error.classes == other.error.classes else math.inf
    a, b = first.value, other.value
    if a is None or b is None or a.shape != b.shape:
        return math.inf
    if "U" in (a.dtype.kind, b.dtype.kind):
        return 0.0 if np.array_equal(a, b) else math.inf
    a, b = a.astype("float64"), b.astype("float64")
    finite = np.isfinite(a)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True) or not np.isfinite(b[finite]).all():
        return math.inf
    error, size = rms(b[finite] - a[finite]), rms(a[finite])
    return error / size if size else (math.inf if error else 0.0)


def _units(outcomes: Mapping[str, Outcome], truth: Truth | None, dtype: str) -> float:
    """The worst side's error; exact where there is no truth in real numbers."""
    if truth is None:
        return math.inf if _apart(outcomes) else 0.0
    values = [found.value for found in outcomes.values()]
    return max(
        math.inf
        if value is None or value.dtype.kind == "U"
        else noise_units(flush(value, dtype), truth.value, noise=truth.noise, peak=truth.peak)
        for value in values
    )


def _near(measured: float, recorded: float) -> bool:
    return measured == recorded or recorded / FACTOR <= measured <= recorded * FACTOR < math.inf


@functools.cache
def _worker(fresh: bool) -> Worker:
    """One for the entries that touch a global generator, and one for the others."""
    worker = Worker()
    atexit.register(worker.close)
    return worker
