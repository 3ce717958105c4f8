"""Errors in units of rounding noise: this project's only measure and only limit.

A float32 result differs from the truth because its inputs and every intermediate value are rounded.  The
least possible error depends on the computation, so it is measured: the truth is computed again from inputs
that are jittered as much as rounding would change them, and the spread is the noise.  An error of one noise
unit is the effect of a single rounding of the inputs and of the result.
"""

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity.judging.arrays import as_array, as_arrays, dtype_named
from parity.task import Array, Arrays, UsageError, cast

LIMIT = 30.0  # noise units; LAPACK's test suite passes residuals below the same threshold
SAMPLES = 8  # jittered truths
FEW_SAMPLES = 2  # at `large`, where a tensor's many elements are samples too, and each truth takes seconds
JITTER = 2.0**-24  # the unit roundoff of float32
UNIT = {"float32": 2.0**-24, "float64": 2.0**-53}  # unit roundoff: half the distance from 1 to the next number
WIDER = {"float32": "float64", "float64": "longdouble"}


@dataclass(frozen=True, kw_only=True)
class Truth:
    """A tensor's true value, and how far one rounding may move it."""

    value: Array
    noise: float = 0.0  # root mean square over the tensor's elements
    peak: float = 0.0  # the same for the worst element

    def with_noise_of(self, sibling: "Truth") -> "Truth":
        """This value with the sibling's noise: for a gradient that is zero in theory."""
        return Truth(value=self.value, noise=sibling.noise, peak=sibling.peak)


class Spread:
    """How far a tensor moves under jitter, one jittered tensor after another: none is kept."""

    def __init__(self) -> None:
        self._rms: list[float] = []
        self._peak = 0.0

    def add(self, jitter: Array) -> None:
        """One more `jittered truth - truth`, always of the same number of elements, all finite."""
        self._rms.append(rms(jitter))
        self._peak = max(self._peak, float(np.abs(jitter).max(initial=0)))

    def truth(self, value: Array, unit: float = UNIT["float32"]) -> Truth:
        """The truth `value` with its scales, for a result of this unit roundoff."""
        size = np.abs(value[np.isfinite(value)]).max(initial=0)
        factor = unit / JITTER
        return Truth(
            value=value,
            noise=math.hypot(rms(np.array(self._rms)) * factor, _result_noise(value, unit)),
            peak=math.hypot(self._peak * factor, unit * size),
        )


def truth_of(
    compute: Callable[[Arrays, Arrays], Mapping[str, Any]],
    params: Mapping[str, Any],
    batch: Mapping[str, Any],
    dtype: Any,
) -> dict[str, Truth]:
    """The truth of every tensor that `compute(params, batch)` returns, for frameworks that compute in `dtype`.

        truth  = compute(inputs rounded to dtype) in the next wider type
        jitter = compute(inputs · (1 + u · uniform(-1, 1))) - compute(inputs), 8 times in float64, u = 2⁻²⁴
        noise  = sqrt(rms(jitter)² + (u · rms(truth))² / 3)
        peak   = sqrt(max|jitter|² + (u · max|truth|)²)

    For float64 the same jitter is multiplied by 2⁻²⁹, since it acts as a derivative and longdouble is slow.  Only
    floating inputs are jittered: labels and masks are exact.  If the platform's longdouble is no wider than float64,
    float64 is judged against itself.

    A torch module can be the reference of float32, in float64:

        net = net.double().eval()
        truth_of(lambda params, batch: {"y": net(torch.as_tensor(batch["x"]))}, {}, {"x": x}, "float32")

    Args:
        compute: works in the precision of its inputs (float64, and for float64 longdouble, which no framework but
            NumPy has) and is deterministic.  It may return tensors of any framework.
        params, batch: named arrays; `compute` gets them as NumPy arrays with the same shapes and integer types.
        dtype: `float32` or `float64`, by name, "f4", or a framework's own.

    Raises:
        UsageError: the inputs or outputs are no named real numbers; `compute` does not repeat itself, or does not
            return the wider type.

    Warns:
        UserWarning: no input is jittered, or no output moves under jitter: then any error counts as many units.
    """
    dtype = dtype_named(dtype)
    params, batch = as_arrays(params, "params"), as_arrays(batch, "batch")

    def checked(params: Arrays, batch: Arrays) -> Arrays:
        try:
            return as_arrays(compute(params, batch), "the outputs")
        except TypeError as error:
            if any(a.dtype == np.longdouble for a in {**params, **batch}.values()):
                raise UsageError("the truth of float64 needs a function that computes in NumPy's longdouble") from error
            raise

    rounded = [cast(arrays, dtype) for arrays in (params, batch)]
    first, second = (checked(*(cast(arrays, WIDER[dtype]) for arrays in rounded)) for _ in range(2))
    for name, value in first.items():
        if name not in second or not np.array_equal(value, second[name], equal_nan=value.dtype.kind == "f"):
            raise UsageError(
                f"{name!r} is not the same in two calls: a reference must repeat itself (dropout left on?)"
            )
        if value.dtype.kind == "f" and value.dtype != WIDER[dtype]:
            raise UsageError(
                f"{name!r} came back as {value.dtype}, not {WIDER[dtype]}: compute in the inputs' precision"
            )
    truths = measured_truth(checked, params, batch, dtype)
    real = [truth for truth in truths.values() if truth.value.dtype.kind == "f" and truth.value.any()]
    if real and all(truth.noise == _result_noise(truth.value, UNIT[dtype]) for truth in real):
        warnings.warn(
            "no output moves when the inputs are jittered: are they used, and are they floating?", stacklevel=2
        )
    return truths


