"""The verdict on a framework's outputs: one row for each output, one rule for all."""

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any, Literal

import numpy as np

from parity.judging import coarse
from parity.judging.arrays import as_arrays
from parity.judging.inputs import draw
from parity.judging.noise import FEW_SAMPLES, LIMIT, SAMPLES, Truth, flush, measured_truth, noise_units
from parity.judging.run import Failure, Outputs, run, stages_of
from parity.task import Approximates, Array, Arrays, Raises, Returns, Shape, Stage, Stochastic, Task, cast, choose
from parity.tasks import has_own_settings, load

Verdict = Literal[
    "agrees", "exact", "coarse", "approximates", "raises", "statistical", "holds", "lapsed",
    "differs", "error", "unavailable",
]  # fmt: skip
PASSING: tuple[Verdict, ...] = ("agrees", "exact", "coarse", "approximates", "raises", "statistical", "holds", "lapsed")
NOT_TRUE = "the lesson says so, and it is not so here"
CLAIM = "claim"  # stands before the text of a claim, in the place of a stage

# One sampled value in 10⁹ may fail by chance.  A run has fewer than a thousand, so one run in 10⁶ may fail by chance.
FALSE_ALARM = 1e-9


@dataclass(frozen=True, kw_only=True)
class Row:
    """The verdict on one output of one run."""

    task: str
    framework: str
    device: str
    dtype: str
    mode: str
    size: str
    output: str  # "backward/grad.weight"; the stage's name if it gave no output, "" for a whole run
    units: float | None  # noise units; None if the verdict does not use them
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True)
class Reference:
    """A task's truth for one size and dtype, and the inputs that it was computed from."""

    arrays: tuple[Arrays, Arrays]
    truths: dict[str, Truth]  # by "stage/output"
    raised: dict[str, Failure]  # stages in which NumPy itself raises; a specification may declare that
    behind_a_kink: frozenset[str] = frozenset()  # at `large`, the outputs that are judged coarsely


def judge(
    task: Task | str,
    framework: str,
    outputs: Mapping[str, Any] | None = None,
    *,
    device: str = "cpu",
    dtype: str = "float64",
    mode: str = "eager",
    size: str = "tiny",
    seed: int = 0,
    calls: int = 1,
    loop: str = "",
) -> list[Row]:
    """Judge one run of a task: a row for each output, in data-flow order.

    Floating outputs agree at `LIMIT` noise units or less; integers, booleans and the outputs named in `exact`
    must be equal; sampled ones must lie within the deviation that chance exceeds once in 10⁹; a declared
    error must be raised; a declared approximation costs as many units as it declares at most.  At `large`, where no
    draw keeps away from every kink, derivatives and integers of a stage that comes near one are judged coarsely: within
    2⁻⁷ of the truth by root mean square, integers within one in a thousand.

    Args:
        task: a task or its name.
        framework, device, dtype, mode, size: as in `run`; dtype is `float32` or `float64`.
        outputs: the result of `run` for the same arguments, or named arrays that were saved; by default `run` is
            called.
        seed: which inputs, as in `draw`.
        calls: 3 judges the third call of each loop on one model, and nothing else: a gradient that is not zeroed shows
            there.  The truth is NumPy's third call where a loop updates weights, and its first where it does not.
        loop: judges this loop, and nothing else.

    Raises:
        UsageError: an unknown loop.
        The errors of `run`.
    """
    task = load(task) if isinstance(task, str) else task
    if loop:
        choose(f"loop of {task.name}", loop, task.loops)
    arrays = draw(task, size, seed=seed)
    again = dict.fromkeys([loop] if loop else task.loops, calls) if loop or calls > 1 else None
    if outputs is None:
        outputs = run(task, framework, device=device, dtype=dtype, mode=mode, size=size, arrays=arrays, calls=again)
    if not isinstance(outputs, Outputs):
        outputs = Outputs(as_arrays(outputs, "outputs"))
    reference = reference_of(task, size, dtype, seed, calls, loop)

    def row(output: str, units: float | None, verdict: Verdict, reason: str) -> Row:
        return Row(
            task=task.name, framework=framework, device=device, dtype=dtype, mode=mode, size=size,
            output=output, units=units, verdict=verdict, reason=reason,
        )  # fmt: skip

    rows = []
    for name, stage in stages_of(task, device, mode, size).items():
        if again is not None and name not in again:
            continue
        declared = stage.declaration(framework, mode, device)
        truths, error = reference.truths, outputs.raised.get(name)
        if isinstance(declared, Raises):
            rows.append(row(name, None, *_raised(declared, error)))
            continue
        if isinstance(declared, Returns):
            truths = {**truths, **_declared(declared.compute, task, name, size, dtype, seed)}
            stage = replace(stage, stochastic={**stage.stochastic, **declared.stochastic})
        if error is not None:
            rows.append(row(name, None, "error", str(error)))
            continue
        for output in stage.outputs:
            key = f"{name}/{output}"
            verdict = _judge(task, stage, key, outputs, reference, truths, dtype)
            if isinstance(declared, Approximates) and dtype == declared.dtype and verdict[1] == "differs":
                verdict = _approximated(declared, verdict)
            if size == "base" and verdict[1] in PASSING and has_own_settings(task):
                verdict = _known(task, key, outputs[key], truths.get(key), verdict)
            rows.append(row(key, *verdict))
    if (size, dtype, device, mode, again) == ("base", "float32", "cpu", "eager", None):
        rows += [row(f"{CLAIM}/{text}", None, *said) for text, said in _claims(task, framework, outputs, seed).items()]
    return rows


