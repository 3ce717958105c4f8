"""The dashboard: asv's pages of the results of all machines."""

import itertools
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.history.asv import CONFIG, asv, config_file
from benchmarks.history.keep import locked
from benchmarks.history.suite import current
from parity.task import UsageError


def publish(kept: Path) -> Path:
    """Make the dashboard of all results in this folder's `results`, in its `html`; return the first page.

    Raises:
        UsageError: there are no results, or asv could not make it.
    """
    with tempfile.TemporaryDirectory(dir=kept) as folder, locked(kept / "results"):
        shown = Path(folder) / "results"
        shutil.copytree(kept / "results", shown)
        listed = shown / "benchmarks.json"
        if not listed.exists():
            raise UsageError("asv has measured nothing yet: tox run -e bench -- --quick")
        listed.write_text(json.dumps(measured_only(json.loads(listed.read_text()), shown)))
        paths = {"results_dir": str(shown), "html_dir": str(kept / "html")}
        config = config_file(CONFIG, Path(folder), **paths, branches=["HEAD"])
        done = asv(config, "publish")
        if done.code:
            raise UsageError("the dashboard could not be made:\n" + "\n".join(done.output.splitlines()[-5:]))
    return kept / "html" / "index.html"


def measured_only(benchmarks: dict[str, Any], results: Path) -> dict[str, Any]:
    """The benchmarks and parameters for which some machine has a result; empty graphs would hide the others.

    This checkout's tasks decide their versions and parameters, since the results of an older commit may have come
    last.  asv shows no results of another version of a task.
    """
    listed = {name: about | current(name) for name, about in benchmarks.items() if isinstance(about, dict)}
    seen: dict[str, list[set[str]]] = {name: [set() for _ in about["params"]] for name, about in listed.items()}
    for path in results.glob("*/*.json"):
        for name, row in json.loads(path.read_text()).get("results", {}).items():
            if name in listed and row[0] is not None and row[2] == listed[name]["version"]:
                for value, combination in zip(row[0], itertools.product(*row[1]), strict=True):
                    if value is not None and value == value:  # asv writes NaN if it was not requested
                        for values, parameter in zip(seen[name], combination, strict=True):
                            values.add(parameter)
    shown = {
        name: version for name, version in benchmarks.items() if name not in listed
    }  # the version of the file's format
    for name, about in listed.items():
        params = [[p for p in axis if p in found] for axis, found in zip(about["params"], seen[name], strict=True)]
        if all(params):
            shown[name] = {**about, "params": params}
    return shown
