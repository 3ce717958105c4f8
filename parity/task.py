"""What a task is: the specification of one exercise, written once, that imports no framework."""

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
    """What was asked for does not exist or cannot run here; the message names the way out."""


@dataclass(frozen=True, kw_only=True)
class Where:
    """The runs that a declaration is about: a framework, and where it matters a mode and a device."""

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
    """The stage is to raise: the error's class by name (or a base class's), and a pattern searched in its message."""

    error: str
    match: str


@dataclass(frozen=True, kw_only=True)
class Stochastic:
    """An output of a framework's own generator: its expectation and its standard error, from the inputs."""

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
class Stage:
    """A function `(model, batch) -> named tensors` that every implementation of the task has."""

    outputs: tuple[str, ...]  # the names that it returns, in data-flow order
    timed: bool = False  # a loop: timed, and run in every mode and on every device
    trajectory: bool = False  # many updates feed on each other: kinks are kept further away
    derivative_of: Mapping[str, str] = field(default_factory=dict)
    # What its `grad.*` outputs are derivatives of: "stage/output" -> the cotangent's name in the batch, "" for a loss.
    exact: frozenset[str] = frozenset()  # compared bit for bit; integers and booleans always are
    stochastic: Mapping[str, Stochastic] = field(default_factory=dict)
    expected_divergence: Mapping[Where, Raises | Returns] = field(default_factory=dict)
    # How many examples one call of a loop goes through, by the task's size; by default one batch of n.
    examples: Callable[[Mapping[str, int]], int] = lambda size: size.get("n", 1)

    def __post_init__(self) -> None:
        for name in (*self.exact, *self.stochastic):
            choose("output", name, self.outputs)

    def declaration(self, framework: str, mode: str, device: str) -> Raises | Returns | None:
        """What the specification declares for such a run; the entry that says most holds."""
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
class Error:
    """A cell: the error that a stage raises, with its class and message; where it raises none, one of its outputs."""

    stage: str
    otherwise: str = ""  # the output's name


Cell: TypeAlias = str | Shape | Gap | Error  # a string is the value of "stage/output"


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
    """A mistake that somebody could make, planted in a framework's run to prove that the judge sees it.

    Exactly one of the three is given: the run gets other inputs, another configuration,
    or one of its outputs is changed.
    """

    inputs: Callable[[Arrays], Arrays] | None = None
    config: Config | None = None
    outputs: Callable[[Arrays], Arrays] | None = None

    def __post_init__(self) -> None:
        if sum(kind is not None for kind in (self.inputs, self.config, self.outputs)) != 1:
            raise UsageError("a fault has inputs, a configuration or outputs of its own: exactly one of the three")


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
    make: Callable[..., tuple[Arrays, Arrays]]  # (rng, **size) -> params, batch
    stages: Mapping[str, Stage]
    sizes: Mapping[str, Mapping[str, int]]
    config: Config = field(default_factory=dict)  # passed to build
    limits: Mapping[str, tuple[float, float]] = field(
        default_factory=dict
    )  # setting -> its least and its greatest value
    timing: Config = field(default_factory=dict)  # what timed loops are built with instead
    layout: Mapping[str, str] = field(default_factory=dict)  # "weight": "oihw"; what put and get transpose
    # Every value that the exercise states, at base: of an output, or under Shape("x") of an input or an output.
    known: Mapping[str | Shape, ArrayLike] = field(default_factory=dict)
    claims: Mapping[str, Claim] = field(default_factory=dict)  # every sentence of the lesson that could be false
    shows: tuple[Show, ...] = ()  # what the exercise says to print
    states_nothing: str = ""  # why there is no known value, or no claim
    noise_from: Mapping[str, str] = field(default_factory=dict)  # zero-in-theory gradient -> sibling
    checkpoint: str = ""  # torchvision's model whose state_dict may take the place of the params, at base
    aligns: tuple[str, ...] = ()  # divergence entries that the implementations align
    faults: Mapping[str, Fault] = field(default_factory=dict)  # at least three; each must be seen

    def __post_init__(self) -> None:
        """A name that does not exist is an error here, and not a declaration that nobody reads."""
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
        takes = list(inspect.signature(self.make).parameters)[1:]
        for size, numbers in self.sizes.items():
            choose("size", size, SIZES)
            if set(numbers) != set(takes):
                raise UsageError(f"size {size!r} has {', '.join(numbers)}, and make takes rng, {', '.join(takes)}")

    @property
    def loops(self) -> tuple[str, ...]:
        return tuple(name for name, stage in self.stages.items() if stage.timed)

    def axes(self, names: Iterable[str]) -> dict[str, str]:
        """The layout of each name that has one: `grad.conv.weight` has the layout of `conv.weight`."""
        found = {}
        for name in names:
            parts = name.split(".")
            suffixes = (".".join(parts[i:]) for i in range(len(parts)))
            axes = next((self.layout[s] for s in suffixes if s in self.layout), None)
            if axes is not None:
                found[name] = axes
        return found


def _output_of(cell: Cell) -> str:
    """The output that a cell shows; none where an error is due."""
    if isinstance(cell, Error):
        return f"{cell.stage}/{cell.otherwise}" if cell.otherwise else ""
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
    """The valid names that look like this one, the nearest first; upper and lower case are the same."""
    by_lower = {other.lower(): other for other in valid}
    return [by_lower[lower] for lower in difflib.get_close_matches(name.lower(), by_lower, n=3, cutoff=0.6)]


def framework_named(name: str) -> str:
    """The framework of that name, in any case, or of one of its other names; UsageError where there is none."""
    return choose("framework", ALIASES.get(name.lower(), name.lower()), FRAMEWORKS)


def cast(arrays: Mapping[str, Array], dtype: str) -> Arrays:
    """The arrays with every floating one in `dtype`; integers and booleans stay as they are."""
    return {
        name: a.astype(np.dtype(dtype)) if np.issubdtype(a.dtype, np.floating) else a.copy()
        for name, a in arrays.items()
    }
