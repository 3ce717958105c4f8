"""What is asked of a mutant, the cheapest first: verdicts on the tasks that use its file, then the tests about it."""

import ast
import dataclasses
import functools
import importlib
import math
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from parity.tasks import load

ROOT = Path(__file__).parents[3]
PACKAGES = ("parity/judging", "impl_numpy", "impl_torch", "impl_tf")
IMPORTED = {  # once, before the forks; no operation of TensorFlow's starts
    "impl_numpy": ("scipy.special", "sklearn.datasets"),
    "impl_torch": ("torch",),
    "impl_tf": ("keras",),
    "parity": ("pandas", "rich.table", "typer", "scipy.stats", "sklearn.datasets", "sklearn.metrics", "torch"),
}
FRAMEWORKS = {"impl_numpy": "numpy", "impl_torch": "torch", "impl_tf": "tf"}
RUNTIME = ("mlp", "conv_block", "batch_norm", "optimizers", "classifier_fit")  # tasks that use all of a runtime
TESTS = {  # of the judge, by module, the quickest first
    "arrays": ("arrays",),
    "coarse": ("large",),
    "command": ("run_command",),
    "inputs": ("limits", "kinks", "verdict"),
    "lesson": ("shown",),
    "noise": ("limits", "noise", "arrays", "verdict"),
    "report": ("report",),
    "results": ("results",),
    "run": ("run", "verdict", "stages", "modes"),
    "shown": ("shown",),
    "sweep": ("sweep",),
    "verdict": ("limits", "verdict", "sweep", "arrays", "gate", "large"),
    "worker": ("worker",),
}


@dataclasses.dataclass(frozen=True)
class Check:
    """One verdict to ask for."""

    task: str
    framework: str
    dtype: str = "float32"
    size: str = "tiny"
    mode: str = "eager"
    calls: int = 1


def checks_of(file: str) -> list[Check]:
    """The verdicts to ask for: of a task's file its own, of an operation's those of the tasks that use it."""
    package = file.partition("/")[0]
    if package == "parity":
        return []
    frameworks = ("torch", "numpy") if package == "impl_numpy" else (FRAMEWORKS[package],)
    tasks = [Path(file).stem]
    if file == f"{package}/__init__.py":
        tasks = list(RUNTIME)
    elif "/ops/" in file:
        tasks = users_of(file)
    found = [Check(task, framework) for task in tasks for framework in frameworks]
    found += [Check(task, framework, calls=3) for task in tasks for framework in frameworks]
    found += [Check(task, framework, "float64") for task in tasks for framework in frameworks]
    if package == "impl_tf":
        found += [Check(task, "tf", mode="graph") for task in tasks if load(task).loops]
    return found


def tests_of(file: str, *, quick: bool) -> list[tuple[str, ...]]:
    """Arguments for pytest; those that follow are for what the first do not see.

    Args:
        quick: none for what has verdicts; of the others one call, without those that start the command in processes.
    """
    package, name = file.partition("/")[0], Path(file).stem
    if quick and checks_of(file):
        return []
    if package == "parity":
        tests = [test for test in TESTS.get(name, ()) if not (quick and test == "cli")]
        frameworks = ("--framework=numpy", "--framework=torch") if name == "arrays" else ("--framework=numpy",)
        files = [f"parity/tests/test_{test}.py" for test in tests]
        return [(*frameworks, *files)] if quick else [(*frameworks, file) for file in files]
    framework = f"--framework={FRAMEWORKS[package]}"
    if "/ops/" in file:
        files = [f"parity/tests/test_{test}.py" for test in ("kinks", "ops", "onnx", "devices")]
        return [(framework, *files), (framework, "-k", "derivatives", "parity/tests/test_tasks.py")]
    if name == "__init__":
        return [(framework, *(f"parity/tests/test_{test}.py" for test in ("runtimes", "devices", "mirror", "loop")))]
    also = (framework, "--framework=torch") if package == "impl_numpy" else (framework,)  # whose truth is faulty too
    tasks, others = "parity/tests/test_tasks.py", ("course", "lessons", "modes")
    return [
        (framework, "-k", name, "parity/tests/test_stages.py", "parity/tests/test_devices.py"),
        (*also, "-k", f"{name} and test_agrees and base", tasks),
        (framework, "-k", name, *(f"parity/tests/test_{test}.py" for test in others)),
        (framework, "-k", f"{name} and not base", tasks),
    ]


def users_of(file: str) -> list[str]:
    """Two tasks for each operation of this file, and of the files that import it: those with the shortest sources."""
    above = {Path(file).stem}
    others = list((ROOT / "impl_numpy/ops").glob("[!_]*.py"))
    for _ in others:  # operations that are made of operations
        above |= {p.stem for p in others if any(f"ops.{known} import" in p.read_text() for known in above)}
    asked = {name for path in others if path.stem in above for name in _functions(path)}
    tasks = sorted((ROOT / "impl_numpy").glob("[!_]*.py"), key=lambda path: path.stat().st_size)
    chosen = {path.stem for name in asked for path in [path for path in tasks if name in _used(path)][:2]}
    return [path.stem for path in tasks if path.stem in chosen]


def _functions(path: Path) -> Iterator[str]:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name


@functools.cache
def _used(path: Path) -> tuple[str, ...]:
    """The names after `ops.` in a task's file."""
    nodes = ast.walk(ast.parse(path.read_text()))
    return tuple(n.attr for n in nodes if isinstance(n, ast.Attribute) and ast.unparse(n.value) == "ops")


def seen_by(checks: Iterable[Check], *, fresh: bool) -> str:
    """The first check that does not pass, with the output; empty if all pass.

    Args:
        fresh: the truth is computed again, since it may be faulty too.
    """
    from parity import judge, load
    from parity.judging.verdict import PASSING

    tasks = {}
    for check in checks:
        way = dataclasses.asdict(check)
        name, framework = way.pop("task"), way.pop("framework")
        if name not in tasks:  # a task is equal only to itself, and its truth is kept by task
            tasks[name] = dataclasses.replace(load(name)) if fresh else load(name)
        try:
            rows = judge(tasks[name], framework, **way)
        except Exception as error:
            return f"{check}: {type(error).__name__}"
        bad = next((row for row in rows if row.verdict not in PASSING), None)
        if bad is not None:
            units = f", {bad.units:.3g} noise units" if bad.units is not None and math.isfinite(bad.units) else ""
            return f"{' '.join(map(str, dataclasses.astuple(check)))}: {bad.output} {bad.verdict}{units}"
    return ""


def forget(file: str) -> None:
    """Let the next import read the file again, and with it what may hold something of it."""
    module = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    whole = module.split(".")[0] if "/ops/" in file or file.endswith("__init__.py") else module
    for name in [name for name in sys.modules if name == whole or name.startswith(f"{whole}.")]:
        del sys.modules[name]
    importlib.invalidate_caches()
