"""Two files of tensors, for whoever has no models at hand."""

from pathlib import Path

import numpy as np

from parity.judging.noise import LIMIT, noise_units, rms
from parity.models.report import Fault, Report, Row
from parity.models.views import FIRST, LAST, SAME, View
from parity.task import Array, Arrays, UsageError

NOTE = "errors in roundings of each tensor: the least noise there is, so a long computation may exceed it and be right"
PERMUTED = {  # what a tensor of so many axes may have become
    2: ((1, 0),),
    3: ((0, 2, 1), (2, 1, 0), (1, 0, 2), (2, 0, 1), (1, 2, 0)),
    4: ((0, 2, 3, 1), (0, 3, 1, 2), (2, 3, 1, 0), (3, 2, 0, 1)),
    5: ((0, 2, 3, 4, 1), (0, 4, 1, 2, 3), (2, 3, 4, 1, 0), (4, 3, 0, 1, 2)),
}


def compare_tensors(first: str | Path, second: str | Path) -> Report:
    """Compare two .npz or .safetensors files: tensors are partners by name, else by the only fitting shape.

    Another layout that fits is recognised and said; a tensor without a partner is a fault.

    Raises:
        UsageError: a file cannot be read, or the two share nothing.
    """
    a, b = read(Path(first)), read(Path(second))
    report = Report(notes=[NOTE])
    left = dict(b)
    for name, x in a.items():
        partner = name if name in left else _only(x, left, a)
        if partner is None:
            report.faults.append(Fault("pairing", name, "", note=f"{x.shape}: it is in the first file alone"))
            continue
        _compare(report, name, x, partner, left.pop(partner))
    report.faults += [
        Fault("pairing", "", name, note=f"{y.shape}: it is in the second file alone") for name, y in left.items()
    ]
    if not report.rows:
        raise UsageError(f"{first} and {second} share no tensor by name or shape")
    worst = max(report.rows, key=lambda row: row.propagated or 0.0)
    report.notes.append(f"the worst is {worst.first}")
    return report


def read(path: Path) -> Arrays:
    """The tensors of a .npz or .safetensors file by name; UsageError if it cannot be read."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        if path.suffix == ".safetensors":
            found: Arrays = load_file(path)
        elif path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as file:
                found = dict(file)
        else:
            raise UsageError(f"{path} is neither .npz nor .safetensors")
    except (OSError, ValueError, SafetensorError, TypeError, KeyError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"{path} cannot be read: {error}") from error
    return found


def _only(x: Array, left: Arrays, first: Arrays) -> str | None:
    """The only tensor of the other file with this shape, in some order of the axes, that has no partner by name."""
    fitting = [n for n, y in left.items() if n not in first and sorted(y.shape) == sorted(x.shape)]
    return fitting[0] if len(fitting) == 1 else None


def _compare(report: Report, name: str, x: Array, partner: str, y: Array) -> None:
    found = {view.name: _roundings(view(x), y) for view in _views(x.shape) if view(x).shape == y.shape}
    if not found:
        note = f"{x.shape} and {y.shape}"
        report.rows.append(Row(name, partner, propagated=float("inf"), note=note))
        report.faults.append(Fault("output", name, partner, note=note))
        return
    layout = min(found, key=lambda view: found[view])
    if found[layout] > LIMIT and SAME.name in found:
        layout = SAME.name
    note = "" if layout == SAME.name else layout
    report.rows.append(Row(name, partner, propagated=found[layout], note=note))
    if found[layout] > LIMIT:
        report.faults.append(Fault("output", name, partner, found[layout]))
    elif note and SAME.name in found:
        report.faults.append(Fault("output", name, partner, found[SAME.name], note=f"equal when {note}"))


def _views(shape: tuple[int, ...]) -> list[View]:
    orders = PERMUTED.get(len(shape), ())
    named = {(0, 2, 3, 1): LAST.name, (0, 3, 1, 2): FIRST.name, (1, 0): "transposed"}
    return [SAME, *(View(named.get(o, f"axes {o}"), lambda x, o=o: x.transpose(o)) for o in orders)]  # type: ignore[misc]


def _roundings(x: Array, y: Array) -> float:
    if x.dtype.kind != "f" or y.dtype.kind != "f":
        return 0.0 if np.array_equal(x, y) else float("inf")
    unit = max(float(np.finfo(a.dtype).eps) for a in (x, y)) / 2
    wide = x.astype("float64")
    finite = wide[np.isfinite(wide)]
    return noise_units(y, wide, noise=unit * rms(finite) / 3**0.5, peak=unit * float(np.abs(finite).max(initial=0)))
