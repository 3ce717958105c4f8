"""The machine and the libraries, on which every reported number depends."""

import gc
import hashlib
import importlib.util
import os
import platform
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from parity.frameworks.runtime import INSTALL, PACKAGES, REQUIRES, runtime
from parity.task import FRAMEWORKS

DISTRIBUTIONS = {"numpy": ("numpy",), "torch": ("torch",), "tf": ("tensorflow", "tensorflow-cpu", "keras")}


@dataclass(frozen=True, kw_only=True)
class FrameworkInfo:
    """What one framework offers here; `missing` gives the reason if it is unavailable, and the remedy."""

    devices: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    missing: str = ""


def framework_info(framework: str) -> FrameworkInfo:
    """What the framework offers; this imports the framework into the current process."""
    gc.disable()  # an import leaves no garbage: the search for it takes a fifth of TensorFlow's
    try:
        package = runtime(framework)
    finally:
        gc.enable()
    gc.freeze()  # and what it made stays
    with package.policy("cpu", "float32"):  # the settings during a run
        settings = package.settings()
    return FrameworkInfo(
        devices=tuple(package.devices()), modes=package.MODES, versions=package.versions(), settings=settings
    )


def installed() -> dict[str, str]:
    """Each framework's packages with their versions, or the command that installs it; nothing is imported."""
    found = {}
    for framework, packages in DISTRIBUTIONS.items():
        versions = [f"{name} {version(name)}" for name in packages if _is_installed(name)]
        missing = f"missing: {INSTALL[framework]}"
        found[framework] = ", ".join(versions) if importlib.util.find_spec(REQUIRES[framework]) else missing
    return found


def environment(found: dict[str, FrameworkInfo]) -> dict[str, Any]:
    """The machine, the numerical libraries and the frameworks, as plain data for a report."""
    return {
        "parity": parity_version(),
        "sources": sources(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": cpu(),
        "cores": os.cpu_count(),
        "numpy": np.__version__,
        "blas": sorted({f"{lib['internal_api']} {lib['version']}" for lib in threadpool_info()}),
        "truth": {
            "float32": "float64",
            "float64": f"longdouble, {np.finfo(np.longdouble).nmant} bits"
            if wider_is_wider()
            else "float64 itself: this platform's longdouble is no wider",
        },
        "frameworks": {framework: asdict(found[framework]) for framework in FRAMEWORKS if framework in found},
    }


def wider_is_wider() -> bool:
    """Whether this platform's longdouble, the type of float64's truth, is wider than float64."""
    return bool(np.finfo(np.longdouble).eps < np.finfo(np.float64).eps)


def cpu() -> str:
    """The processor's name."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def sources() -> str:
    """A digest of the files that determine the numbers; a verdict from other files does not apply to these."""
    root, digest = Path(__file__).parents[2], hashlib.sha256()
    for package in ("parity", *PACKAGES.values()):
        for path in sorted((root / package).rglob("*")):
            if path.suffix == ".py" and "tests" not in path.relative_to(root).parts:
                digest.update(f"{path.relative_to(root).as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _is_installed(distribution: str) -> bool:
    try:
        return bool(version(distribution))
    except PackageNotFoundError:
        return False


def parity_version() -> str:
    """The installed version, or "a checkout" if parity is not installed."""
    try:
        return version("parity")
    except PackageNotFoundError:
        return "a checkout"
