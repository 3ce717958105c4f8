"""The dashboard: asv's pages of what has been measured, on all machines."""

import itertools
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.asv_command import CONFIG, asv, configured
from benchmarks.results import locked
from benchmarks.suite import versions
from parity.task import UsageError


def publish(kept: Path) -> Path:
    """Make the dashboard of all that is in `results` of this folder, in its `html`; the first page.

    Raises:
        UsageError: asv could not make it.
    """
    with tempfile.TemporaryDirectory(dir=kept) as folder, locked(kept / "results"):
        shown = Path(folder) / "results"
        shutil.copytree(kept / "results", shown)
        benchmarks = json.loads((shown / "benchmarks.json").read_text())
        (shown / "benchmarks.json").write_text(json.dumps(measured_only(benchmarks, shown)))
        paths = {"results_dir": str(shown), "html_dir": str(kept / "html")}
        config = configured(CONFIG, Path(folder), **paths, branches=["HEAD"])
        said = asv(config, "publish")
        if said.code:
            raise UsageError("the dashboard could not be made:\n" + "\n".join(said.output.splitlines()[-5:]))
    return kept / "html" / "index.html"


def measured_only(benchmarks: dict[str, Any], results: Path) -> dict[str, Any]:
    """The benchmarks and parameters of which some machine has a result; empty graphs would hide the others.

    Their versions are those of this checkout's tasks: asv shows no results of another version, and the results of an
    older commit may have come last.
    """
    current = versions()
    seen: dict[str, list[set[str]]] = {}
    for path in results.glob("*/*.json"):
        for name, row in json.loads(path.read_text()).get("results", {}).items():
            values, params = row[0], row[1]
            if values is None:  # all of them failed
                continue
            for value, combination in zip(values, itertools.product(*params), strict=True):
                if value is not None and value == value:  # asv writes NaN for what was not asked for
                    for kept, one in zip(seen.setdefault(name, [set() for _ in params]), combination, strict=True):
                        kept.add(one)
    shown = {}
    for name, benchmark in benchmarks.items():
        if name in seen:
            axes = zip(benchmark["params"], seen[name], strict=True)
            params = [[p for p in axis if p in found] for axis, found in axes]
            version = current.get(name.rpartition(".")[0], benchmark["version"])
            shown[name] = {**benchmark, "params": params, "version": version}
        elif not isinstance(benchmark, dict):
            shown[name] = benchmark  # the version of the file's format
    return shown
