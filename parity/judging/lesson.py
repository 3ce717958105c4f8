"""What an exercise says to print, from the outputs of one framework: as text for the terminal, as data for a file."""

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from parity.judging.noise import Truth, noise_units
from parity.judging.run import Outputs
from parity.task import Array, Cell, Error, Final, Gap, Matrix, Printed, Shape, Show, Table, Task

DIGITS = 4  # significant ones of a number that is shown
LEAST, MOST = 1e-4, 1e5  # sizes of numbers that are shown without an exponent
IN_FULL = 8  # elements of a value that a cell can hold
TELLING = 160  # characters of an error's message, to the end of a sentence


def shown(task: Task, outputs: Outputs, torch: Outputs | None) -> list[dict[str, Any]]:
    """What the exercise says to print, of one framework, as plain data for a file."""
    return [_plain(show, outputs, torch) for show in task.shows]


def units_by_row(task: Task, outputs: Outputs, truths: Mapping[str, Truth]) -> dict[str, list[float | str]]:
    """Of each real column of a trajectory's tables, the noise units of every row: how the error grows by epoch."""
    tables = [show for show in task.shows if isinstance(show, Table)]
    found = {}
    for key in dict.fromkeys(key for table in tables for key in table.columns.values()):
        if key in outputs and key in truths and task.stages[key.partition("/")[0]].trajectory:
            truth = truths[key]
            if np.issubdtype(truth.value.dtype, np.floating) and outputs[key].shape == truth.value.shape:
                pairs = zip(outputs[key], truth.value)
                units = [noise_units(mine, true, noise=truth.noise, peak=truth.peak) for mine, true in pairs]
                found[key] = ["inf" if value == math.inf else value for value in units]
    return found


def text_of(cell: Cell, outputs: Outputs, torch: Outputs | None) -> str:
    """A cell as it is shown."""
    if isinstance(cell, Error):
        if cell.stage in outputs.raised:
            return _telling(str(outputs.raised[cell.stage]))
        key = f"{cell.stage}/{cell.otherwise}"
        return f"no error: {_text(outputs[key])}" if key in outputs else "no error"
    if isinstance(cell, Printed):
        return outputs.printed.get(cell.stage) or "nothing"
    if isinstance(cell, Shape):
        return _shape(outputs[cell.of].shape) if cell.of in outputs else "-"
    if isinstance(cell, Final):
        return f"{outputs[cell.of].ravel()[-1]:.7g}" if cell.of in outputs else "-"
    if isinstance(cell, Gap):
        return gap_between(*(found.get(cell.of) for found in (outputs, torch or Outputs())))
    return _text(outputs[cell]) if cell in outputs else "-"


def gap_between(mine: Array | None, torch: Array | None) -> str:
    """The largest absolute difference of an output to PyTorch's; - where they are not numbers of one shape."""
    if mine is None or torch is None or mine.shape != torch.shape or mine.dtype.kind == "b":
        return "-"
    one, other = (a.astype(float) for a in (mine, torch))  # no small integer wraps around, and no float32 overflows
    with np.errstate(invalid="ignore"):
        gap = np.abs(one - other)
    return f"{np.where(mine == torch, 0, gap).max(initial=0):.2g}"


def column_of(key: str, outputs: Outputs) -> list[str]:
    """The cells of a table's column, a row each; real numbers of a like size have the same decimals."""
    if key not in outputs:
        return []
    value = np.atleast_1d(outputs[key])
    sizes = np.abs(value[value != 0])
    if value.ndim == 1 and value.dtype.kind == "f" and sizes.size and sizes.min() > LEAST and sizes.max() < MOST:
        decimals = max(0, DIGITS - 1 - math.floor(math.log10(sizes.max())))
        return [f"{element:z.{decimals}f}" for element in value]  # z: what is rounded to 0 has no sign
    return [_text(row) for row in value]


def matrix_of(key: str, outputs: Outputs) -> list[list[str]]:
    """The elements of a matrix."""
    return [[_text(element) for element in row] for row in np.atleast_2d(outputs[key])] if key in outputs else []


def _plain(show: Show, outputs: Outputs, torch: Outputs | None) -> dict[str, Any]:
    if isinstance(show, Table):
        columns = {heading: _list(outputs.get(key)) for heading, key in show.columns.items()}
        return {"kind": "table", "title": show.title, "row": show.row, "labels": list(show.labels), "columns": columns}
    if isinstance(show, Matrix):
        return {"kind": "matrix", "title": show.title, "of": show.of, "value": _list(outputs.get(show.of))}
    rows = {name: [text_of(cell, outputs, torch) for cell in cells] for name, cells in show.rows.items()}
    return {"kind": "rows", "title": show.title, "columns": list(show.columns), "rows": rows}


def _list(value: Array | None) -> Any:
    """Nested lists; what JSON has no number for is a string."""
    if value is None:
        return None
    if value.dtype.kind != "f":
        return value.tolist()
    return np.where(np.isfinite(value), value.astype(object), value.astype(str)).tolist()


def _text(value: Array) -> str:
    if value.ndim == 0:
        return _number(value)
    elements = [_number(element) for element in value.ravel()[:IN_FULL]]
    more = ", ..." if value.size > IN_FULL else ""
    return f"({', '.join(elements)}{more})" if value.size != 1 else elements[0]


def _telling(error: str) -> str:
    """The first sentences of an error."""
    first, *others = re.split(r"(?<=\.)\s+", error)
    for sentence in others:
        if len(first) + len(sentence) >= TELLING:
            break
        first = f"{first} {sentence}"
    return first


def _number(element: Any) -> str:
    value = element.item()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) > 9999 else str(value)
    return f"{value:z.{DIGITS}g}"  # z: -0 is 0


def _shape(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))})"
