"""Runs asv: with its configuration, changed where a run differs, and with what it says shown as it comes."""

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

from benchmarks.revisions import ROOT
from parity.frameworks.runtime import INSTALL, Unavailable

CONFIG, VERSIONS = ROOT / "asv.conf.json", ROOT / "asv.versions.conf.json"
VERSION_OF = {"numpy": "numpy", "torch": "PARITY_TORCH", "tf": "tensorflow-cpu"}  # names a framework in VERSIONS
PACKAGES_OF = {  # of each one of its names is here
    "numpy": (("numpy",),), "torch": (("torch",),), "tf": (("tensorflow-cpu", "tensorflow"), ("keras",)),
}  # fmt: skip
SUITE = Path("benchmarks") / "loops"
INSTALLER = Path(__file__).parent / "install.py"
ASV_DIR = ROOT / ".asv"


@dataclass(frozen=True)
class AsvRun:
    """What a run of asv said, and its exit code."""

    code: int
    output: str


def asv(config: Path, *args: str) -> AsvRun:
    """Run asv with this configuration; what it says is shown as it comes."""
    # The constraints are of this environment's frameworks, not of other versions of them.
    environment = {name: value for name, value in os.environ.items() if name != "PIP_CONSTRAINT"}
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
    """What asv knows of this machine; where it knows nothing yet it takes what it finds, and asks nobody."""
    with contextlib.redirect_stdout(io.StringIO()):  # it announces questions all the same
        return Machine.load(interactive=True, use_defaults=True)


def config_file(config: Path, folder: Path, **changed: Any) -> Path:
    """A configuration with what is changed, as a file in this folder; its paths are absolute."""
    paths = {"repo": ROOT, "benchmark_dir": ROOT / SUITE, "html_dir": ASV_DIR / "html", "env_dir": ASV_DIR / "env"}
    absolute = {name: str(path) for name, path in paths.items()}
    path = folder / config.name
    path.write_text(json.dumps({**json.loads(config.read_text()), **absolute, **changed}))
    return path


def environments(framework: str) -> list[dict[str, Any]]:
    """The environments of `VERSIONS` that hold a version of this framework."""
    every: list[dict[str, Any]] = json.loads(VERSIONS.read_text())["include"]
    return [one for one in every if VERSION_OF[framework] in {**one.get("req", {}), **one.get("env", {})}]


def installed(framework: str) -> dict[str, list[str]]:
    """The framework's packages and their versions here, as a matrix of asv's.

    Raises:
        Unavailable: it is not installed.
    """
    found = {}
    for called in PACKAGES_OF[framework]:
        here = [name for name in called if _is_here(name)]
        if not here:
            raise Unavailable(f"{framework} is not installed: {INSTALL[framework]}")
        found[here[0]] = [version(here[0])]
    return found


def _is_here(package: str) -> bool:
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False