def expected(
    task: Task, framework: str, *, device: str, dtype: str, mode: str, size: str, seed: int = 0
) -> dict[str, Truth]:
    """The truth of each output of such a run: NumPy's, or what the specification declares for this framework."""
    reference = reference_of(task, size, dtype, seed)
    truths = dict(reference.truths)
    for name, stage in stages_of(task, device, mode, size).items():
        declared = stage.declaration(framework, mode, device)
        if isinstance(declared, Returns):
            truths |= _declared(declared.compute, task, name, size, dtype, seed)
    return truths


def vacuous(task: Task, size: str, dtype: str, seed: int = 0) -> list[str]:
    """The outputs of a run that cannot tell a right implementation from a wrong one, as "stage/output".

    With a learning rate of zero every updated weight equals its input.  A floating output without noise is always 0;
    a specification names such an output in `exact`.
    """
    reference = reference_of(task, size, dtype, seed)
    params, keys = cast(reference.arrays[0], dtype), []
    for name, stage in task.stages.items():
        truths = {o: reference.truths[f"{name}/{o}"] for o in stage.outputs if f"{name}/{o}" in reference.truths}
        updated = [o for o in truths if o in params]
        if all(np.array_equal(truths[o].value, params[o]) for o in updated):
            keys += [f"{name}/{o}" for o in updated]
        judged = [o for o in truths if o not in stage.exact and o not in stage.stochastic]
        keys += [f"{name}/{o}" for o in judged if _is_floating(truths[o].value) and truths[o].noise == 0]
    return keys


def reference_of(task: Task, size: str, dtype: str, seed: int = 0, calls: int = 1, loop: str = "") -> Reference:
    """The truth of every output at this size, or of one loop's, for frameworks that compute in `dtype`."""
    return _reference_of(task, size, dtype, seed, calls, loop)


@functools.lru_cache(maxsize=16)  # by the arguments as they are given, so all of them are
def _reference_of(task: Task, size: str, dtype: str, seed: int, calls: int, loop: str) -> Reference:
    arrays = draw(task, size, seed=seed)
    raised: dict[str, Failure] = {}
    loops = [loop] if loop else task.loops
    updating = [name for name in loops if not arrays[0].keys().isdisjoint(task.stages[name].outputs)]
    again = {name: calls if name in updating else 1 for name in loops} if loop or calls > 1 else None
    needed = again

    def compute(params: Arrays, batch: Arrays) -> Outputs:
        nonlocal needed
        wide = "longdouble" if any(a.dtype == np.longdouble for a in (params | batch).values()) else "float64"
        outputs = run(task, "numpy", dtype=wide, size=size, arrays=(params, batch), calls=needed)
        raised.update(outputs.raised)
        # A stage that returns no real number has no noise: after the truth it is not needed again.
        real = {key.partition("/")[0] for key, a in outputs.items() if _is_floating(a)}
        needed = {name: again[name] if again else 1 for name in real}
        return outputs

    truths = measured_truth(compute, *arrays, dtype, samples=_samples(size))
    return Reference(
        arrays, truths, raised, coarse.behind_a_kink(task, size, arrays, truths) if size == "large" else frozenset()
    )


def _judge(
    task: Task, stage: Stage, key: str, outputs: Outputs, reference: Reference,
    truths: dict[str, Truth], dtype: str,
) -> tuple[float | None, Verdict, str]:  # fmt: skip
    name = key.partition("/")[2]
    if key not in outputs:
        return np.inf, "differs", "the output is missing"
    output = outputs[key]
    if name in stage.stochastic:
        return (None, *_sampled(stage.stochastic[name], output, reference.arrays))
    if key not in truths:
        stage_name = key.partition("/")[0]
        return None, "error", f"no truth: NumPy raised {reference.raised[stage_name]}"
    truth = truths[key]
    floating = _is_floating(truth.value)
    if floating and output.dtype != dtype:
        return np.inf, "differs", f"dtype {output.dtype}, expected {dtype}"
    if not floating and output.dtype.kind not in {"b": "b", "i": "iu", "u": "iu"}[truth.value.dtype.kind]:
        return np.inf, "differs", f"dtype {output.dtype}, expected {truth.value.dtype}"
    if output.shape != truth.value.shape:
        return np.inf, "differs", f"shape {output.shape}, expected {truth.value.shape}"
    if key in reference.behind_a_kink:
        return _coarsely(output, truth.value, truths[task.noise_from.get(key, key)].value)
    if not floating or name in stage.exact:
        same = np.array_equal(output, truth.value.astype(dtype) if floating else truth.value)  # no integer wraps around
        return (0.0, "exact", "") if same else (np.inf, "differs", "not equal")
    if key in task.noise_from:
        truth = truth.with_noise_of(truths[task.noise_from[key]])
    units = noise_units(flush(output, dtype), truth.value, noise=truth.noise, peak=truth.peak)
    if units <= LIMIT:
        return units, "agrees", ""
    return units, "differs", f"{units:.3g} noise units, {LIMIT:g} at most"


