"""One side of a divergence: run with its framework as it comes, and with everything global put back."""

import contextlib
import importlib
import inspect
import random
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity.divergences.entry import Divergence, framework_of
from parity.frameworks.runtime import runtime
from parity.judging.noise import rms
from parity.judging.run import Failure
from parity.task import Array, Arrays, cast

FEW = 6  # so many numbers are shown one by one
PLAIN = (np.ndarray, str, bool, int, float, tuple, list)  # results that are no framework's tensor


@dataclass(frozen=True)
class Outcome:
    """What came of one side: a value or an error, and its warnings."""

    value: Array | None
    error: Failure | None = None
    warnings: tuple[str, ...] = ()


def short(found: Outcome) -> str:
    """What came of a side in a line: its error, or its dtype and values, or if they are many its shape and size."""
    if found.value is None:
        return str(found.error)
    value = found.value
    if value.dtype.kind == "U":
        return str(value.tolist())
    if value.size <= FEW:
        return f"{value.dtype} {_numbers(value.tolist())}"
    finite = np.abs(value[np.isfinite(value)]).astype("float64")
    odd = {"nan": np.isnan(value).sum(), "inf": np.isinf(value).sum()}
    said = [f"rms {rms(finite):.3g}", *(f"{count} {what}" for what, count in odd.items() if count)]
    return f"{value.dtype} {value.shape}: {', '.join(map(_numbers, value.flat[:3]))}, ...; {', '.join(said)}"


def inputs_of(entry: type[Divergence]) -> Arrays:
    """The inputs of an entry, rounded to its dtype: the same numbers in any order and process."""
    draw = vars(entry).get("inputs")
    rng = np.random.default_rng(zlib.crc32(entry.name.encode()))
    return cast(draw(rng), entry.dtype) if draw else {}


def outcome(
    entry: type[Divergence], side: str, arrays: Arrays, *, aligned: bool = False, default: str = "float32"
) -> Outcome:
    """Run one side on those of these inputs that it names.

    Args:
        aligned: the side after the cure, where it has another form there.
        default: the default dtype of its framework meanwhile.

    Raises:
        Unavailable: the framework is missing; the message has the command that installs it.
    """
    function = entry.aligned.get(side, entry.sides[side]) if aligned else entry.sides[side]
    framework = framework_of(entry, side)
    given = {name: arrays[name] for name in inspect.signature(function).parameters if name in arrays}
    with as_found(framework, default), warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            value, error = _array(framework, function(**runtime(framework).put(given, "cpu", {}))), None
        except Exception as raised:
            value, error = None, Failure.of(raised)
    return Outcome(value, error, tuple(str(warning.message) for warning in told))


@contextlib.contextmanager
def as_found(framework: str, dtype: str) -> Iterator[None]:
    """The framework with this default dtype and its generators seeded; all is put back, after an error too.

    TensorFlow's global generator is not: it cannot be read.  Entries that draw from it are `fresh`.
    """
    before, numpys = random.getstate(), np.random.get_state()  # noqa: NPY002  # a user's own global state
    with contextlib.ExitStack() as stack:
        stack.callback(random.setstate, before)  # Keras draws the seeds of its layers from it
        stack.callback(np.random.set_state, numpys)
        stack.enter_context(runtime(framework).policy("cpu", dtype))
        random.seed(0)
        np.random.seed(0)  # noqa: NPY002
        if framework == "torch":
            torch = importlib.import_module("torch")
            stack.callback(torch.set_default_dtype, torch.get_default_dtype())
            stack.enter_context(torch.random.fork_rng(devices=[]))
            torch.set_default_dtype(getattr(torch, dtype))
            torch.manual_seed(0)
        yield


def _numbers(value: Any) -> str:
    """Three digits of each; a zero without its sign."""
    return f"[{', '.join(map(_numbers, value))}]" if isinstance(value, list) else f"{value + 0:.3g}"


def _array(framework: str, value: Any) -> Array:
    return np.asarray(value if isinstance(value, PLAIN) else runtime(framework).get({"": value}, {})[""])