def measured_truth(
    compute: Callable[[Arrays, Arrays], Mapping[str, Array]], params: Arrays, batch: Arrays, dtype: str,
    *, samples: int = SAMPLES,
) -> dict[str, Truth]:  # fmt: skip
    """As `truth_of`, of a function of NumPy arrays that is known to repeat itself and to keep its inputs' precision."""
    rounded = [cast(arrays, dtype) for arrays in (params, batch)]
    wide = [cast(arrays, WIDER[dtype]) for arrays in rounded]
    double = [cast(arrays, "float64") for arrays in rounded]
    truth = compute(*wide)
    centre = truth if WIDER[dtype] == "float64" else compute(*double)
    rng = np.random.default_rng(SAMPLES)
    jittered = [compute(*(_jitter(rng, arrays) for arrays in double)) for _ in range(samples)]
    with np.errstate(invalid="ignore"):  # inf - inf where the truth is infinite; both scales leave it out
        return {
            name: _scale(flush(value, dtype), [j[name] - centre[name] for j in jittered], UNIT[dtype])
            if np.issubdtype(value.dtype, np.floating)
            else Truth(value=value)
            for name, value in truth.items()
        }


def noise_units(output: Any, truth: Any, *, noise: float, peak: float) -> float:
    """The error of `output` in units of rounding noise; `LIMIT` or less agrees.

        units = max(rms(output - truth) / noise, max|output - truth| / peak)

    Infinities must match in place and sign and are left out of both ratios.  No error is 0 units.  A NaN, a
    different shape, and an error without any noise give infinite units.

    Args:
        output: the computed tensor, any shape: an array or a tensor of any framework, a list or a number.
        truth: the same shape, in a wider type.
        noise, peak: the tensor's scales as `truth_of` measures them, in the tensor's own unit.

    Raises:
        UsageError: complex numbers or text; a noise or a peak that is negative, infinite or NaN.
    """
    output, truth = as_array(output, "the output"), as_array(truth, "the truth")
    for name, scale in (("noise", noise), ("peak", peak)):
        if not 0 <= scale < math.inf:
            raise UsageError(f"{name} is {scale}: a scale as truth_of measures it is due, finite and not negative")
    if output.shape != truth.shape or np.isnan(output).any() or np.isnan(truth).any():
        return math.inf
    wide = np.result_type(output, truth, np.float64)  # no integer wraps around, and no float32 overflows
    output = output.astype(wide, copy=False)
    finite = np.isfinite(truth)
    if not np.array_equal(output[~finite], truth[~finite]) or not np.isfinite(output[finite]).all():
        return math.inf
    with np.errstate(over="ignore"):  # 1e308 against -1e308 is infinitely far
        error = np.abs(output[finite] - truth[finite])
    if not error.any():
        return 0.0
    if noise == 0 or peak == 0 or not np.isfinite(error).all():
        return math.inf
    return float(max(rms(error) / noise, error.max() / peak))


def rms(x: Array) -> float:
    """The root mean square, free of overflow and underflow; 0 for an empty array."""
    largest = np.abs(x).max(initial=0)
    return float(largest * np.sqrt(np.mean((x / largest) ** 2))) if largest else 0.0


def flush(x: Array, dtype: str) -> Array:
    """`x` with zeros below the smallest normal number of `dtype`: some processor modes flush such values to zero."""
    return np.where(np.abs(x) < np.finfo(dtype).smallest_normal, np.zeros_like(x), x)


def _jitter(rng: np.random.Generator, arrays: Arrays) -> Arrays:
    return {
        name: a * (1 + JITTER * rng.uniform(-1, 1, a.shape)) if np.issubdtype(a.dtype, np.floating) else a.copy()
        for name, a in arrays.items()
    }


def _scale(value: Array, jitters: list[Array], unit: float) -> Truth:
    spread = Spread()
    for jitter in jitters:
        spread.add(jitter[np.isfinite(value)])
    return spread.truth(value, unit)


def _result_noise(value: Array, unit: float) -> float:
    """What the rounding of the result alone does: uniform within one unit, so 1 / √3 of it."""
    return unit * rms(value[np.isfinite(value)]) / math.sqrt(3)