def _coarsely(output: Array, truth: Array, scale: Array) -> tuple[float | None, Verdict, str]:
    far = coarse.distance(output, truth, scale)
    if far <= 1:
        return None, "coarse", f"behind a kink, {far:.2g} of what is allowed there"
    return np.inf, "differs", f"behind a kink, and {far:.3g} times what is allowed even there"


def _approximated(
    declared: Approximates, verdict: tuple[float | None, Verdict, str]
) -> tuple[float | None, Verdict, str]:  # fmt: skip
    """The verdict, or that the error is no larger than was declared."""
    units = verdict[0]
    if units is None or units > declared.units:
        return verdict
    return units, "approximates", f"{declared.entry}: {declared.units:g} at most"


def _known(
    task: Task, key: str, output: Array, truth: Truth | None, verdict: tuple[float | None, Verdict, str]
) -> tuple[float | None, Verdict, str]:
    """The verdict, or that the output is not what the exercise states: its shape, or its value."""
    shape = task.known.get(Shape(key))
    if shape is not None and not np.array_equal(output.shape, shape):
        return np.inf, "differs", f"the exercise states the shape {shape}, this is {output.shape}"
    if key not in task.known:
        return verdict
    value = task.known[key]
    if truth is None or not _is_floating(output):
        as_stated, units = np.array_equal(output, value), np.inf
    else:
        units = noise_units(output, value, noise=truth.noise, peak=truth.peak)
        as_stated = units <= LIMIT
    stated = f"the exercise states {np.asarray(value).tolist()}"
    return verdict if as_stated else (units, "differs", f"{stated}, the output is {output.tolist()}")


def _claims(task: Task, framework: str, outputs: Outputs, seed: int) -> dict[str, tuple[Verdict, str]]:
    """Each claim about this framework; under other settings or inputs than the exercise's own it may lapse."""
    own = seed == 0 and has_own_settings(task)
    found: dict[str, tuple[Verdict, str]] = {}
    for text, claim in task.claims.items():
        if framework in claim.frameworks:
            try:
                holds, reason = bool(claim.holds(outputs)), "" if own else "not claimed for these settings and inputs"
            except KeyError as error:
                holds, reason = False, f"the output {error} is missing"
            except Exception as error:  # an output of another shape, which has a row of its own
                holds, reason = False, str(Failure.of(error))
            found[text] = ("holds" if holds else "differs" if own else "lapsed"), reason or ("" if holds else NOT_TRUE)
    return found


def _raised(declared: Raises, error: Failure | None) -> tuple[Verdict, str]:
    if error is None:
        return "differs", f"expected {declared.error}, but nothing was raised"
    if declared.error in error.classes and re.search(declared.match, error.message):
        return "raises", str(error)
    return "differs", f"expected {declared.error} ({declared.match!r}), but this was raised: {error}"


def _sampled(sampled: Stochastic, output: Array, arrays: tuple[Arrays, Arrays]) -> tuple[Verdict, str]:
    mean, deviation = (np.asarray(of(*arrays)) for of in (sampled.expected, sampled.error))
    if output.shape != mean.shape or not np.isfinite(output).all():
        return "differs", f"not finite, or shape {output.shape} instead of {mean.shape}"
    worst = np.max(np.abs(output - mean) / deviation)
    limit = -NormalDist().inv_cdf(FALSE_ALARM / 2)
    return "statistical" if worst <= limit else "differs", f"{worst:.2f} standard errors, {limit:.2f} at most"


@functools.lru_cache(maxsize=64)  # what is declared for one framework often is for another too
def _declared(
    compute: Callable[..., Arrays], task: Task, stage: str, size: str, dtype: str, seed: int
) -> dict[str, Truth]:  # fmt: skip
    takes = inspect.signature(compute).parameters
    settings = {name: value for name, value in task.config.items() if name in takes}
    arrays = draw(task, size, seed=seed)
    truths = measured_truth(functools.partial(compute, **settings), *arrays, dtype, samples=_samples(size))
    return {f"{stage}/{name}": truth for name, truth in truths.items()}


def _samples(size: str) -> int:
    return FEW_SAMPLES if size == "large" else SAMPLES


def _is_floating(a: Array) -> bool:
    return np.issubdtype(a.dtype, np.floating)
