"""What a task is: the specification of one exercise, written once, without any framework."""

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array: TypeAlias = NDArray[Any]
Arrays: TypeAlias = dict[str, Array]
Config: TypeAlias = Mapping[str, float | int | str]

FRAMEWORKS = ("numpy", "torch", "tf")
ALIASES = {"np": "numpy", "cupy": "numpy", "pytorch": "torch", "tensorflow": "tf", "keras": "tf"}
DEVICES = ("cpu", "cuda")
DTYPES = ("float32", "float64")
NARROW = ("float16", "bfloat16")
MODES = ("eager", "compile", "graph", "xla")
SIZES = ("tiny", "base", "large")


class UsageError(ValueError):
    """A request for something that does not exist or cannot run here; the message names the remedy."""


@dataclass(frozen=True, kw_only=True)
class Where:
    """The runs that a declaration applies to: a framework, and optionally one mode and one device."""

    framework: str
    mode: str | None = None
    device: str | None = None

    def __post_init__(self) -> None:
        choose("framework", self.framework, FRAMEWORKS)
        choose("mode", self.mode or MODES[0], MODES)
        choose("device", self.device or DEVICES[0], DEVICES)

    def holds(self, framework: str, mode: str, device: str) -> bool:
        return self.framework == framework and self.mode in (None, mode) and self.device in (None, device)


@dataclass(frozen=True, kw_only=True)
class Raises:
    """The stage must raise this error: its class (or a base class) by name, and a pattern in its message."""

    error: str
    match: str


@dataclass(frozen=True, kw_only=True)
class Stochastic:
    """An output of a framework's own random generator: its expected value and standard error, from the inputs."""

    expected: Callable[[Arrays, Arrays], ArrayLike]
    error: Callable[[Arrays, Arrays], ArrayLike]


@dataclass(frozen=True, kw_only=True)
class Returns:
    """The stage rightly returns values of its own: `compute(params, batch, setting, ...)` in NumPy, in any precision.

    What it does not compute is as in the other frameworks.
    """

    compute: Callable[..., Arrays]  # takes the settings that it names
    stochastic: Mapping[str, Stochastic] = field(default_factory=dict)  # in place of the stage's, by output


@dataclass(frozen=True, kw_only=True)
class Approximates:
    """The framework's kernel approximates a function in this dtype, so its results are further off than rounding."""

    entry: str  # of the catalogue, which says why
    units: float  # the most noise units; every planted fault exceeds them
    dtype: str = "float32"


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A function `(model, batch) -> named tensors` that every implementation of the task has."""

    outputs: tuple[str, ...]  # the names that it returns, in data-flow order
    timed: bool = False  # a loop: timed, and run in every mode and on every device
    trajectory: bool = False  # every update depends on the ones before: kinks are kept further away
    derivative_of: Mapping[str, str] = field(default_factory=dict)
    # The outputs that `grad.*` differentiates: "stage/output" -> the cotangent's name in the batch, "" for a loss.
    exact: frozenset[str] = frozenset()  # compared bit for bit; integers and booleans always are
    stochastic: Mapping[str, Stochastic] = field(default_factory=dict)
    expected_divergence: Mapping[Where, Raises | Returns | Approximates] = field(default_factory=dict)
    # The number of examples that one call of a loop processes, from the task's size; by default one batch of n.
    examples: Callable[[Mapping[str, int]], int] = lambda size: size.get("n", 1)

    def __post_init__(self) -> None:
        for name in (*self.exact, *self.stochastic):
            choose("output", name, self.outputs)

    def declaration(self, framework: str, mode: str, device: str) -> Raises | Returns | Approximates | None:
        """What the specification declares for such a run; the most specific entry counts."""
        fitting = [w for w in self.expected_divergence if w.holds(framework, mode, device)]
        if not fitting:
            return None
        return self.expected_divergence[max(fitting, key=lambda w: (w.mode is not None) + (w.device is not None))]


@dataclass(frozen=True)
class Shape:
    """A cell: the shape of an output, or in `known` of an input too, as (32, 10)."""

    of: str  # "stage/output"


@dataclass(frozen=True)
class Gap:
    """A cell: the largest absolute difference of an output to PyTorch's."""

    of: str


@dataclass(frozen=True)
class Final:
    """A cell: the last value of a trajectory in seven digits, each framework's own."""

    of: str


