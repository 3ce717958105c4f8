"""Which loops can a change reach?  Those that run code of which a definition differs between the two revisions.

A loop runs its task's `build` and its stage in the implementation, the framework's runtime, and parity's own `warmed`
with what these lead to (`benchmarks.ab.code`); the pinned versions count too.  The specification, and how its arrays
are drawn, need no look here: `benchmarks.digest` says what is timed, and a loop of which that differs is not compared.
"""

import math
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.ab.code import Code
from benchmarks.ab.sides import Loop
from parity.frameworks.runtime import PACKAGES
from parity.judging.report import count_of

# parity looks up tasks, runtimes and stages by their names: each loop's own are among its roots.
TRUSTED = ("parity.", *(f"{package}.__init__" for package in PACKAGES.values()))
TIMED_BY = ("parity.timing.loop:warmed", "parity.timing.loop:WarmLoop", "parity.task:Task", "parity.task:Stage")
DIGESTED = ("parity.judging.inputs:draw",)  # what it draws is in the digest
CONTROLS = 2  # loops that cannot have changed, and show whether the machine drifts
NAMES_SHOWN, LOOPS_SHOWN = 4, 12


def reached(a: Path, b: Path, loops: Iterable[Loop]) -> dict[Loop, list[str]]:
    """The loops that the change from tree `a` to tree `b` can reach, with the names of the definitions that differ."""
    old, new = map(code_of, (a, b))
    versions = ["pinned versions"] if _versions(a) != _versions(b) else []
    found = {}
    for loop in loops:
        before, after = (code.behind(roots(loop)) for code in (old, new))
        names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        if names or versions:
            found[loop] = [*versions, *names]
    return found


def controls(same: Sequence[Loop], reached: Mapping[Loop, object]) -> list[Loop]:
    """A few loops that cannot have changed, from tasks far apart; of a framework that is measured, if it has any."""
    for framework in dict.fromkeys(loop.framework for loop in [*reached, *same] if reached):
        if mine := [loop for loop in same if loop.framework == framework]:
            return mine[:: math.ceil(len(mine) / CONTROLS)]
    return []


def said(loops: Sequence[Loop], reached: Mapping[Loop, Sequence[str]], measured: Sequence[Loop]) -> Iterator[str]:
    """What is measured and why, and what is left out, as lines."""
    by_reason: dict[tuple[str, ...], list[Loop]] = {}
    for loop, names in reached.items():
        by_reason.setdefault(tuple(names), []).append(loop)
    for names, mine in by_reason.items():
        shown = ", ".join(name.replace(":", ".").replace(".__init__", "") for name in names[:NAMES_SHOWN])
        more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
        yield f"changed: {shown}{more}: {_counted(mine)}"
    if not reached:
        yield "no loop runs code that differs"
    if drift := [loop for loop in measured if loop not in reached]:
        yield f"measured as drift control, their code is the same: {_counted(drift)}"
    if left := len(set(loops) - set(measured)):
        yield f"left out, their code is the same: {count_of(left, 'loop')} (--all measures them)"


def _counted(loops: Sequence[Loop]) -> str:
    return f"{len(loops)} loops" if len(loops) > LOOPS_SHOWN else ", ".join(map(str, loops))


def code_of(tree: Path) -> Code:
    """The code of a revision, in which the loops are looked for."""
    return Code(tree, trusted=TRUSTED, left_out=DIGESTED)


def roots(loop: Loop) -> list[str]:
    """What a loop's code begins with, as `module:name`."""
    package = PACKAGES[loop.framework]
    task = f"{package}.{loop.task}"
    return [f"{task}:build", f"{task}:{loop.loop}", f"{package}.__init__:", *TIMED_BY]


def _versions(tree: Path) -> list[object]:
    """The versions that a tree asks for: its constraints, its dependencies and those of the frameworks."""
    pinned, project = tree / "constraints.txt", tree / "pyproject.toml"
    lines = pinned.read_text().splitlines() if pinned.exists() else []
    about = tomllib.loads(project.read_text())["project"] if project.exists() else {}
    extras = about.get("optional-dependencies", {})
    return [
        sorted(line for line in (line.partition("#")[0].strip() for line in lines) if line),
        about.get("dependencies"), [extras.get(framework) for framework in PACKAGES],
    ]  # fmt: skip
