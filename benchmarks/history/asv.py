"""Runs asv with its configuration, changed where a run needs it; the output is shown as it comes."""

import contextlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from asv.machine import Machine

from benchmarks.history.gate import FOLDER
from benchmarks.revisions import ROOT
from parity.frameworks.runtime import INSTALL, Unavailable

CONFIG, VERSIONS = ROOT / "asv.conf.json", ROOT / "asv.versions.conf.json"
VERSION_OF = {
    "numpy": "numpy",
    "torch": "PARITY_TORCH",
    "tf": "tensorflow-cpu",
}  # the key that each framework has in VERSIONS
PACKAGES_OF = {  # each tuple holds the names of one package, of which one is installed
    "numpy": (("numpy",),), "torch": (("torch",),), "tf": (("tensorflow-cpu", "tensorflow"), ("keras",)),
}  # fmt: skip
SUITE = Path("benchmarks") / "loops"
INSTALLER = Path(__file__).parent / "install.py"
ASV_DIR = ROOT / ".asv"


@dataclass(frozen=True)
class AsvRun:
    """The exit code and the output of a run of asv."""

    code: int
    output: str


def asv(config: Path, *args: str) -> AsvRun:
    """Run asv with this configuration, beside which it keeps its verdicts; its output is shown as it comes."""
    # The constraints fix this environment's versions of the frameworks; asv's environments have others.
    environment = {name: value for name, value in os.environ.items() if name != "PIP_CONSTRAINT"}
    environment[FOLDER] = str(config.parent / "verdicts")
    lines = []
    with subprocess.Popen(
        [sys.executable, "-m", "asv", "--config", str(config), *args], cwd=ROOT, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    return AsvRun(process.returncode, "".join(lines))


def this_machine() -> Machine:
    """What asv knows of this machine; for a new machine asv takes its own defaults and asks no questions."""
    with contextlib.redirect_stdout(io.StringIO()):  # it announces the questions all the same
        return Machine.load(interactive=True, use_defaults=True)


def config_file(config: Path, folder: Path, **changed: Any) -> Path:
    """A changed configuration, as a file in this folder; its paths are absolute."""
    paths = {"repo": ROOT, "benchmark_dir": ROOT / SUITE, "html_dir": ASV_DIR / "html", "env_dir": ASV_DIR / "env"}
    absolute = {name: str(path) for name, path in paths.items()}
    path = folder / config.name
    path.write_text(json.dumps({**json.loads(config.read_text()), **absolute, **changed}))
    return path


def environments(framework: str) -> list[dict[str, Any]]:
    """The environments of `VERSIONS` that hold a version of this framework."""
    every: list[dict[str, Any]] = json.loads(VERSIONS.read_text())["include"]
    return [env for env in every if VERSION_OF[framework] in {**env.get("req", {}), **env.get("env", {})}]


def installed(framework: str) -> dict[str, list[str]]:
    """The framework's installed packages and their versions, as an asv matrix.

    Raises:
        Unavailable: it is not installed.
    """
    matrix = {}
    for alternatives in PACKAGES_OF[framework]:
        present = [name for name in alternatives if _is_here(name)]
        if not present:
            raise Unavailable(f"{framework} is not installed: {INSTALL[framework]}")
        matrix[present[0]] = [version(present[0])]
    return matrix


def _is_here(package: str) -> bool:
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False