@dataclass(frozen=True)
class Error:
    """A cell: the error that a stage raises, with its class and message; where it raises none, one of its outputs."""

    stage: str
    otherwise: str = ""  # the output's name


@dataclass(frozen=True)
class Printed:
    """A cell: what a stage prints."""

    stage: str


Cell: TypeAlias = str | Shape | Gap | Final | Error | Printed  # a string is the value of "stage/output"


@dataclass(frozen=True)
class Table:
    """A table with a row for each entry of its outputs' first axis: an epoch, a layer, a call."""

    row: str  # what a row is: "epoch"
    columns: Mapping[str, str]  # heading -> "stage/output"
    labels: tuple[str, ...] = ()  # of the rows; by default they are numbered from 1
    every: int = 1  # of a long table every so many rows are shown, and the first and last
    title: str = ""

    def cells(self) -> tuple[Cell, ...]:
        return tuple(self.columns.values())


@dataclass(frozen=True)
class Rows:
    """A table whose rows are named: a layer and its shape, a mistake and what comes of it."""

    columns: tuple[str, ...]  # the headings; the first is that of the names
    rows: Mapping[str, tuple[Cell, ...]]  # name -> a cell for each further heading
    title: str = ""

    def cells(self) -> tuple[Cell, ...]:
        return tuple(cell for row in self.rows.values() for cell in row)


@dataclass(frozen=True)
class Matrix:
    """A small matrix as a whole."""

    of: str  # "stage/output"
    title: str = ""

    def cells(self) -> tuple[Cell, ...]:
        return (self.of,)


Show: TypeAlias = Table | Rows | Matrix


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A sentence of the lesson that could be false."""

    holds: Callable[[Mapping[str, Array]], Any]  # of the outputs at `base` in float32
    broken_by: str  # the planted fault, by its name in `faults`, that makes it false
    frameworks: tuple[str, ...] = FRAMEWORKS  # about which it speaks


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A plausible mistake, planted in a framework's run to prove that the judge detects it.

    Exactly one field is given: the run gets other inputs or another configuration, or one of its outputs is changed.
    """

    inputs: Callable[[Arrays], Arrays] | None = None
    config: Config | None = None
    outputs: Callable[[Arrays], Arrays] | None = None

    def __post_init__(self) -> None:
        if sum(kind is not None for kind in (self.inputs, self.config, self.outputs)) != 1:
            raise UsageError("a fault changes exactly one of the three: inputs, config or outputs")


