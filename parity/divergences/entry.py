"""The form of a divergence: a class whose functions are what a reader sees and what the measure runs."""

import inspect
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

FRAMEWORK = {"numpy": "numpy", "torch": "torch", "keras": "tf", "tf": "tf"}  # by the name of a side
HELPERS = ("inputs", "recognise", "pair", "aligned_pair")
NAME = re.compile(r"[A-Z0-9]+(-[A-Z0-9]+)*")

entries: dict[str, type["Divergence"]] = {}  # by name; whoever defines a subclass puts it here


class Divergence:
    """One difference between the frameworks, or between two modes of one.

    A subclass is the entry: it is read and run, and never made into an object.  Its docstring's first sentence
    is the title; the rest says why it matters to somebody who ports.  The functions in its body are plain ones,
    and import their framework themselves:

        inputs(rng)          -> named NumPy arrays; where there is none, no side takes an argument
        torch(x), keras(x)   the sides as they come, called with the inputs of their arguments' names as tensors of
                             their framework; the first is the reference.  Every public function with another name
                             than these is a side too; `framework` says whose where its name does not.
        aligned_keras(x)     a side that must change so that all agree
        pair(), recognise(a, b), aligned_pair()
                             two layers, losses or optimizers as they come; whether two of a user's own have this
                             difference; the pair after the cure, in which it is gone

    A side returns a tensor, a number, a shape, a text, or a list of numbers.  An error is an outcome too.
    """

    name: ClassVar[str]  # "BN-EPS"
    apis: ClassVar[tuple[str, ...]]  # in full: "torch.nn.BatchNorm2d"
    words: ClassVar[tuple[str, ...]]  # what somebody would type; symptoms too
    gap: ClassVar[float]  # recorded: relative RMS at these inputs; inf where a side raises or the shapes differ
    source: ClassVar[str]  # the documentation's page by name, or the framework's file
    cure: ClassVar[str]  # one line
    units: ClassVar[float] = math.inf  # recorded: the gap in noise units; inf where there is no noise to count in
    gives: ClassVar[Mapping[str, str]] = {}  # side -> what it comes to in short, where a gap of inf says too little
    arguments: ClassVar[tuple[str, ...]] = ()  # it shows only where one of these is given, or called
    defaults: ClassVar[tuple[str, ...]] = ()  # it shows only where none of these is given
    dtype: ClassVar[str] = "float32"  # of the inputs; the frameworks' defaults stay as they come
    residual: ClassVar[float] = 0.0  # relative RMS that the cure leaves, where it is more than rounding
    raises: ClassVar[Mapping[str, tuple[str, str]]] = {}  # side -> class and a pattern in the message
    warns: ClassVar[Mapping[str, str]] = {}  # side -> a pattern in a warning
    equal: ClassVar[bool] = False  # believed to differ, and does not
    unaligned: ClassVar[str] = ""  # why no code aligns it
    script: ClassVar[str] = ""  # of a bug upstream, to be pasted there: one framework; its assert fails with the bug
    fresh: ClassVar[bool] = False  # global randomness: measured in a process of its own
    documented: ClassVar[str] = ""  # why it is not run: what this machine, or one process, cannot show
    framework: ClassVar[str] = ""  # of the sides whose name does not tell

    # What __init_subclass__ reads off.
    area: ClassVar[str]  # the module's name
    title: ClassVar[str]
    why: ClassVar[str]
    sides: ClassVar[dict[str, Callable[..., Any]]]
    aligned: ClassVar[dict[str, Callable[..., Any]]]  # of the sides that must change

    def __init_subclass__(cls) -> None:
        """Read the entry, and put it into `entries`; a TypeError says what is wrong with it."""
        found = {name: f for name, f in vars(cls).items() if inspect.isfunction(f) and not name.startswith("_")}
        cls.area = cls.__module__.rpartition(".")[2]
        title, *why = re.split(r"\.\s+", inspect.cleandoc(cls.__doc__ or ""), maxsplit=1)
        cls.title, cls.why = " ".join(title.rstrip(".").split()), " ".join("".join(why).split())
        cls.script = inspect.cleandoc(cls.script)
        cls.aligned = {n.removeprefix("aligned_"): f for n, f in found.items() if _aligns(n)}
        cls.sides = {n: f for n, f in found.items() if n not in HELPERS and not _aligns(n)}
        wrong = "; ".join(_mistakes(cls))
        if wrong:
            raise TypeError(f"{cls.__module__}.{cls.__name__}: {wrong}")
        entries[cls.name] = cls


def framework_of(entry: type[Divergence], side: str) -> str:
    """The framework that a side runs in: `numpy`, `torch` or `tf`."""
    return FRAMEWORK.get(side, entry.framework)


def frameworks(entry: type[Divergence]) -> set[str]:
    """The frameworks that the entry needs."""
    return {framework_of(entry, side) for side in entry.sides}


def _aligns(name: str) -> bool:
    return name.startswith("aligned_") and name not in HELPERS


def _mistakes(cls: type[Divergence]) -> list[str]:
    """What is missing or contradicts itself, in words."""
    functions = vars(cls)
    rules = {
        "no name such as BN-EPS": not NAME.fullmatch(getattr(cls, "name", "")),
        "its name stands twice in the catalogue": getattr(cls, "name", "") in entries,
        "the docstring is to have a title and a reason": not (cls.title and cls.why),
        "no api by its full name": not all("." in api for api in getattr(cls, "apis", ())) or not cls.apis,
        "no words": not getattr(cls, "words", ()),
        "no source": not getattr(cls, "source", ""),
        "no cure": not getattr(cls, "cure", ""),
        "no gap": not isinstance(getattr(cls, "gap", None), int | float),
        "two sides are needed to differ": len(cls.sides) < 2 and not cls.documented,
        "a side's framework is not known": not frameworks(cls) <= set(FRAMEWORK.values()),
        "what is aligned, raised, warned or given is of no side": (
            not {*cls.aligned, *cls.raises, *cls.warns, *cls.gives} <= {*cls.sides}
        ),
        "a gap of inf has what each side comes to, in `gives` or `raises`": (
            getattr(cls, "gap", 0) == math.inf and not cls.documented and {*cls.gives, *cls.raises} != {*cls.sides}
        ),
        "an equality has no gap": cls.equal != (getattr(cls, "gap", None) == 0),
        "exactly one of: aligned functions, `equal`, and `unaligned` with the reason": (
            bool(cls.aligned) + cls.equal + bool(cls.unaligned) != 1 and not cls.documented
        ),
        "`recognise` is shown by `pair` and `aligned_pair`": (
            len({"recognise", "pair", "aligned_pair"} & set(functions)) not in (0, 3)
        ),
    }
    return [words for words, broken in rules.items() if broken]
