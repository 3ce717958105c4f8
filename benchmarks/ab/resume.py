"""A trial that outlives its process: after a kill, the next one continues it."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.ab.sides import Evidence, Loop, Pair, Trial
from parity.files import WholeFile
from parity.task import UsageError

FORMAT = 1  # of an unfinished trial


class ResumableTrial(Trial):
    """A trial that is saved after every loop, until it is finished; the file is written completely or not at all."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        if path.exists():
            saved = json.loads(path.read_text())
            if saved.get("format") != FORMAT:
                raise UsageError(f"{path} was left by another version of the driver: delete it to begin anew")
            _restore(self.first, saved["first"])
            _restore(self.again, saved["again"])

    def keep(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        kept = {"format": FORMAT, "first": _plain(self.first), "again": _plain(self.again)}
        WholeFile(self._path).write(json.dumps(kept))

    def drop(self) -> None:
        self._path.unlink(missing_ok=True)


def _restore(evidence: Evidence, plain: dict[str, Any]) -> None:
    for name, found in plain["pairs"].items():
        evidence.pairs[Loop(*name.split())] = [Pair(*pair) for pair in found]
    for name, reason in plain["failed"].items():
        evidence.failed[Loop(*name.split())] = reason


def _plain(evidence: Evidence) -> dict[str, Any]:
    pairs = {str(loop): [list(asdict(pair).values()) for pair in found] for loop, found in evidence.pairs.items()}
    return {"pairs": pairs, "failed": {str(loop): reason for loop, reason in evidence.failed.items()}}