@dataclass(frozen=True, kw_only=True, eq=False)  # equal only to itself, so that results can be cached by task
class Task:
    """One exercise: what goes in, what must come out, and at which sizes.

    `impl_numpy`, `impl_torch` and `impl_tf` each hold a module of the task's name with
    `build(params, **config)` and one function for each stage, in the order of `stages`.
    """

    name: str
    topic: str
    title: str
    lesson: str
    make: Callable[..., tuple[Arrays, Arrays]]  # (rng, **size) -> params, batch; may take settings of config too
    stages: Mapping[str, Stage]
    sizes: Mapping[str, Mapping[str, int]]
    config: Config = field(default_factory=dict)  # passed to build
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # setting -> its least and greatest value
    timing: Config = field(default_factory=dict)  # replaces entries of config in timed loops
    layout: Mapping[str, str] = field(default_factory=dict)  # "weight": "oihw"; put and get transpose these
    # Every value that the exercise states, at base: of an output, or under Shape("x") of an input or an output.
    known: Mapping[str | Shape, ArrayLike] = field(default_factory=dict)
    claims: Mapping[str, Claim] = field(default_factory=dict)  # every sentence of the lesson that could be false
    shows: tuple[Show, ...] = ()  # what the exercise says to print
    states_nothing: str = ""  # why there is no known value, or no claim
    noise_from: Mapping[str, str] = field(default_factory=dict)  # gradient that is zero in theory -> sibling
    checkpoint: str = ""  # torchvision model whose state_dict may replace the params, at base
    aligns: tuple[str, ...] = ()  # divergence entries that the implementations align
    faults: Mapping[str, Fault] = field(default_factory=dict)  # at least three; the judge must detect each

    def __post_init__(self) -> None:
        """Refuse every name that does not exist, since a misspelt declaration would have no effect."""
        outputs = [f"{name}/{output}" for name, stage in self.stages.items() for output in stage.outputs]
        derived = [name for stage in self.stages.values() for name in stage.derivative_of]
        known = [name.of if isinstance(name, Shape) else name for name in self.known]
        known = [name for name in known if "/" in name]  # the others are inputs, which are checked when they are drawn
        shown = [_output_of(cell) for show in self.shows for cell in show.cells()]
        for name in (*known, *self.noise_from, *self.noise_from.values(), *derived, *filter(None, shown)):
            choose(f"output of {self.name}", name, outputs)
        for claim in self.claims.values():
            choose(f"fault of {self.name}", claim.broken_by, self.faults)
        for settings in (self.limits, self.timing, *(fault.config or {} for fault in self.faults.values())):
            for name in settings:
                choose(f"setting of {self.name}", name, self.config)
        for size in self.sizes:
            choose("size", size, SIZES)
            try:
                inspect.signature(self.make).bind(None, **self.drawn_from(size))
            except TypeError as error:
                has = ", ".join(self.sizes[size])
                raise UsageError(f"size {size!r}, which has {has}, does not fit make: {error}") from error

    def settings(self, size: str) -> dict[str, float | int | str]:
        """The configuration at a size, which may have values of its own for it."""
        return {**self.config, **{name: value for name, value in self.sizes[size].items() if name in self.config}}

    def drawn_from(self, size: str) -> dict[str, float | int | str]:
        """What `make` takes at a size: the size's numbers, and the settings that it names."""
        takes = inspect.signature(self.make).parameters
        return {**self.sizes[size], **{n: value for n, value in self.settings(size).items() if n in takes}}

    @property
    def loops(self) -> tuple[str, ...]:
        return tuple(name for name, stage in self.stages.items() if stage.timed)

    def axes(self, names: Iterable[str]) -> dict[str, str]:
        """The layout of each name that has one: `grad.conv.weight` has the layout of `conv.weight`."""
        layouts = {}
        for name in names:
            parts = name.split(".")
            suffixes = (".".join(parts[i:]) for i in range(len(parts)))
            axes = next((self.layout[s] for s in suffixes if s in self.layout), None)
            if axes is not None:
                layouts[name] = axes
        return layouts


def _output_of(cell: Cell) -> str:
    """The output that a cell shows; none where an error is due, or what a stage prints."""
    if isinstance(cell, Error):
        return f"{cell.stage}/{cell.otherwise}" if cell.otherwise else ""
    if isinstance(cell, Printed):
        return ""
    return cell if isinstance(cell, str) else cell.of


def choose(kind: str, name: str, valid: Iterable[str]) -> str:
    """`name` if it is valid, else a UsageError that proposes the nearest valid one."""
    valid = list(valid)
    if name in valid:
        return name
    if name in NARROW:
        raise UsageError(f"{name} is not judged yet: {' and '.join(valid)} are")
    near = nearest(name, valid)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise UsageError(f"unknown {kind} {name!r}{hint}" + (f" ({', '.join(valid)})" if len(valid) < 9 else ""))


def nearest(name: str, valid: Iterable[str]) -> list[str]:
    """The valid names most similar to this one, the nearest first; case is ignored."""
    by_lower = {other.lower(): other for other in valid}
    return [by_lower[lower] for lower in difflib.get_close_matches(name.lower(), by_lower, n=3, cutoff=0.6)]


def framework_named(name: str) -> str:
    """The framework with this name or alias, in upper or lower case; UsageError if there is none."""
    return choose("framework", ALIASES.get(name.lower(), name.lower()), FRAMEWORKS)


def apart(a: ArrayLike, b: ArrayLike) -> float:
    """max|a - b| / max|b|: how far two tensors are from being one, for a claim that says so."""
    a, b = np.asarray(a), np.asarray(b)
    return float(np.abs(a - b).max(initial=0) / np.abs(b).max(initial=0))


def cast(arrays: Mapping[str, Array], dtype: str) -> Arrays:
    """Copies of the arrays, the floating ones in `dtype`; integers and booleans keep their types."""
    return {
        name: a.astype(np.dtype(dtype)) if np.issubdtype(a.dtype, np.floating) else a.copy()
        for name, a in arrays.items()
    }
